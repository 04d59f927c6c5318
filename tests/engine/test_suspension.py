"""Suspended instances rest whole, and their deadlines with them (挂起, 恢复)."""

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import suspension
from engine import tables
from engine import user_tasks
from engine import workdays
from tests.engine.conftest import MONDAY
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import task
from tests.engine.operations import FORK
from tests.engine.operations import INSIDE
from tests.engine.operations import UNITS
from tests.engine.operations import called
from tests.engine.operations import events
from tests.engine.operations import signing

#: 2026-10-01 to 07 are holidays, 10-10 is a Saturday worked.
AUTUMN = workdays.Year.of(
    2026,
    "published",
    "test",
    [
        *(workdays.Day(date(2026, 10, day), "holiday") for day in range(1, 8)),
        workdays.Day(date(2026, 10, 10), "makeup"),
    ],
)

DEADLINES = line(
    "deadlines",
    task("a", "限时", "officer", 'camunda:dueDate="${workdays(2)}"'),
    task("b", "限日", "officer", 'camunda:dueDate="2026-10-12"'),
)


def suspend(office: Office, instance_id: str) -> None:
    with office.engine.begin() as work:
        work.suspend(instance_id, "等待上级答复", "director")


def resume(office: Office, instance_id: str) -> None:
    with office.engine.begin() as work:
        work.resume(instance_id, "director")


def due(office: Office, name: str) -> datetime:
    (row,) = office.rows(
        sa.select(tables.user_task.c.due_at).where(
            tables.user_task.c.name == name, tables.user_task.c.closed_at.is_(None)
        )
    )
    found: datetime = row.due_at
    return found


def timers_due(office: Office) -> list[datetime]:
    rows = office.rows(
        sa.select(tables.job.c.due_at)
        .where(tables.job.c.kind == "timer")
        .order_by(tables.job.c.due_at)
    )
    return [row.due_at for row in rows]


def test_a_suspended_instance_takes_no_command(office: Office) -> None:
    """Everything a person can do is refused in the same words; looking is not."""
    office.deploy(signing())
    instance_id = office.start("signing", signers=["deputy"])
    office.complete("拟办")
    task_id = office.open_task("会签")
    with office.engine.begin() as work:
        work.delegate_task(task_id, "officer", "deputy", "如何？")
    suspend(office, instance_id)
    before = office.dump()
    for command in (
        lambda work: work.complete_task(task_id, "deputy"),
        lambda work: work.claim_task(task_id, "deputy"),
        lambda work: work.release_task(task_id, "deputy"),
        lambda work: work.assign_task(task_id, "director", None),
        lambda work: work.transfer_task(task_id, "director", "deputy", "出差"),
        lambda work: work.delegate_task(task_id, "director", "deputy", "如何？"),
        lambda work: work.resolve_task(task_id, "officer", "同意"),
        lambda work: work.return_task(task_id, "deputy", "不全"),
        lambda work: work.add_cosigner(instance_id, "cosign", "director", None),
        lambda work: work.remove_cosigner(instance_id, "cosign", "deputy", None),
        lambda work: work.move_token(instance_id, "cosign", "sign", "指示", None),
        lambda work: work.correct_variables(instance_id, {"a": 1}, None),
        lambda work: work.suspend(instance_id, "再次", None),
    ):
        with (
            pytest.raises(user_tasks.Suspended, match="挂起"),
            office.engine.begin() as work,
        ):
            command(work)
    assert before == office.dump()

    with office.engine.begin() as work:
        assert ("cosign",) == work.active_elements(instance_id)
    resume(office, instance_id)
    with office.engine.begin() as work:
        work.resolve_task(task_id, "officer", "同意")
        work.complete_task(task_id, "deputy")
    assert ["签发"] == office.waiting()


def test_the_history_says_who_suspended_and_resumed(office: Office) -> None:
    """Of the instance and of those it called."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局"])
    office.complete("拟办")
    (child,) = called(office, instance_id)
    suspend(office, instance_id)
    resume(office, instance_id)

    for found in (instance_id, child):
        assert [
            ("instance_suspended", "director", {"reason": "等待上级答复"}),
            ("instance_resumed", "director", {"since": MONDAY.isoformat()}),
        ] == [
            (e["type"], e["person"], e["details"])
            for e in events(office, found, "instance_suspended", "instance_resumed")
        ]


def test_called_instances_rest_with_their_caller(office: Office) -> None:
    """A called one is not suspended by itself."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局", "财政局"])
    office.complete("拟办")
    first, _ = called(office, instance_id)
    with (
        pytest.raises(suspension.Called, match="上级办件"),
        office.engine.begin() as work,
    ):
        work.suspend(first, "等待", None)
    suspend(office, instance_id)
    task_id = str(
        office.rows(
            sa.select(tables.user_task.c.id).where(
                tables.user_task.c.instance_id == first
            )
        )[0].id
    )
    with pytest.raises(user_tasks.Suspended), office.engine.begin() as work:
        work.complete_task(task_id, "officer")
    resume(office, instance_id)
    with office.engine.begin() as work:
        work.complete_task(task_id, "officer")

    assert ["审核", "承办"] == sorted(office.waiting(), reverse=False)


