"""What happens later happens once, in order, and never silently not at all."""

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


def test_what_a_long_outage_left_is_drained_whole_and_quickly(office: Office) -> None:
    """500 overdue jobs, each in a transaction of its own, below 50 ms apiece."""

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
    begun = time.perf_counter()
    total = 0
    while ran := office.engine.run_due():
        total += ran
    per_job = (time.perf_counter() - begun) / total

    assert 500 == total
    assert per_job < 0.05
