"""Who a person is at a moment, and for whom they may act."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import people
from engine.tables import unit
from engine.tables import user_task
from tests.engine.conftest import MONDAY
from tests.engine.conftest import THREE
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import task

DAY = timedelta(days=1)


def stand_in(office: Office, principal: str, substitute: str, **scope: object) -> None:
    """Let one stand in for another from Monday for three days."""
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            principal,
            substitute,
            starts_at=MONDAY,
            ends_at=MONDAY + 3 * DAY,
            reason="出差",
            **scope,
        )


def test_groups_are_roles_and_roles_in_units(office: Office) -> None:
    """A post outside its interval gives nothing."""
    with office.engine.begin() as work:
        connection = work.connection
        people.add_unit(connection, "zjj", "住房和城乡建设局", short_name="住建局")
        people.add_post(
            connection, "officer", "unit_handler", unit_code="zjj", starts_at=MONDAY
        )
        people.add_post(
            connection,
            "officer",
            "archivist",
            starts_at=MONDAY - DAY,
            ends_at=MONDAY,
        )
    with office.engine.read() as connection:
        found = people.identity(connection, "officer", MONDAY)

    assert {"officer", "unit_handler.zjj"} == found.groups
    assert ({"officer", "unit_handler"}, {"zjj"}) == (found.roles, found.units)
    assert "王专员" == found.name


def test_an_inactive_or_unknown_person_is_nobody(office: Office) -> None:
    """There is no identity without an active account."""
    with office.engine.read() as connection, pytest.raises(people.NoSuchPerson):
        people.identity(connection, "nobody", MONDAY)


def test_a_substitute_completes_for_the_principal_within_the_interval(
    office: Office,
) -> None:
    """The record names both; before and after the interval it is refused."""
    office.deploy(THREE)
    for _ in range(2):
        office.start("three")
        office.complete("拟办")
        office.complete("审核")
    stand_in(office, "director", "deputy")
    first, second = open_of(office, "签发")
    with office.engine.begin() as work:
        work.complete_task(first, "deputy", {})
    office.clock.advance(3 * DAY)
    with pytest.raises(errors.Forbidden), office.engine.begin() as work:
        work.complete_task(second, "deputy", {})

    assert ("deputy", "director") == closed(office, first)


def open_of(office: Office, name: str) -> list[str]:
    """Return the ids of the open tasks of a name."""
    rows = office.rows(
        sa.select(user_task.c.id)
        .where(user_task.c.name == name, user_task.c.closed_at.is_(None))
        .order_by(user_task.c.id)
    )
    return [str(row.id) for row in rows]


def closed(office: Office, task_id: str) -> tuple[str, str]:
    """Return who closed a task and for whom."""
    columns = sa.select(user_task.c.closed_by, user_task.c.on_behalf_of)
    (row,) = office.rows(columns.where(user_task.c.id == task_id))
    return row.closed_by, row.on_behalf_of


APPROVAL = (
    '<userTask id="approve" name="审定" camunda:candidateGroups="director">'
    '<extensionElements><camunda:properties><camunda:property name="approval"'
    ' value="true"/></camunda:properties></extensionElements></userTask>'
)


def test_who_has_acted_in_a_matter_may_not_approve_it_for_another(
    office: Office,
) -> None:
    """S13: 已审者不得再审; somebody else may."""
    office.deploy(line("approval", task("review", "审核", "deputy"), APPROVAL))
    stand_in(office, "director", "deputy")
    stand_in(office, "director", "officer")
    office.start("approval")
    office.complete("审核", "deputy")
    before = office.dump()
    with pytest.raises(errors.Forbidden, match="不能再代他人审批"):
        office.complete("审定", "deputy")
    assert before == office.dump()
    task_id = office.open_task("审定")
    office.complete("审定", "officer")

    assert ("officer", "director") == closed(office, task_id)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ({"roles": ["director"]}, True),
        ({"roles": ["mayor"]}, False),
        ({"procedures": ["three"]}, True),
        ({"procedures": ["other"]}, False),
    ],
)
def test_a_substitution_reaches_as_far_as_its_scope(
    office: Office, scope: dict[str, object], allowed: bool
) -> None:
    """By role and by procedure."""
    office.deploy(THREE)
    stand_in(office, "director", "deputy", **scope)
    office.start("three")
    office.complete("拟办")
    office.complete("审核")
    if allowed:
        office.complete("签发", "deputy")
    else:
        with pytest.raises(errors.Forbidden):
            office.complete("签发", "deputy")

    assert ([] if allowed else ["签发"]) == office.waiting()


def test_a_claimed_task_is_not_another_candidates(office: Office) -> None:
    """Who claims it may release it; others hear who has it."""
    office.deploy(THREE)
    office.start("three")
    office.complete("拟办")
    task_id = office.open_task("审核")
    with office.engine.begin() as work:
        work.claim_task(task_id, "deputy")
    with pytest.raises(errors.Conflict, match="已由 张副主任 领取"):
        office.complete("审核", "officer")
    with pytest.raises(errors.Forbidden), office.engine.begin() as work:
        work.release_task(task_id, "officer")
    with office.engine.begin() as work:
        work.release_task(task_id, "deputy")
    office.complete("审核", "officer")

    assert ["签发"] == office.waiting()


def test_nobody_stands_in_for_themselves_nor_in_a_circle(office: Office) -> None:
    """A→B→C→A is refused as A→B→A is; a turn round elapsed time is not."""
    stand_in(office, "director", "deputy")
    stand_in(office, "deputy", "officer")
    with pytest.raises(errors.Invalid):
        stand_in(office, "officer", "officer")
    with pytest.raises(people.SubstitutionCycle):
        stand_in(office, "officer", "director")
    with pytest.raises(errors.Invalid, match="不符合"):
        stand_in(office, "director", "deputy")
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            "officer",
            "director",
            starts_at=MONDAY + 3 * DAY,
            ends_at=MONDAY + 4 * DAY,
            reason="休假",
        )


def test_an_interval_that_ends_before_it_starts_is_refused(office: Office) -> None:
    """For posts, substitutions and absences."""
    with pytest.raises(people.BadInterval), office.engine.begin() as work:
        people.add_absence(
            work.connection,
            "officer",
            starts_at=MONDAY,
            ends_at=MONDAY,
            reason="病假",
        )


def test_a_group_is_on_duty_while_a_holder_or_substitute_is_there(
    office: Office,
) -> None:
    """A and B both away: nobody is on duty."""

    def on_duty() -> bool:
        with office.engine.read() as connection:
            return people.on_duty(connection, "director", MONDAY)

    def leave(person: str) -> None:
        with office.engine.begin() as work:
            people.add_absence(
                work.connection,
                person,
                starts_at=MONDAY,
                ends_at=MONDAY + DAY,
                reason="出差",
            )

    seen = [on_duty()]
    leave("director")
    seen.append(on_duty())
    stand_in(office, "director", "deputy")
    seen.append(on_duty())
    leave("deputy")
    seen.append(on_duty())

    assert [True, False, True, False] == seen


def test_units_form_a_tree_with_levels(office: Office) -> None:
    """A unit is below the one it names; an unknown one is refused."""
    with office.engine.begin() as work:
        people.add_unit(work.connection, "county", "县政府")
        people.add_unit(work.connection, "zjj", "住建局", parent="county")
        with pytest.raises(errors.Invalid):
            people.add_unit(work.connection, "x", "某局", parent="nowhere")
        with pytest.raises(errors.Invalid):
            people.add_unit(work.connection, "zjj", "又一个住建局")
    rows = office.rows(sa.select(unit.c.code, unit.c.level).order_by(unit.c.code))

    assert [("county", 0), ("zjj", 1)] == [tuple(row) for row in rows]
