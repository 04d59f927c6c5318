"""Co-signers added and removed while a multi-instance runs (加签, 减签)."""

import pytest

from engine.bpmn.game import rounds
from tests.engine.bpmn.game_stories import Story


def loop(sequential: bool = False, condition: str = "") -> str:
    """Return begin → one round of `sign` for each of `people` → after → stop."""
    enough = f"<completionCondition>{condition}</completionCondition>"
    return (
        '<startEvent id="begin"/><endEvent id="stop"/><userTask id="after"/>'
        '<userTask id="sign" camunda:assignee="${signer}">'
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"'
        ' camunda:collection="people" camunda:elementVariable="signer">'
        f"{enough if condition else ''}</multiInstanceLoopCharacteristics></userTask>"
        '<sequenceFlow id="f1" sourceRef="begin" targetRef="sign"/>'
        '<sequenceFlow id="f2" sourceRef="sign" targetRef="after"/>'
        '<sequenceFlow id="f3" sourceRef="after" targetRef="stop"/>'
    )


class Signing(Story):
    """A story of co-signers, by name."""

    @property
    def signers(self) -> list[str]:
        """Who is to sign now, in the order opened."""
        return [
            str(self.game.variables_at(wait_id)["signer"])
            for wait_id, wait in self.game.waits.items()
            if wait == ("user_task", "sign")
        ]

    @property
    def counters(self) -> tuple[object, ...]:
        """nrOfInstances, nrOfActiveInstances, nrOfCompletedInstances."""
        data = rounds.body(self.game, "sign").data
        names = ("nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances")
        return tuple(data[name] for name in names)

    def signs(self, signer: str) -> None:
        wait_id = next(
            wait_id
            for wait_id, wait in self.game.waits.items()
            if wait == ("user_task", "sign")
            and self.game.variables_at(wait_id)["signer"] == signer
        )
        self.game.complete(wait_id, {})
        self._turn(self.game)

    def adds(self, signer: str) -> None:
        rounds.add(self.game, rounds.body(self.game, "sign"), signer)
        self._turn(self.game)

    def removes(self, signer: str) -> None:
        rounds.remove(self.game, rounds.body(self.game, "sign"), signer)
        self._turn(self.game)


def test_a_parallel_co_signer_is_added_and_counted() -> None:
    """The activity waits for the added round as for the others."""
    story = Signing(loop(), people=["a", "b"])
    story.adds("c")

    assert ["a", "b", "c"] == story.signers
    assert (3, 3, 0) == story.counters
    story.signs("a")
    story.signs("b")
    assert (3, 1, 2) == story.counters
    story.signs("c")
    assert ["after"] == story.tasks


def test_a_parallel_co_signer_is_removed_and_counted() -> None:
    """The round's task is cancelled; those who signed keep their signatures."""
    story = Signing(loop(), people=["a", "b", "c"])
    story.signs("a")
    story.removes("b")

    assert ["c"] == story.signers
    assert (2, 1, 1) == story.counters
    assert ["sign"] == story.cancelled
    story.adds("d")
    assert (3, 2, 1) == story.counters
    assert [2, 3] == [
        story.game.variables_at(wait)["loopCounter"] for wait in story.game.waits
    ]


def test_removing_the_last_open_co_signer_finishes_the_activity() -> None:
    """All that were still wanted have signed."""
    story = Signing(loop(), people=["a", "b"])
    story.signs("a")
    story.removes("b")

    assert ["after"] == story.tasks


def test_the_completion_condition_is_asked_again_after_a_removal() -> None:
    """Half of four is two; half of three is reached by two."""
    half = "${nrOfCompletedInstances / nrOfInstances > 0.5}"
    story = Signing(loop(condition=half), people=["a", "b", "c", "d"])
    story.signs("a")
    story.signs("b")
    assert ["c", "d"] == story.signers
    story.removes("d")

    assert ["after"] == story.tasks


def test_a_sequential_co_signer_comes_last() -> None:
    """Only one signs at a time, in the order of the list."""
    story = Signing(loop(sequential=True), people=["a", "b"])
    story.adds("c")
    assert ["a"] == story.signers
    assert (3, 1, 0) == story.counters

    for signer in ("a", "b", "c"):
        story.signs(signer)
    assert ["after"] == story.tasks


def test_a_sequential_co_signer_still_to_come_is_struck_off() -> None:
    """The open round is not touched."""
    story = Signing(loop(sequential=True), people=["a", "b", "c"])
    story.removes("b")
    assert ["a"] == story.signers
    assert [] == story.cancelled

    story.signs("a")
    assert ["c"] == story.signers
    story.signs("c")
    assert ["after"] == story.tasks


def test_the_next_takes_the_place_of_the_sequential_co_signer_who_goes() -> None:
    """The list closes ranks; removing the last one finishes."""
    story = Signing(loop(sequential=True), people=["a", "b", "c"])
    story.signs("a")
    story.removes("b")
    assert ["c"] == story.signers
    assert (2, 1, 1) == story.counters
    story.removes("c")

    assert ["after"] == story.tasks


@pytest.mark.parametrize("sequential", [False, True])
def test_co_signers_are_refused_with_a_reason(sequential: bool) -> None:
    """Nobody twice, nobody who is not there, never nobody at all."""
    story = Signing(loop(sequential), people=["a", "b"])
    with pytest.raises(rounds.CannotCosign, match="“a”已经在会签之列"):
        story.adds("a")
    with pytest.raises(rounds.CannotCosign, match="“x”不在会签之列"):
        story.removes("x")
    story.removes("b")
    with pytest.raises(rounds.CannotCosign, match="不能减去最后一人"):
        story.removes("a")
    story.signs("a")
    with pytest.raises(rounds.CannotCosign, match="“sign” 现在没有在会签"):
        story.adds("c")
    with pytest.raises(rounds.CannotCosign, match="“after” 不是按名单会签的环节"):
        rounds.body(story.game, "after")


def test_a_co_signer_who_signed_may_be_asked_again() -> None:
    """What is over does not stand in the way of a second signature."""
    story = Signing(loop(), people=["a", "b"])
    story.signs("a")
    story.adds("a")

    assert ["b", "a"] == story.signers
