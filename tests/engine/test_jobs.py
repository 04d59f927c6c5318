"""What happens later happens once, in order, and never silently not at all."""

import threading
import time
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import jobs
from engine import tables
from engine.engine import Engine
from tests.engine.conftest import MONDAY
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task

TIMER = (
    '<intermediateCatchEvent id="wait" name="等两天"><timerEventDefinition>'
    "<timeDuration>P2D</timeDuration></timerEventDefinition>"
    "</intermediateCatchEvent>"
)

REMINDED = """
<process id="reminded" isExecutable="true">
 <startEvent id="start"/>
 <userTask id="handle" name="办理" camunda:candidateGroups="officer"/>
 <boundaryEvent id="late" attachedToRef="handle" cancelActivity="false">
  <timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>
 </boundaryEvent>
 <userTask id="urge" name="催办" camunda:candidateGroups="deputy"/>
 <endEvent id="end"/><endEvent id="urged"/>
 <sequenceFlow id="f1" sourceRef="start" targetRef="handle"/>
 <sequenceFlow id="f2" sourceRef="handle" targetRef="end"/>
 <sequenceFlow id="f3" sourceRef="late" targetRef="urge"/>
 <sequenceFlow id="f4" sourceRef="urge" targetRef="urged"/>
</process>
"""


def test_a_timer_fires_when_it_is_due_and_not_before(office: Office) -> None:
    """Its job is gone in the transaction that fired it."""
    office.deploy(line("timed", TIMER, task("after", "之后")))
    office.start("timed")
    office.later(hours=47)
    early = office.waiting()
    office.later(hours=2)

    assert ([], ["之后"], 0) == (early, office.waiting(), office.count(tables.job))


def test_a_timer_of_a_task_that_is_done_does_not_fire(office: Office) -> None:
    """Completing the task drops its timer."""
    office.deploy(REMINDED)
    office.start("reminded")
    office.complete("办理")
    assert 0 == office.count(tables.job)
    office.later(days=3)

    assert [] == office.waiting()


def test_a_boundary_timer_opens_its_task_beside_the_other(office: Office) -> None:
    """It fires once."""
    office.deploy(REMINDED)
    office.start("reminded")
    office.later(days=1)
    office.later(days=5)

    assert ["催办", "办理"] == sorted(office.waiting())


def test_a_claimed_timer_whose_task_was_done_meanwhile_has_no_effect(
    office: Office,
) -> None:
    """Between the claim and the run the person was quicker."""
    office.deploy(REMINDED)
    office.start("reminded")
    office.clock.advance(timedelta(days=2))
    with office.engine.begin() as work:
        (claimed,) = jobs.claim(work.connection, work.now(), 10, "slow")
    office.complete("办理")
    with office.engine.begin() as work:
        ran = work.run(claimed)

    assert (False, []) == (ran, office.waiting())


@pytest.mark.requirement("R-05-04")
def test_two_workers_fire_every_timer_exactly_once(office: Office, race: Race) -> None:
    """Claims are disjoint, and every due job is claimed."""
    runs: list[object] = []

    @office.registry.job("count")
    def count(work: handlers.Work, payload: Mapping[str, object]) -> None:
        runs.append(payload["n"])

    with office.engine.begin() as work:
        for n in range(60):
            work.schedule("count", MONDAY + timedelta(hours=n % 5), {"n": n})
    office.clock.advance(timedelta(days=1))
    workers = [office.another_engine() for _ in range(3)]

    def drain(worker: Engine) -> int:
        claimed = 0
        while ran := worker.run_due(7):
            claimed += ran
        return claimed

    totals = race([lambda worker=worker: drain(worker) for worker in workers])

    assert 60 == sum(totals)  # type: ignore[arg-type]
    assert list(range(60)) == sorted(runs)  # type: ignore[type-var]
    assert 0 == office.count(tables.job)


