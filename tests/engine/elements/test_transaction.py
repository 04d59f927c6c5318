"""Transactions: a cancel end event goes to the cancel boundary event."""

from tests.engine.elements.diagrams import play


def test_a_transaction_that_succeeds_goes_on() -> None:
    story = play("transaction/paid", ok=True)

    story.completes("decide")
    assert ["ask"] == story.waiting
    story.returns("ask")
    assert ["after"] == story.tasks


def test_a_cancelled_transaction_gives_up_what_is_open_in_it() -> None:
    story = play("transaction/paid", ok=False)

    story.completes("decide")
    assert (["refund"], ["ask"]) == (story.waiting, story.cancelled)


def test_a_cancelled_round_cancels_the_transactions_of_all() -> None:
    story = play("transaction/paid_each", ok=False, units=["a", "b", "c"])

    story.completes("decide")
    assert (["refund"], ["decide", "decide"]) == (story.waiting, story.cancelled)
