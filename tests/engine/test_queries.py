"""What people see: their tasks in order, the timeline, the diagram, who is next."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import database
from engine import errors
from engine import people
from engine import queries
from engine import tables
from engine import user_tasks
from tests.engine.conftest import MONDAY
from tests.engine.conftest import THREE
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import task

DATED = line(
    "dated", task("handle", "办理", more='camunda:dueDate="${due}"'), task("b", "乙")
)


def listed(
    office: Office, person: str, after: queries.Place | None = None, limit: int = 50
) -> list[queries.TaskSummary]:
    """Return a page of a person's tasks."""
    with office.engine.read() as connection:
        identity = people.identity(connection, person, office.clock.now())
        return queries.tasks_for(connection, identity, after=after, limit=limit)


def test_pages_follow_each_other_by_due_date_without_gap_or_double(
    office: Office,
) -> None:
    """The same dates and tasks without one, in pages of three."""
    office.deploy(DATED, THREE)
    for day in (5, 1, 3, 1, 4, 1):
        office.start("dated", due=(MONDAY + timedelta(days=day)).isoformat())
    for _ in range(3):
        office.start("three")
    pages, after = [], None
    while page := listed(office, "officer", after, 3):
        pages.append(page)
        after = page[-1].place
    seen = [row for page in pages for row in page]

    assert [3, 3, 3] == [len(page) for page in pages]
    assert 9 == len({row.id for row in seen})
    assert [1, 1, 1, 3, 4, 5, None, None, None] == [
        (row.due_at - MONDAY).days if row.due_at else None for row in seen
    ]


def test_a_list_holds_what_one_may_complete_and_no_more(office: Office) -> None:
    """One's own groups, what one claimed, and not what others claimed."""
    office.deploy(THREE)
    office.start("three")
    office.complete("拟办")
    both = [len(listed(office, person)) for person in ("officer", "deputy", "director")]
    with office.engine.begin() as work:
        work.claim_task(office.open_task("审核"), "deputy")
    claimed = [
        len(listed(office, person)) for person in ("officer", "deputy", "director")
    ]

    assert ([1, 1, 0], [0, 1, 0]) == (both, claimed)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, ["director"]),
        ({"procedures": ["other"]}, []),
        ({"roles": ["mayor"]}, []),
    ],
)
def test_a_substitute_sees_the_principals_tasks_within_the_scope(
    office: Office, scope: dict[str, list[str]], expected: list[str]
) -> None:
    """Each row says for whom."""
    office.deploy(line("signed", task("sign", "签发", "director")))
    office.start("signed")
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            "director",
            "deputy",
            starts_at=MONDAY,
            ends_at=MONDAY + timedelta(days=1),
            reason="出差",
            **scope,
        )

    assert expected == [row.on_behalf_of for row in listed(office, "deputy")]


def test_a_task_is_shown_only_to_whom_may_complete_it(office: Office) -> None:
    """And refused as the command would refuse it."""
    office.deploy(THREE)
    office.start("three")
    task_id = office.open_task("拟办")
    with office.engine.read() as connection:
        officer = people.identity(connection, "officer", MONDAY)
        director = people.identity(connection, "director", MONDAY)
        shown = queries.task(connection, officer, task_id)
        with pytest.raises(user_tasks.NotACandidate):
            queries.task(connection, director, task_id)
        with pytest.raises(errors.NotFound):
            queries.task(connection, officer, "unknown")
    office.complete("拟办")
    with office.engine.read() as connection, pytest.raises(user_tasks.AlreadyClosed):
        queries.task(connection, officer, task_id)

    assert ("拟办", "three") == (shown.name, shown.procedure)


def test_the_diagram_shows_where_an_instance_stands(office: Office) -> None:
    """Done, active and taken, while it runs and after it has ended."""
    office.deploy(THREE)
    instance_id = office.start("three")
    office.complete("拟办")
    library = office.engine.library
    with office.engine.read() as connection:
        standing = queries.diagram(connection, library, instance_id)
    office.complete("审核")
    office.complete("签发", "director")
    with office.engine.read() as connection:
        ended = queries.diagram(connection, library, instance_id)

    assert ({"start", "propose"}, {"review"}, {"flow0", "flow1"}) == (
        standing.done,
        standing.active,
        standing.taken_sequence_flows,
    )
    assert ({"start", "propose", "review", "sign", "end"}, frozenset()) == (
        ended.done,
        ended.active,
    )
    assert b"three" in ended.xml


