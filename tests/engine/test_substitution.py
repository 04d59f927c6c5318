"""A substitute at work: both see it, the record says for whom (AB角)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import people
from engine import queries
from engine import tables
from engine import user_tasks
from tests.engine.conftest import MONDAY
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import line
from tests.engine.conftest import task
from tests.engine.operations import events
from tests.engine.operations import holders

SIGNED = line(
    "signed", task("draft", "起草", "officer"), task("sign", "签发", "director")
)
APPROVED = line(
    "approved",
    task("draft", "起草", "officer"),
    '<userTask id="approve" name="审定" camunda:candidateGroups="director">'
    '<extensionElements><camunda:properties><camunda:property name="approval"'
    ' value="true"/></camunda:properties></extensionElements></userTask>',
)


def stand_in(office: Office, principal: str, substitute: str) -> None:
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            principal,
            substitute,
            starts_at=MONDAY,
            ends_at=MONDAY + timedelta(days=1),
            reason="出差",
        )


def listed(office: Office, person: str) -> list[tuple[str, str | None]]:
    """Return name and principal of the tasks that a person sees."""
    with office.engine.read() as connection:
        identity = people.identity(connection, person, office.clock.now())
        rows = queries.tasks_for(connection, identity)
    return [(row.name, row.on_behalf_of) for row in rows]


def test_both_see_the_task_before_and_after_it_is_claimed(office: Office) -> None:
    """Who claims it for another does not take it away from them."""
    office.deploy(SIGNED)
    instance_id = office.start("signed")
    office.complete("起草")
    stand_in(office, "director", "deputy")
    both = ([("签发", None)], [("签发", "director")])
    assert both == (listed(office, "director"), listed(office, "deputy"))
    task_id = office.open_task("签发")
    with office.engine.begin() as work:
        work.claim_task(task_id, "deputy")
    assert both == (listed(office, "director"), listed(office, "deputy"))
    assert ["director"] == holders(office, "签发")
    with office.engine.begin() as work:
        work.release_task(task_id, "deputy")
    assert [None] == holders(office, "签发")

    assert [("deputy", "director"), ("deputy", "director")] == [
        (e["person"], e["on_behalf_of"])
        for e in events(office, instance_id, "task_claimed", "task_released")
    ]


def test_the_record_says_for_whom(office: Office) -> None:
    """Completed, returned, transferred, withdrawn: each by one for the other."""
    office.deploy(SIGNED)
    instance_id = office.start("signed")
    office.complete("起草")
    stand_in(office, "director", "deputy")
    with office.engine.begin() as work:
        work.return_task(office.open_task("签发"), "deputy", "不全", straight=True)
    office.complete("起草")
    assert ["director"] == holders(office, "签发")
    office.complete("签发", "deputy")

    assert [
        ("task_returned", "deputy", "director"),
        ("task_completed", "deputy", "director"),
    ] == [
        (e["type"], e["person"], e["on_behalf_of"])
        for e in events(office, instance_id, "task_returned", "task_completed")
        if e["person"] == "deputy"
    ]


def test_after_the_interval_the_substitute_has_no_right(office: Office) -> None:
    """Neither sees it nor may touch it; the principal has what was claimed."""
    office.deploy(SIGNED)
    office.start("signed")
    office.complete("起草")
    stand_in(office, "director", "deputy")
    task_id = office.open_task("签发")
    with office.engine.begin() as work:
        work.claim_task(task_id, "deputy")
    office.later(days=1)
    assert [] == listed(office, "deputy")
    for refused in ("complete_task", "release_task"):
        with pytest.raises(errors.Forbidden), office.engine.begin() as work:
            getattr(work, refused)(task_id, "deputy")
    office.complete("签发", "director")

    assert [] == office.waiting()


def test_the_substitute_of_a_substitute_has_no_right(office: Office) -> None:
    """Who stands in for the deputy does not stand in for the director."""
    office.deploy(SIGNED)
    office.start("signed")
    stand_in(office, "director", "deputy")
    stand_in(office, "deputy", "officer")
    office.complete("起草")

    with pytest.raises(errors.Forbidden):
        office.complete("签发", "officer")


def test_nobody_approves_through_a_substitute_what_is_their_own(
    office: Office,
) -> None:
    """What the deputy drafted for the officer is the officer's own draft."""
    office.deploy(APPROVED)
    stand_in(office, "officer", "deputy")
    office.start("approved")
    office.complete("起草", "deputy")
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            "director",
            "officer",
            starts_at=MONDAY + timedelta(days=1),
            ends_at=MONDAY + timedelta(days=2),
            reason="出差",
        )
    office.later(days=1)
    task_id = office.open_task("审定")
    for act in (
        lambda work: work.complete_task(task_id, "officer"),
        lambda work: work.claim_task(task_id, "officer"),
        lambda work: work.transfer_task(task_id, "officer", "officer", "代办"),
        lambda work: work.return_task(task_id, "officer", "不全"),
    ):
        with pytest.raises(user_tasks.SelfApproval), office.engine.begin() as work:
            act(work)
    office.complete("审定", "director")

    assert [] == office.waiting()


def test_two_added_at_once_do_not_close_a_circle(office: Office, race: Race) -> None:
    """One of them is refused."""

    def add(principal: str, substitute: str) -> None:
        stand_in(office, principal, substitute)

    results = race(
        [lambda: add("director", "deputy"), lambda: add("deputy", "director")]
    )

    assert 1 == sum(isinstance(r, people.SubstitutionCycle) for r in results)
    rows = office.rows(sa.select(tables.substitution.c.principal))
    assert 1 == len(rows)