@pytest.mark.parametrize(
    ("diagram", "key", "done", "wait"),
    [(FORK, "fork", ["起草"], 1), (INSIDE, "inside", ["拟办"], 3)],
    ids=["parallel branch", "sub-process"],
)
def test_timers_stand_still_while_suspended(
    office: Office, diagram: str, key: str, done: list[str], wait: int
) -> None:
    """A timer fires as much later as the instance rested."""
    office.deploy(diagram)
    instance_id = office.start(key)
    for name in done:
        office.complete(name)
    (first,) = timers_due(office)
    assert MONDAY + timedelta(days=wait) == first
    office.later(hours=6)
    suspend(office, instance_id)
    office.later(days=10)
    assert "催办" not in office.waiting()
    resume(office, instance_id)
    assert [first + timedelta(days=10)] == timers_due(office)
    office.later(days=wait, hours=-7)
    assert "催办" not in office.waiting()
    office.later(hours=1)

    assert "催办" in office.waiting()


def test_a_cycle_counts_on_from_where_it_stood(office: Office) -> None:
    """Every firing after the rest comes later, a cron line keeps its hours."""
    cycle = (
        '<boundaryEvent id="{}" attachedToRef="a" cancelActivity="false">'
        "<timerEventDefinition><timeCycle>{}</timeCycle></timerEventDefinition>"
        "</boundaryEvent>"
    )
    office.deploy(
        line("cycles", task("a", "等待")).replace(
            "</process>",
            cycle.format("daily", "R3/P1D")
            + cycle.format("nine", "0 0 9 * * ?")
            + task("x", "日报")
            + task("y", "早报")
            + '<sequenceFlow id="dx" sourceRef="daily" targetRef="x"/>'
            '<sequenceFlow id="ny" sourceRef="nine" targetRef="y"/></process>',
        )
    )
    instance_id = office.start("cycles")
    office.later(hours=12)
    suspend(office, instance_id)
    office.later(days=2)
    assert ["等待"] == office.waiting()
    resume(office, instance_id)
    nine = datetime(2026, 10, 1, 1, tzinfo=UTC)
    assert [nine, MONDAY + timedelta(days=3)] == timers_due(office)
    office.later(hours=12)

    assert ["日报", "早报", "等待"] == sorted(office.waiting())
    assert [nine + timedelta(days=1), MONDAY + timedelta(days=4)] == timers_due(office)


def test_due_dates_move_by_working_days_where_they_were_counted_so(
    office: Office,
) -> None:
    """Five days of rest over a holiday are one working day, or five of the calendar."""
    office.engine.calendar = office.engine.calendar.with_year(AUTUMN)
    office.deploy(DEADLINES)
    instance_id = office.start("deadlines")
    # Counted from Monday the 28th: Wednesday, the 30th, at the end of the day.
    assert datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC) == due(office, "限时")
    suspend(office, instance_id)
    office.later(days=10)
    resume(office, instance_id)
    # 29 and 30 September and 8 October were worked: three working days from the 30th.
    assert datetime(2026, 10, 10, 15, 59, 59, tzinfo=UTC) == due(office, "限时")

    office.complete("限时")
    suspend(office, instance_id)
    office.later(days=5)
    resume(office, instance_id)
    assert datetime(2026, 10, 17, 15, 59, 59, tzinfo=UTC) == due(office, "限日")
    (row,) = office.rows(
        sa.select(tables.user_task.c.order_at, tables.candidate.c.order_at).join(
            tables.candidate, tables.candidate.c.user_task_id == tables.user_task.c.id
        )
    )
    assert (due(office, "限日"), due(office, "限日")) == tuple(row)


def test_a_year_that_is_not_known_keeps_the_instance_suspended(
    office: Office,
) -> None:
    """Rather than a silent guess; with the calendar it goes on."""
    office.engine.calendar = office.engine.calendar.with_year(AUTUMN)
    office.deploy(DEADLINES)
    instance_id = office.start("deadlines")
    suspend(office, instance_id)
    office.clock.advance(timedelta(days=120))
    with pytest.raises(workdays.MissingYear):
        resume(office, instance_id)
    with pytest.raises(user_tasks.Suspended), office.engine.begin() as work:
        work.claim_task(office.open_task("限时"), "officer")


