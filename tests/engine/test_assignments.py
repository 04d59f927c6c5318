"""Tasks assigned, delegated and answered, transferred (指派, 委托, 答复, 转办)."""

from datetime import timedelta

import pytest

from engine import assignments
from engine import errors
from engine import people
from engine import user_tasks
from tests.engine.conftest import MONDAY
from tests.engine.conftest import THREE
from tests.engine.conftest import Office
from tests.engine.operations import FORK
from tests.engine.operations import INSIDE
from tests.engine.operations import UNITS
from tests.engine.operations import events
from tests.engine.operations import holders
from tests.engine.operations import signing
from tests.engine.operations import task_of


def told(office: Office, instance_id: str, type_: str) -> dict[str, object]:
    (event,) = events(office, instance_id, type_)
    return event


def test_an_assigned_task_is_its_assignees_alone(office: Office) -> None:
    """Even of somebody outside the group; who has it can be changed again."""
    office.deploy(THREE)
    instance_id = office.start("three")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        work.assign_task(task_id, "deputy", "director")
        with pytest.raises(user_tasks.Claimed, match="已由 张副主任 领取"):
            work.complete_task(task_id, "officer")
        with pytest.raises(errors.Refused, match="已经在此人手中"):
            work.assign_task(task_id, "deputy", "director")
        with pytest.raises(errors.Invalid) as refused:
            work.assign_task(task_id, "nobody", "director")
        work.complete_task(task_id, "deputy")

    assert {"to": ["没有账号 nobody，或已停用。"]} == refused.value.fields
    assert {
        "type": "task_assigned",
        "person": "director",
        "on_behalf_of": None,
        "details": {"to": "deputy"},
    } == told(office, instance_id, "task_assigned")


def test_a_task_is_transferred_by_who_may_complete_it(office: Office) -> None:
    """For good, with a reason; others may not."""
    office.deploy(THREE)
    instance_id = office.start("three")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        with pytest.raises(user_tasks.NotACandidate):
            work.transfer_task(task_id, "director", "director", "代办")
        with pytest.raises(errors.Invalid, match="请写明转办"):
            work.transfer_task(task_id, "deputy", "officer", "")
        work.transfer_task(task_id, "deputy", "officer", "出差")
        with pytest.raises(user_tasks.Claimed):
            work.transfer_task(task_id, "director", "officer", "再转")

    assert ["deputy"] == holders(office, "拟办")
    assert {"to": "deputy", "reason": "出差"} == told(
        office, instance_id, "task_transferred"
    )["details"]
    office.complete("拟办", "deputy")


def test_a_delegated_task_waits_for_its_answer(office: Office) -> None:
    """The delegate answers, the holder completes; nobody else, nothing sooner."""
    office.deploy(THREE)
    instance_id = office.start("three")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        with pytest.raises(assignments.NotDelegated):
            work.resolve_task(task_id, "officer", "同意")
        with pytest.raises(errors.Invalid):
            work.delegate_task(task_id, "officer", "officer", "如何办理？")
        work.delegate_task(task_id, "deputy", "officer", "如何办理？")
    with office.engine.begin() as work:
        for person in ("deputy", "officer"):
            with pytest.raises(errors.Refused):
                work.complete_task(task_id, person)
        with pytest.raises(user_tasks.Delegated):
            work.complete_task(task_id, "deputy")
        with pytest.raises(user_tasks.Delegated):
            work.release_task(task_id, "deputy")
        with pytest.raises(user_tasks.Delegated):
            work.assign_task(task_id, "director", "director")
        with pytest.raises(user_tasks.NotACandidate):
            work.resolve_task(task_id, "director", "同意")
        work.resolve_task(task_id, "deputy", "由公安局承办")

    assert ["officer"] == holders(office, "拟办")
    assert {"to": "officer", "answer": "由公安局承办"} == told(
        office, instance_id, "task_resolved"
    )["details"]
    assert (
        "如何办理？"
        == told(office, instance_id, "task_delegated")["details"]["question"]
    )
    office.complete("拟办")
    assert ["审核"] == office.waiting()