def test_a_job_that_fails_is_tried_again_later_and_then_an_incident(
    office: Office,
) -> None:
    """After 1, 5 and 30 minutes; what it wrote is undone every time."""
    tries: list[float] = []

    @office.registry.job("fails")
    def fails(work: handlers.Work, payload: Mapping[str, object]) -> None:
        tries.append((work.now() - MONDAY).total_seconds() / 60)
        work.send("sms", "1380", {}, key="half done")
        raise OSError("打印机没有纸")

    with office.engine.begin() as work:
        work.schedule("fails", MONDAY, {}, key="print")
    for minutes in (0, 1, 5, 30, 600):
        office.later(minutes=minutes)
    (incident,) = office.rows(sa.select(tables.incident))

    assert [0, 1, 6, 36] == tries
    assert ("job", "OSError: 打印机没有纸") == (incident.kind, incident.message)
    assert 0 == office.count(tables.outbox)
    with office.engine.begin() as work:
        work.retry_incident(incident.id, "director")
    office.later(minutes=0)
    assert 5 == len(tries)


def test_a_worker_that_dies_uses_up_an_attempt(office: Office) -> None:
    """A lease that ran out counts; after the last one a person is asked."""

    @office.registry.job("deadly")
    def deadly(work: handlers.Work, payload: Mapping[str, object]) -> None:
        raise AssertionError("its workers die before they come so far")

    with office.engine.begin() as work:
        work.schedule("deadly", MONDAY, {})
    claims = 0
    for _ in range(jobs.ATTEMPTS + 2):
        with office.engine.begin() as work:
            claims += len(jobs.claim(work.connection, work.now(), 5, "mortal"))
        office.clock.advance(jobs.LEASE + timedelta(seconds=1))
    (incident,) = office.rows(sa.select(tables.incident))

    assert (jobs.ATTEMPTS, jobs.DIED) == (claims, incident.message)


def test_a_worker_that_wakes_up_too_late_does_nothing(office: Office) -> None:
    """Its job belongs to somebody else by then."""
    runs: list[str] = []

    @office.registry.job("once")
    def once(work: handlers.Work, payload: Mapping[str, object]) -> None:
        runs.append(work.worker)  # type: ignore[attr-defined]

    with office.engine.begin() as work:
        work.schedule("once", MONDAY, {})
        (zombie,) = jobs.claim(work.connection, work.now(), 5, "zombie")
    office.later(minutes=6)
    with office.engine.begin() as work:
        assert not work.run(zombie)

    assert [office.engine.worker] == runs


def test_a_key_is_scheduled_once(office: Office) -> None:
    """And dropped by itself or by its beginning."""

    @office.registry.job("ladder_step")
    def ladder_step(work: handlers.Work, payload: Mapping[str, object]) -> None:
        raise AssertionError("never due here")

    later = MONDAY + timedelta(days=9)
    with office.engine.begin() as work:
        made = [
            work.schedule("ladder_step", later, {}, key=key)
            for key in ("m1:yellow", "m1:yellow", "m1:red", "m_1:red", "m1%:red")
        ]
        dropped = (
            work.unschedule("m1:", prefix=True),
            work.unschedule("m_1:red"),
            work.unschedule("m", prefix=True),
        )

    assert [True, False, True, True, True] == made
    assert (2, 1, 1) == dropped


def test_a_job_nobody_registered_is_refused(office: Office) -> None:
    """At the time of scheduling, not in the night."""
    with pytest.raises(handlers.NoHandler), office.engine.begin() as work:
        work.schedule("unknown", MONDAY, {})


def test_an_outgoing_message_is_sent_after_the_commit_and_once(office: Office) -> None:
    """With the key the receiver needs against doubles."""
    sent: list[handlers.Message] = []
    with office.engine.begin() as work:
        first = work.send("sms", "1380", {"text": "请签收"}, key="k1")
        again = work.send("sms", "1380", {"text": "请签收"}, key="k1")
        assert [] == sent
    office.registry.channel("sms")(sent.append)
    office.later(minutes=0)
    office.later(hours=9)

    assert (True, False) == (first, again)
    assert [("k1", "1380", {"text": "请签收"})] == [
        (message.key, message.recipient, message.payload) for message in sent
    ]
    assert [MONDAY] == [r.sent_at for r in office.rows(sa.select(tables.outbox))]