def test_the_timeline_tells_who_did_what(office: Office) -> None:
    """Without the movements of tokens."""
    office.deploy(THREE)
    root_id = office.start("three")
    office.complete("拟办")
    with office.engine.read() as connection:
        told = [(e.type, e.person) for e in queries.timeline(connection, root_id)]

    assert [
        ("instance_started", "officer"),
        ("user_task_opened", None),
        ("task_completed", "officer"),
        ("user_task_opened", None),
    ] == told


def test_who_is_next_looks_over_gateways(office: Office) -> None:
    """Every branch, with the groups that are known beforehand."""
    branching = """<process id="branching" isExecutable="true"><startEvent id="s"/>
    <userTask id="a" name="拟办" camunda:candidateGroups="officer"/>
    <exclusiveGateway id="x" default="no"/>
    <userTask id="b" name="审定" camunda:candidateGroups="${boss}"/>
    <userTask id="c" name="退改" camunda:candidateGroups="officer, deputy"/>
    <endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
    <sequenceFlow id="f2" sourceRef="a" targetRef="x"/>
    <sequenceFlow id="yes" sourceRef="x" targetRef="b"><conditionExpression
      >${ok}</conditionExpression></sequenceFlow>
    <sequenceFlow id="no" sourceRef="x" targetRef="c"/>
    <sequenceFlow id="f3" sourceRef="b" targetRef="e"/>
    <sequenceFlow id="f4" sourceRef="c" targetRef="e"/></process>"""
    office.deploy(branching)
    (row,) = office.rows(sa.select(tables.definition.c.id))
    with office.engine.read() as connection:
        definition = office.engine.library.get(connection, row.id)
    known = queries.who_next(definition, "a", {"boss": "director"})
    unknown = queries.who_next(definition, "a", {})

    assert [("审定", ("director",)), ("退改", ("officer", "deputy"))] == [
        (following.name, following.groups) for following in known
    ]
    assert () == unknown[0].groups


def test_who_is_next_names_a_call_and_does_not_look_past_it(office: Office) -> None:
    """Who acts first in a called process stands in another diagram."""
    office.deploy(
        line(
            "issuing",
            task("decide", "审定"),
            '<callActivity id="units" name="承办" calledElement="three"/>',
            task("summarize", "汇总"),
        ),
        THREE,
    )
    definition_table = tables.definition
    (row,) = office.rows(
        sa.select(definition_table.c.id).where(definition_table.c.key == "issuing")
    )
    with office.engine.read() as connection:
        definition = office.engine.library.get(connection, row.id)

    following = queries.who_next(definition, "decide", {})

    assert [("units", "承办", ())] == [
        (one.element_id, one.name, one.groups) for one in following
    ]


def test_open_tasks_name_their_candidates_and_incidents_their_matter(
    office: Office,
) -> None:
    """Across the instances of a root."""
    office.deploy(
        line("calls", '<callActivity id="call" name="c" calledElement="three"/>'), THREE
    )
    with office.engine.begin() as work:
        root = work.start("calls", business_key="督9号")
        work.connection.execute(
            tables.incident.insert().values(
                id="i",
                kind="failed",
                instance_id=root.instance_id,
                message="坏了",
                created_at=MONDAY,
            )
        )
    with office.engine.read() as connection:
        (found,) = queries.open_tasks_of(connection, root.instance_id)
        (incident,) = queries.incidents(connection)
        rest = queries.incidents(connection, after=(MONDAY, "i"))

    assert ("拟办", ("officer",), ()) == (found.task.name, found.groups, found.persons)
    assert ("督9号", "坏了", []) == (incident.business_key, incident.message, rest)


def test_my_tasks_are_found_by_index_alone(sqlite_file: Path) -> None:
    """The partial index of assigned open tasks serves the list, sorted."""
    pool = database.create(f"sqlite:///{sqlite_file}")
    with pool.connect() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM user_task WHERE closed_at IS NULL"
            " AND assignee = 'a' ORDER BY order_at, id LIMIT 50"
        ).all()
    pool.dispose()

    assert "ix_user_task_assignee" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