def test_the_holder_takes_a_delegated_task_back(office: Office) -> None:
    """When no answer comes."""
    office.deploy(THREE)
    office.start("three")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        work.delegate_task(task_id, "deputy", "officer", "如何办理？")
        work.resolve_task(task_id, "officer", "收回")
        work.complete_task(task_id, "officer")

    assert ["审核"] == office.waiting()


def test_a_substitute_delegates_for_the_principal(office: Office) -> None:
    """It is the principal's task, and comes back to the principal (代某某)."""
    office.deploy(THREE)
    instance_id = office.start("three")
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            "officer",
            "director",
            starts_at=MONDAY,
            ends_at=MONDAY + timedelta(days=1),
            reason="出差",
        )
        task_id = office.open_task("拟办")
        work.delegate_task(task_id, "deputy", "director", "如何办理？")
        work.resolve_task(task_id, "deputy", "同意")

    assert ["officer"] == holders(office, "拟办")
    told_ = told(office, instance_id, "task_delegated")
    assert ("director", "officer") == (told_["person"], told_["on_behalf_of"])


@pytest.mark.parametrize(
    ("diagrams", "key", "given", "before", "name", "others"),
    [
        ((FORK,), "fork", {}, ["起草"], "会办甲", ["会办丙"]),
        ((INSIDE,), "inside", {}, ["拟办"], "初核", []),
        (UNITS, "units", {"units": ["公安局"]}, ["拟办"], "承办", []),
    ],
    ids=["parallel branch", "sub-process", "called instance"],
)
def test_a_task_changes_hands_wherever_it_stands(
    office: Office,
    diagrams: tuple[str, ...],
    key: str,
    given: dict[str, object],
    before: list[str],
    name: str,
    others: list[str],
) -> None:
    """Assigned, delegated, answered, transferred, released, claimed, completed."""
    office.deploy(*diagrams)
    office.start(key, **given)
    for earlier in before:
        office.complete(earlier)
    task_id = office.open_task(name)
    with office.engine.begin() as work:
        work.assign_task(task_id, "officer", None)
        work.delegate_task(task_id, "deputy", "officer", "如何办理？")
        work.resolve_task(task_id, "deputy", "同意")
        work.transfer_task(task_id, "deputy", "officer", "出差")
        work.release_task(task_id, "deputy")
        work.claim_task(task_id, "officer")

    assert ["officer"] == holders(office, name)
    assert sorted([name, *others]) == office.waiting()
    office.complete(name)
    assert name not in office.waiting()


def test_one_round_of_a_signing_changes_hands(office: Office) -> None:
    """The other co-signers keep theirs."""
    office.deploy(signing())
    office.start("signing", signers=["deputy", "director"])
    office.complete("拟办")
    task_id = task_of(office, "会签", "deputy")
    with office.engine.begin() as work:
        work.transfer_task(task_id, "officer", "deputy", "出差")
        with pytest.raises(errors.Refused, match="没有其他候选人"):
            work.release_task(task_id, "officer")
        work.complete_task(task_id, "officer")

    assert ["director"] == holders(office, "会签")


def test_the_dry_run_of_an_assignment_names_both_holders(office: Office) -> None:
    """Before and after; nothing ends, nothing opens."""
    office.deploy(THREE)
    instance_id = office.start("three")
    task_id = office.open_task("拟办")
    before = office.dump()
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id, lambda: work.assign_task(task_id, "deputy", None)
        )

    assert before == office.dump()
    assert [(None, "deputy")] == [
        (a.assignee, b.assignee) for a, b in seen.changed_tasks
    ]
    assert ((), ()) == (seen.ends.user_tasks, seen.opens.user_tasks)