def test_a_channel_that_is_down_becomes_an_incident(office: Office) -> None:
    """The message stays unsent and can be sent again."""

    @office.registry.channel("sms")
    def down(message: handlers.Message) -> None:
        raise ConnectionError("短信网关没有回应")

    with office.engine.begin() as work:
        work.send("sms", "1380", {}, key="k1")
    for minutes in (0, 1, 5, 30):
        office.later(minutes=minutes)
    (row,) = office.rows(sa.select(tables.outbox))
    (incident,) = office.rows(sa.select(tables.incident))

    assert (None, 4) == (row.sent_at, row.attempts)
    assert "ConnectionError: 短信网关没有回应" == incident.message


def test_an_asynchronous_continuation_is_run_by_the_heartbeat(office: Office) -> None:
    """The person's act ends before the service task begins."""
    runs: list[str] = []

    @office.registry.handler("print")
    def print_(call: handlers.Call) -> None:
        runs.append(call.element.id)

    printing = service("print", "print").replace(
        " camunda", ' camunda:asyncBefore="true" camunda', 1
    )
    office.deploy(line("async", task("one", "甲"), printing, task("two", "乙")))
    office.start("async")
    office.complete("甲")
    before = (list(runs), office.waiting())
    office.later(minutes=0)

    assert ([], []) == before
    assert (["print"], ["乙"]) == (runs, office.waiting())


def test_a_timer_start_event_starts_instances_as_long_as_its_cycle_lasts(
    office: Office,
) -> None:
    """A new version takes over the schedule."""
    cyclic = (
        '<process id="weekly" isExecutable="true"><startEvent id="start">'
        "<timerEventDefinition><timeCycle>R3/P7D</timeCycle></timerEventDefinition>"
        '</startEvent><userTask id="a" name="周报" camunda:candidateGroups="officer"/>'
        '<endEvent id="end"/><sequenceFlow id="f" sourceRef="start" targetRef="a"/>'
        '<sequenceFlow id="g" sourceRef="a" targetRef="end"/></process>'
    )
    office.deploy(cyclic)
    office.deploy(cyclic.replace("周报", "每周报告"))
    seen = []
    for _ in range(5):
        office.later(days=7)
        seen.append(office.count(tables.instance))

    assert [1, 2, 3, 3, 3] == seen
    assert {"每周报告"} == set(office.waiting())


def test_an_instance_that_waits_for_nothing_is_reported_once(office: Office) -> None:
    """The stall detector finds it; one that waits is not reported."""
    office.deploy(line("stalls", task("one", "甲")))
    stalled = office.start("stalls")
    with office.engine.begin() as work:
        work.connection.execute(tables.candidate.delete())
        work.connection.execute(tables.user_task.delete())
    office.start("stalls")

    assert [stalled] == office.engine.report_stalled()
    assert [] == office.engine.report_stalled()
    (incident,) = office.rows(sa.select(tables.incident))
    assert ("stalled", stalled) == (incident.kind, incident.instance_id)
    with office.engine.begin() as work:
        work.annotate_incident(incident.id, "已请开发人员查看")
        work.retry_incident(incident.id, "director")
    with pytest.raises(errors.NotFound), office.engine.begin() as work:
        work.retry_incident(incident.id, "director")


def test_what_a_long_outage_left_is_drained_whole(office: Office) -> None:
    """500 overdue jobs, each in a transaction of its own."""

    @office.registry.job("nothing")
    def nothing(work: handlers.Work, payload: Mapping[str, object]) -> None:
        pass

    with office.engine.begin() as work:
        jobs.add(
            work.connection,
            [
                jobs.row("handler", MONDAY, MONDAY, handler="nothing")
                for _ in range(500)
            ],
        )
    total = 0
    while ran := office.engine.run_due():
        total += ran

    assert 500 == total


