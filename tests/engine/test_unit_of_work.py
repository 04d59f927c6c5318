"""A command happens whole or not at all, and exactly one of many wins."""

import itertools

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables
from engine import unit_of_work
from engine import user_tasks
from tests.engine.conftest import MONDAY
from tests.engine.conftest import THREE
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task


class Torn(Exception):
    """Raised by a test in the middle of a command."""


def test_three_tasks_lead_to_the_end(office: Office) -> None:
    """Each completion opens the next task; the last one ends the instance."""
    office.deploy(THREE)
    instance_id = office.start("three")
    seen = [office.waiting()]
    for name, person in (("拟办", "officer"), ("审核", "deputy"), ("签发", "director")):
        office.complete(name, person)
        seen.append(office.waiting())

    assert [["拟办"], ["审核"], ["签发"], []] == seen
    assert "completed" == office.status(instance_id)


def test_a_completion_says_which_tasks_opened(office: Office) -> None:
    """The answer names the next task, so that a page can lead there."""
    office.deploy(THREE)
    instance_id = office.start("three")
    with office.engine.begin() as work:
        completed = work.complete_task(office.open_task("拟办"), "officer", {})

    assert (instance_id, instance_id) == (completed.instance_id, completed.root_id)
    assert (office.open_task("审核"),) == completed.opened


def test_a_command_torn_at_any_write_leaves_no_trace(office: Office) -> None:
    """Raising at each statement in turn, the tables are as before every time."""

    @office.registry.handler("note")
    def note(call: handlers.Call) -> None:
        call.work.schedule("later", MONDAY, {}, key="later")
        call.work.send("sms", "1380", {}, key="once")
        call.work.note(call.instance_id, "noted", {})

    @office.registry.job("later")
    def later(work: handlers.Work, payload: object) -> None:
        raise AssertionError("never due here")

    office.deploy(
        line("torn", task("one", "甲"), service("note", "note"), task("two", "乙"))
    )
    office.start("torn")
    task_id = office.open_task("甲")
    before = office.dump()
    torn = 0
    for place in itertools.count():
        statements = itertools.count()

        def tear(
            _connection: object,
            _cursor: object,
            statement: str,
            *_rest: object,
            statements: "itertools.count[int]" = statements,
            place: int = place,
        ) -> None:
            if statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                return
            if next(statements) == place:
                raise Torn(statement)

        sa.event.listen(office.pool, "after_cursor_execute", tear)
        try:
            with pytest.raises(Torn), office.engine.begin() as work:
                work.complete_task(task_id, "officer", {})
                raise Torn("before the commit")
        finally:
            sa.event.remove(office.pool, "after_cursor_execute", tear)
        assert before == office.dump()
        if next(statements) <= place:
            break
        torn += 1

    # PostgreSQL gets all writes of a save as one statement.
    assert torn > 2
    office.complete("甲")
    assert ["乙"] == office.waiting()


def test_of_eight_racing_completions_exactly_one_wins(
    office: Office, race: Race
) -> None:
    """The seven others are told who was first, and leave nothing behind."""
    office.deploy(THREE)
    instance_id = office.start("three")
    task_id = office.open_task("拟办")

    def complete() -> object:
        with office.engine.begin() as work:
            return work.complete_task(task_id, "officer", {})

    results = race([complete] * 8)
    won = [r for r in results if isinstance(r, unit_of_work.Completed)]
    lost = [r for r in results if isinstance(r, user_tasks.AlreadyClosed)]

    assert (1, 7) == (len(won), len(lost))
    assert {"已由 王专员 于 2026-09-28 09:00 办理。"} == {e.message for e in lost}
    completed = tables.history_event.c.type == "task_completed"
    assert 1 == office.count(tables.history_event, completed)
    assert ["审核"] == office.waiting()
    assert "active" == office.status(instance_id)


def test_who_comes_second_is_told_who_was_first_and_when(office: Office) -> None:
    """The conflict carries the person and the moment."""
    office.deploy(THREE)
    office.start("three")
    office.complete("拟办")
    task_id = office.open_task("审核")
    office.complete("审核", "deputy")
    with pytest.raises(errors.Conflict) as refusal, office.engine.begin() as work:
        work.complete_task(task_id, "officer", {})

    assert "已由 张副主任 于 2026-09-28 09:00 办理。" == refusal.value.message
    assert ("deputy", MONDAY) == (
        refusal.value.ids["person"],
        refusal.value.ids["at"],
    )


def test_a_stranger_is_refused_and_an_unknown_task_not_found(office: Office) -> None:
    """Neither writes anything."""
    office.deploy(THREE)
    office.start("three")
    task_id = office.open_task("拟办")
    before = office.dump()
    with pytest.raises(errors.Forbidden), office.engine.begin() as work:
        work.complete_task(task_id, "director", {})
    with pytest.raises(errors.NotFound), office.engine.begin() as work:
        work.complete_task("no-such-task", "officer", {})
    with pytest.raises(people.NoSuchPerson), office.engine.begin() as work:
        work.complete_task(task_id, "nobody", {})

    assert before == office.dump()