def test_the_dry_run_of_a_resumption_tells_the_new_due_times(office: Office) -> None:
    """Of timers and tasks, before and after; of a suspension, that nothing ends."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    office.complete("起草")
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id, lambda: work.suspend(instance_id, "等待", None)
        )
    assert ((), ()) == (seen.ends.user_tasks, seen.opens.user_tasks)
    suspend(office, instance_id)
    office.later(days=2)
    before = office.dump()
    with office.engine.begin() as work:
        seen = work.preview(instance_id, lambda: work.resume(instance_id, None))

    assert before == office.dump()
    day = timedelta(days=1)
    assert [("late", MONDAY + day, MONDAY + 3 * day)] == [
        (a.element_id, a.due_at, b.due_at) for a, b in seen.changed_timers
    ]


def test_jobs_and_signals_wait_for_the_resumption(office: Office) -> None:
    """A continuation, a scheduled job, a signal: none is lost, none runs early."""
    ran: list[str] = []

    @office.registry.job("remind")
    def remind(work: object, payload: object) -> None:
        ran.append("remind")

    office.deploy(
        line(
            "heard",
            '<intermediateCatchEvent id="wait"><signalEventDefinition'
            ' signalRef="alarm"/></intermediateCatchEvent>',
            task("after", "之后"),
        )
        + '<signal id="alarm" name="alarm"/>'
    )
    instance_id = office.start("heard")
    with office.engine.begin() as work:
        due_at = work.now() + timedelta(hours=1)
        work.schedule("remind", due_at, {}, instance_id=instance_id)
    suspend(office, instance_id)
    with office.engine.begin() as work:
        assert 1 == work.signal("alarm")
    office.later(days=1)
    assert ([], []) == (ran, office.waiting())
    assert [] == office.engine.report_stalled()
    resume(office, instance_id)
    office.later(minutes=1)
    assert ([], ["之后"]) == (ran, office.waiting())
    office.later(hours=1)

    assert ["remind"] == ran


def test_a_job_of_a_suspended_instance_is_not_run_by_hand(office: Office) -> None:
    """Whoever asks for it."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    office.complete("起草")
    suspend(office, instance_id)
    (row,) = office.rows(sa.select(tables.job.c.id))
    with office.engine.begin() as work:
        assert not work.run_job(row.id)

    assert "催办" not in office.waiting()


def test_an_incident_of_a_suspended_instance_is_not_tried_again(
    office: Office,
) -> None:
    """Once it is resumed it is."""
    office.deploy(
        line("broken", '<serviceTask id="x" camunda:expression="${missing}"/>')
    )
    instance_id = office.start("broken")
    suspend(office, instance_id)
    incident = tables.incident.c
    (row,) = office.rows(sa.select(incident.id).where(incident.resolved_at.is_(None)))
    with pytest.raises(user_tasks.Suspended), office.engine.begin() as work:
        work.retry_incident(row.id, "director")
    resume(office, instance_id)
    with office.engine.begin() as work:
        work.correct_variables(instance_id, {"missing": 1}, "director")
        work.retry_incident(row.id, "director")

    assert "completed" == office.status(instance_id)


def test_a_suspended_instance_is_terminated(office: Office) -> None:
    """With all it called; nothing of it is left to run."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局"])
    office.complete("拟办")
    (child,) = called(office, instance_id)
    suspend(office, instance_id)
    with office.engine.begin() as work:
        work.terminate(instance_id, "不再办理", "director")

    assert ["cancelled", "cancelled"] == [
        office.status(instance_id),
        office.status(child),
    ]
    assert [] == office.waiting()
    assert 0 == office.count(tables.job)


def test_a_suspension_is_refused_with_a_reason(office: Office) -> None:
    """Without a reason, when over, when there is nothing to resume."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    with office.engine.begin() as work:
        with pytest.raises(errors.Invalid, match="请写明挂起"):
            work.suspend(instance_id, "", None)
        with pytest.raises(suspension.NotSuspended):
            work.resume(instance_id, None)
        with pytest.raises(errors.NotFound):
            work.suspend("nothing", "等待", None)
        work.terminate(instance_id, "作废", None)
    with office.engine.begin() as work:
        with pytest.raises(errors.Conflict, match="已经办结"):
            work.suspend(instance_id, "等待", None)


def test_who_completes_and_who_suspends_at_once_do_not_both_win(
    office: Office, race: object
) -> None:
    """Either the completion came first, or it is refused: never a moved rest."""
    office.deploy(FORK)
    for _ in range(5):
        instance_id = office.start("fork")
        task_id = office.open_task("起草")

        def complete(task_id: str = task_id) -> None:
            with office.engine.begin() as work:
                work.complete_task(task_id, "officer")

        def rest(instance_id: str = instance_id) -> None:
            suspend(office, instance_id)

        results = race([complete, rest])  # type: ignore[operator]
        assert results[1] is None
        assert results[0] is None or isinstance(results[0], user_tasks.Suspended)
        with office.engine.begin() as work:
            work.terminate(instance_id, "收尾", None)