def tried(cycle: str) -> str:
    """Return a service task whose handler fails, tried again as drawn."""
    return (
        '<serviceTask id="print" name="印制" camunda:delegateExpression="${print}">'
        f"<extensionElements><camunda:failedJobRetryTimeCycle>{cycle}"
        "</camunda:failedJobRetryTimeCycle></extensionElements></serviceTask>"
    )


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        ("R3/PT10M", [0, 10, 20]),
        ("PT1M, PT1H", [0, 1, 61]),
        ("${'R2/PT' += minutes += 'M'}", [0, 1, 6, 36]),
        ("${again}", [0, 7]),
        ("R1/PT5M", [0]),
    ],
)
def test_an_element_is_tried_again_as_often_as_it_is_drawn(
    office: Office, cycle: str, expected: list[int]
) -> None:
    """Then an incident; what cannot be understood is tried as usual."""
    tries: list[int] = []

    @office.registry.handler("print")
    def print_(call: handlers.Call) -> None:
        tries.append(int((call.work.now() - MONDAY).total_seconds() // 60))
        raise OSError("没有纸")

    office.deploy(line("printed", task("one", "甲"), tried(cycle)))
    office.start("printed", again="R2/PT7M", minutes=[])
    office.complete("甲")
    for _ in range(100):
        office.later(minutes=1)

    assert expected == tries
    assert 1 == office.count(tables.incident)


def test_a_dead_worker_costs_only_the_job_it_was_running(office: Office) -> None:
    """The others it had claimed lose no attempt, whoever takes them up."""
    ran: list[object] = []

    @office.registry.job("count")
    def count(work: handlers.Work, payload: Mapping[str, object]) -> None:
        ran.append(payload["n"])

    with office.engine.begin() as work:
        for n in range(10):
            work.schedule("count", MONDAY + timedelta(minutes=n), {"n": n})
    office.clock.advance(timedelta(hours=1))
    with office.engine.begin() as work:
        claimed = jobs.claim(work.connection, work.now(), 10, "mortal")
    for job in claimed[:3]:
        with office.engine.begin() as work:
            work.run(job)
    # It dies while it runs the fourth.
    office.clock.advance(jobs.LEASE + timedelta(seconds=1))
    with office.engine.begin() as work:
        again = jobs.claim(work.connection, work.now(), 10, "next")

    assert [3, 4, 5, 6, 7, 8, 9] == [job.payload["n"] for job in again]
    assert [jobs.ATTEMPTS - 1, *[jobs.ATTEMPTS] * 6] == [
        job.attempts_left for job in again
    ]
    assert [0, 1, 2] == ran


def test_a_job_that_kills_its_workers_becomes_an_incident_alone(
    office: Office,
) -> None:
    """Those behind it in every batch are run in the end, with all their attempts."""
    ran: list[object] = []

    @office.registry.job("count")
    def count(work: handlers.Work, payload: Mapping[str, object]) -> None:
        assert 0 != payload["n"]
        ran.append(payload["n"])

    with office.engine.begin() as work:
        for n in range(5):
            work.schedule("count", MONDAY + timedelta(minutes=n), {"n": n})
    office.clock.advance(timedelta(hours=1))
    for n in range(jobs.ATTEMPTS):
        with office.engine.begin() as work:
            jobs.claim(work.connection, work.now(), 10, f"mortal {n}")
        office.clock.advance(jobs.LEASE + timedelta(seconds=1))
    office.later(minutes=0)
    (incident,) = office.rows(sa.select(tables.incident))

    assert (jobs.DIED, [1, 2, 3, 4]) == (incident.message, ran)


DAILY = REMINDED.replace(
    "<timeDuration>P1D</timeDuration>", "<timeCycle>{cycle}</timeCycle>"
)


@pytest.mark.parametrize(
    ("cycle", "days", "missed", "next_in"),
    [
        ("R/P1D", 3.5, 2, 0.5),
        ("R3/P1D", 9, 2, None),
        ("R5/P1D", 3, 2, 1),
        ("0 9 * * *", 3.5, 2, 0.5),
        ("R/P1D", 1, 0, 1),
        ("R/PT1S", 9, 9 * 86400 - 1, 1 / 86400),
    ],
)
@pytest.mark.requirement("R-05-04")
def test_reminders_missed_in_an_outage_come_as_one(
    office: Office, cycle: str, days: float, missed: int, next_in: float | None
) -> None:
    """The history says how many; the next comes when it would have come."""
    office.deploy(DAILY.replace("{cycle}", cycle))
    office.start("reminded")
    office.later(days=days)
    (fired,) = office.rows(
        sa.select(tables.history_event.c.details).where(
            tables.history_event.c.type == "timer_fired"
        )
    )
    due = [row.due_at for row in office.rows(sa.select(tables.job.c.due_at))]
    expected = [] if next_in is None else [office.clock.now() + timedelta(days=next_in)]

    assert ["催办", "办理"] == sorted(office.waiting())
    assert ({"missed": missed} if missed else {}) == fired.details
    assert expected == due


def test_timers_that_are_overdue_fire_in_the_order_in_which_they_were_due(
    office: Office,
) -> None:
    """And those of different tasks are never taken for one."""
    office.deploy(REMINDED)
    ids = []
    for _ in range(4):
        ids.append(office.start("reminded"))
        office.clock.advance(timedelta(hours=1))
    office.later(days=30)
    fired = office.rows(
        sa.select(tables.user_task.c.instance_id)
        .where(tables.user_task.c.name == "催办")
        .order_by(sa.text("rowid" if "sqlite" in str(office.pool.url) else "ctid"))
    )

    assert ids == [row.instance_id for row in fired]


def test_a_job_can_be_given_another_date(office: Office) -> None:
    """With who and why in the history; it then runs at that date."""
    office.deploy(line("timed", TIMER, task("after", "之后")))
    office.start("timed")
    (timer,) = office.rows(sa.select(tables.job))
    earlier = MONDAY + timedelta(hours=3)
    with office.engine.begin() as work:
        work.move_job(timer.id, earlier, "director", "会议提前")
    (event,) = office.rows(
        sa.select(tables.history_event).where(
            tables.history_event.c.type == "job_moved"
        )
    )
    office.later(hours=2)
    before = office.waiting()
    office.later(hours=1)

    assert ([], ["之后"]) == (before, office.waiting())
    assert "director" == event.person
    assert {
        "from": timer.due_at.isoformat(),
        "to": earlier.isoformat(),
        "reason": "会议提前",
        "kind": "timer",
    } == event.details


def test_a_date_is_not_moved_without_reason_nor_of_what_is_being_run(
    office: Office,
) -> None:
    """And not of what has no date."""
    office.deploy(line("timed", TIMER, task("after", "之后")))
    office.start("timed")
    (timer,) = office.rows(sa.select(tables.job))
    office.clock.advance(timedelta(days=3))
    with office.engine.begin() as work:
        jobs.claim(work.connection, work.now(), 1, "busy")
    before = office.dump()
    later = office.clock.now() + timedelta(days=1)
    for job_id, reason, refusal in (
        (timer.id, " ", errors.Invalid),
        (timer.id, "改期", errors.Conflict),
        ("none", "改期", jobs.NoSuchJob),
    ):
        with pytest.raises(refusal), office.engine.begin() as work:
            work.move_job(job_id, later, "director", reason)

    assert before == office.dump()


def test_what_does_not_fit_into_a_beat_is_given_back(office: Office) -> None:
    """At once, not when the lease is over."""
    begun: list[object] = []

    @office.registry.job("slow")
    def slow(work: handlers.Work, payload: Mapping[str, object]) -> None:
        begun.append(payload["n"])
        time.sleep(0.05)

    with office.engine.begin() as work:
        for n in range(20):
            work.schedule("slow", MONDAY + timedelta(seconds=n), {"n": n})
    office.clock.advance(timedelta(minutes=1))
    first = office.engine.run_due(within=0.12)
    held = office.count(tables.job, tables.job.c.locked_by.is_not(None))
    while office.engine.run_due(within=0.12):
        pass

    assert 1 <= first <= 4
    assert 0 == held
    assert list(range(20)) == begun


def test_a_person_gets_a_turn_while_the_heartbeat_catches_up(office: Office) -> None:
    """200 overdue jobs of 5 ms each: nobody waits for more than a few of them."""

    @office.registry.job("short")
    def short(work: handlers.Work, payload: Mapping[str, object]) -> None:
        time.sleep(0.005)

    office.deploy(line("claimed", task("one", "甲")))
    office.start("claimed")
    task_id = office.open_task("甲")
    with office.engine.begin() as work:
        rows = [
            jobs.row("handler", MONDAY, MONDAY, handler="short") for _ in range(200)
        ]
        jobs.add(work.connection, rows)
    heart = threading.Thread(
        target=lambda: office.engine.run_due(limit=200, rest=0.002)
    )
    turns = 0
    heart.start()
    while heart.is_alive():
        with office.engine.begin() as work:
            work.claim_task(task_id, "officer")
            work.release_task(task_id, "officer")
        turns += 1
    heart.join()

    assert 0 == office.count(tables.job)
    assert turns > 20