def test_what_cannot_be_json_does_not_enter(office: Office) -> None:
    """Names and values that would poison the state are refused by place."""
    office.deploy(THREE)
    office.start("three")
    task_id = office.open_task("拟办")
    before = office.dump()
    for fields in ({"typename": 1}, {"a": {"__builtins__": {}}}, {"a": "\0"}):
        with pytest.raises(errors.Invalid), office.engine.begin() as work:
            work.complete_task(task_id, "officer", fields)

    assert before == office.dump()


def test_a_handler_that_fails_parks_the_token_and_the_act_stands(
    office: Office,
) -> None:
    """What the handler wrote is undone; it is tried again later and goes on."""
    tries = []

    @office.registry.handler("frail")
    def frail(call: handlers.Call) -> dict[str, object]:
        tries.append(call.work.now())
        call.work.note(call.instance_id, "half_done", {})
        call.work.send("sms", "1380", {}, key=f"try {len(tries)}")
        if len(tries) < 3:
            raise ZeroDivisionError("not yet")
        return {"done": True}

    office.deploy(
        line("frail", task("one", "甲"), service("act", "frail"), task("two", "乙"))
    )
    instance_id = office.start("frail")
    office.complete("甲")
    half_done = tables.history_event.c.type == "half_done"

    assert ([], 0, 0) == (
        office.waiting(),
        office.count(tables.history_event, half_done),
        office.count(tables.outbox),
    )
    assert 1 == office.count(
        tables.user_task, tables.user_task.c.closed_how.is_not(None)
    )
    office.later(minutes=1)
    assert ([], 2) == (office.waiting(), len(tries))
    office.later(minutes=5)
    assert (["乙"], 1) == (
        office.waiting(),
        office.count(tables.history_event, half_done),
    )
    office.complete("乙")
    assert "completed" == office.status(instance_id)


def test_a_handler_that_always_fails_becomes_an_incident_one_can_retry(
    office: Office,
) -> None:
    """Four attempts, then a person is asked; after the cure the instance goes on."""
    tries = []
    cured: list[bool] = []

    @office.registry.handler("broken")
    def broken(call: handlers.Call) -> None:
        tries.append(1)
        if not cured:
            raise ValueError("坏了")

    office.deploy(line("broken", service("act", "broken"), task("two", "乙")))
    office.start("broken")
    for minutes in (1, 5, 30, 300):
        office.later(minutes=minutes)
    (incident,) = office.rows(sa.select(tables.incident))
    assert (4, "failed", "act") == (len(tries), incident.kind, incident.element_id)
    assert "ValueError: 坏了" == incident.message
    with office.engine.begin() as work:
        work.retry_incident(incident.id, "director")
    again = office.rows(
        sa.select(tables.incident).where(tables.incident.c.resolved_at.is_(None))
    )
    cured.append(True)
    office.later(hours=1)

    assert [] == again or [incident.id] != [row.id for row in again]
    assert ["乙"] == office.waiting()
    (first,) = office.rows(
        sa.select(tables.incident).where(tables.incident.c.id == incident.id)
    )
    assert "director" == first.resolved_by


def test_a_handler_that_refuses_stops_the_command(office: Office) -> None:
    """A refusal is for the person who acts, not an incident."""

    @office.registry.handler("strict")
    def strict(call: handlers.Call) -> None:
        raise errors.Refused("附件不齐，不能提交。")

    office.deploy(line("strict", task("one", "甲"), service("act", "strict")))
    office.start("strict")
    before = office.dump()
    with pytest.raises(errors.Refused, match="附件不齐"):
        office.complete("甲")

    assert before == office.dump()


def test_the_same_request_twice_happens_once(office: Office) -> None:
    """The second time brings the first answer; another body is refused."""
    office.deploy(THREE)

    def send(request_hash: str) -> object:
        with office.engine.begin() as work:
            return work.once(
                "key",
                request_hash,
                lambda: {"id": work.start("three").instance_id},
            )

    first, second = send("a"), send("a")
    with pytest.raises(unit_of_work.DifferentRequest):
        send("b")

    assert first == second
    assert 1 == office.count(tables.instance)


def test_the_same_request_at_the_same_moment_happens_once(
    office: Office, race: Race
) -> None:
    """Whoever is second waits for the first and gets its answer."""
    office.deploy(THREE)

    def send() -> object:
        with office.engine.begin() as work:
            return work.once(
                "key", "a", lambda: {"id": work.start("three").instance_id}
            )

    answers = race([send] * 4)

    assert 1 == len({str(answer) for answer in answers})
    assert 1 == office.count(tables.instance)
