"""Co-signers of a running multi-instance: one more, one less (加签, 减签)."""

from engine import history
from engine import instances
from engine import transactions
from engine.bpmn import values
from engine.bpmn.game import rounds
from engine.bpmn.game import tokens


def add(
    work: transactions.Transaction,
    instance_id: str,
    element_id: str,
    value: object,
    *,
    person: str | None,
    beside: str | None,
) -> tuple[str, ...]:
    """Add a round whose element variable is `value`; return the user tasks opened."""
    values.require_json({"value": value}, place="加签")
    instance = instances.load(work, instance_id)
    body = rounds.body(instance.game, element_id, beside)

    def motion(game: tokens.Game) -> None:
        rounds.add(game, body, value)

    event = history.Event(
        "cosigner_added", element_id, person=person, details={"value": value}
    )
    return instances.move(
        work, instance, transactions.Act(person=person), event, motion
    )


def remove(
    work: transactions.Transaction,
    instance_id: str,
    element_id: str,
    value: object,
    *,
    person: str | None,
    beside: str | None,
) -> None:
    """Remove the round of `value` that is open or still to come."""
    instance = instances.load(work, instance_id)
    body = rounds.body(instance.game, element_id, beside)

    def motion(game: tokens.Game) -> None:
        rounds.remove(game, body, value)

    event = history.Event(
        "cosigner_removed", element_id, person=person, details={"value": value}
    )
    instances.move(work, instance, transactions.Act(person=person), event, motion)
