"""Other programs fetch work under a lock, and only who holds it may report on it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import external_tasks
from engine import tables
from engine import unit_of_work
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import line
from tests.engine.conftest import task

PRINTING = (
    '<serviceTask id="print" name="印制" camunda:type="external"'
    ' camunda:topic="printing">{more}</serviceTask>'
)
PRINTED = line("printed", PRINTING.format(more=""), task("after", "之后"))
CAUGHT = (
    '<process id="caught" isExecutable="true"><startEvent id="start"/>'
    f"{PRINTING.format(more='')}"
    '<boundaryEvent id="jam" attachedToRef="print">'
    '<errorEventDefinition errorRef="jammed" camunda:errorMessageVariable="why"/>'
    '</boundaryEvent><endEvent id="end"/>'
    f"{task('repair', '修理')}<endEvent id='repaired'/>"
    '<sequenceFlow id="f1" sourceRef="start" targetRef="print"/>'
    '<sequenceFlow id="f2" sourceRef="print" targetRef="end"/>'
    '<sequenceFlow id="f3" sourceRef="jam" targetRef="repair"/>'
    '<sequenceFlow id="f4" sourceRef="repair" targetRef="repaired"/>'
    '</process><error id="jammed" name="卡纸" errorCode="JAM"/>'
)
QUARTER = timedelta(minutes=15)
TOPIC = external_tasks.Topic("printing", QUARTER)


def fetch(office: Office, worker: str, most: int = 10) -> list[str]:
    """Fetch tasks for a worker and return their ids."""
    with office.engine.begin() as work:
        return [found.id for found in work.fetch_and_lock(worker, [TOPIC], most)]


def act(office: Office, command: Callable[[unit_of_work.UnitOfWork], object]) -> None:
    """Carry out a command in a transaction of its own."""
    with office.engine.begin() as work:
        command(work)


def told(office: Office, type_: str) -> list[object]:
    """Return the details of the events of a type."""
    event = tables.history_event
    query = sa.select(event.c.details).where(event.c.type == type_)
    return [row.details for row in office.rows(query)]


def test_a_task_that_is_fetched_and_completed_lets_the_instance_go_on(
    office: Office,
) -> None:
    """The program sees the variables it asks for, and brings others back."""
    office.deploy(PRINTED)
    instance_id = office.start("printed", copies=3, secret=True)
    with office.engine.begin() as work:
        topic = external_tasks.Topic("printing", QUARTER, variables=("copies", "none"))
        (found,) = work.fetch_and_lock("printer", [topic])
    with office.engine.begin() as work:
        work.complete_external(found.id, "printer", {"pages": 12})
        variables = work.variables(instance_id)

    assert (
        "printing",
        "print",
        "printed",
        "printer",
        office.clock.now() + QUARTER,
    ) == (
        found.topic,
        found.element_id,
        found.procedure,
        found.worker,
        found.locked_until,
    )
    assert {"copies": 3} == found.variables
    assert {"copies": 3, "secret": True, "pages": 12} == {
        name: variables[name] for name in ("copies", "secret", "pages")
    }
    assert (["之后"], 0) == (office.waiting(), office.count(tables.job))
    assert [
        {"topic": "printing", "worker": "printer", "variables": {"pages": 12}}
    ] == told(office, "external_task_completed")


def test_no_worker_of_ours_runs_an_external_task(office: Office) -> None:
    """However long nobody fetches it."""
    office.deploy(PRINTED)
    office.start("printed")
    office.later(days=9)

    assert ([], 1) == (office.waiting(), len(fetch(office, "printer")))


def test_what_one_worker_holds_no_other_gets_until_the_lock_is_over(
    office: Office,
) -> None:
    """Then the first one may report no more: it was stolen rightly."""
    office.deploy(PRINTED)
    office.start("printed")
    (task_id,) = fetch(office, "slow")
    assert [] == fetch(office, "quick")
    office.clock.advance(QUARTER)
    assert [task_id] == fetch(office, "quick")
    before = office.dump()
    for command in (
        lambda work: work.complete_external(task_id, "slow"),
        lambda work: work.fail_external(task_id, "slow", "没有纸"),
        lambda work: work.throw_external(task_id, "slow", "JAM"),
        lambda work: work.extend_lock(task_id, "slow", QUARTER),
    ):
        with pytest.raises(external_tasks.NotYours, match="不在您的程序手中"):
            act(office, command)
    with pytest.raises(external_tasks.Taken):
        act(office, lambda work: work.lock_external(task_id, "slow", QUARTER))

    assert before == office.dump()
    act(office, lambda work: work.complete_external(task_id, "quick"))
    assert ["之后"] == office.waiting()


def test_a_lock_can_be_extended_given_up_and_taken(office: Office) -> None:
    """A worker that is not done in time says so before."""
    office.deploy(PRINTED)
    office.start("printed")
    (task_id,) = fetch(office, "slow")
    act(office, lambda work: work.extend_lock(task_id, "slow", 2 * QUARTER))
    office.clock.advance(QUARTER)
    assert [] == fetch(office, "quick")
    act(office, lambda work: work.unlock_external(task_id))
    act(office, lambda work: work.lock_external(task_id, "quick", QUARTER))
    with office.engine.begin() as work:
        held = work.external_task(task_id)

    assert ("quick", office.clock.now() + QUARTER) == (held.worker, held.locked_until)


def test_a_task_that_fails_is_offered_again_later_and_then_an_incident(
    office: Office,
) -> None:
    """The program says how many tries are left; a person gives it new ones."""
    office.deploy(PRINTED)
    office.start("printed")
    (task_id,) = fetch(office, "printer")
    act(
        office,
        lambda work: work.fail_external(
            task_id,
            "printer",
            "没有纸",
            details="tray 2",
            attempts_left=1,
            retry_after=QUARTER,
        ),
    )
    assert [] == fetch(office, "printer")
    office.clock.advance(QUARTER)
    with office.engine.begin() as work:
        (again,) = work.fetch_and_lock("printer", [TOPIC])
    act(office, lambda work: work.fail_external(task_id, "printer", "还是没有纸"))
    (incident,) = office.rows(sa.select(tables.incident))

    assert (1, "没有纸", "tray 2") == (
        again.attempts_left,
        again.error,
        again.error_details,
    )
    assert ("job", "还是没有纸") == (incident.kind, incident.message)
    assert [1, 0] == [
        details["attempts_left"]  # type: ignore[index]
        for details in told(office, "external_task_failed")
    ]
    assert [] == fetch(office, "printer")
    act(office, lambda work: work.retry_incident(incident.id, "director"))
    assert [task_id] == fetch(office, "printer")


def test_a_bpmn_error_of_the_program_is_caught_at_the_boundary(office: Office) -> None:
    """With its message where the diagram wants it, and the program's variables."""
    office.deploy(CAUGHT)
    instance_id = office.start("caught")
    (task_id,) = fetch(office, "printer")
    act(
        office,
        lambda work: work.throw_external(
            task_id, "printer", "JAM", "第二纸盒", {"tray": 2}
        ),
    )
    with office.engine.begin() as work:
        variables = work.variables(instance_id)

    assert ["修理"] == office.waiting()
    assert ("第二纸盒", 2) == (variables["why"], variables["tray"])
    assert 0 == office.count(tables.job)


def test_an_error_nobody_catches_ends_its_path_and_is_told(office: Office) -> None:
    """BPMN 2.0 §10.5.7 leaves it to the engine: nothing hangs."""
    office.deploy(PRINTED)
    instance_id = office.start("printed")
    (task_id,) = fetch(office, "printer")
    act(office, lambda work: work.throw_external(task_id, "printer", "JAM"))

    assert "completed" == office.status(instance_id)
    assert [{"name": "", "code": "JAM"}] == told(office, "error_thrown")


def test_what_was_interrupted_meanwhile_cannot_be_completed(office: Office) -> None:
    """Its incident, if it has one, is settled with it."""
    office.deploy(PRINTED)
    instance_id = office.start("printed")
    (task_id,) = fetch(office, "printer")
    act(
        office,
        lambda work: work.fail_external(task_id, "printer", "坏了", attempts_left=0),
    )
    with office.engine.begin() as work:
        work.terminate(instance_id, "不再需要", "director")
    with pytest.raises(external_tasks.NoSuchExternalTask):
        act(office, lambda work: work.complete_external(task_id, "printer"))

    assert 0 == office.count(tables.incident, tables.incident.c.resolved_at.is_(None))


def test_in_a_multi_instance_each_task_stands_for_itself(office: Office) -> None:
    """Each sees its own element; the next step opens when all are done."""
    loop = (
        '<multiInstanceLoopCharacteristics camunda:collection="${units}"'
        ' camunda:elementVariable="unit"/>'
    )
    office.deploy(line("many", PRINTING.format(more=loop), task("after", "之后")))
    office.start("many", units=["水利局", "教育局", "住建局"])
    with office.engine.begin() as work:
        found = work.fetch_and_lock("printer", [TOPIC])
    units = sorted(str(one.variables["unit"]) for one in found)
    seen = []
    for one in found:
        act(office, lambda work, one=one: work.complete_external(one.id, "printer"))
        seen.append(office.waiting())

    assert ["住建局", "教育局", "水利局"] == units
    assert [[], [], ["之后"]] == seen


def test_what_makes_no_sense_is_refused_in_words(office: Office) -> None:
    """And changes nothing."""
    office.deploy(PRINTED)
    office.start("printed")
    (task_id,) = fetch(office, "printer")
    before = office.dump()
    at_once = external_tasks.Topic("printing", timedelta())
    commands: tuple[Callable[[unit_of_work.UnitOfWork], object], ...] = (
        lambda work: work.fetch_and_lock(" ", [TOPIC]),
        lambda work: work.fetch_and_lock("printer", [at_once]),
        lambda work: work.fetch_and_lock("printer", [TOPIC], 0),
        lambda work: work.throw_external(task_id, "printer", ""),
        lambda work: work.fail_external(task_id, "printer", "", attempts_left=-1),
        lambda work: work.complete_external(task_id, "printer", {"a": object()}),
    )
    for command in commands:
        with pytest.raises(errors.DuchaError, match=r"[一-鿿]"):
            act(office, command)
    with pytest.raises(external_tasks.NoSuchExternalTask):
        act(office, lambda work: work.complete_external("none", "printer"))

    assert before == office.dump()


def test_two_workers_never_get_the_same_task(office: Office, race: Race) -> None:
    """Together they get all of them."""
    office.deploy(PRINTED)
    for _ in range(40):
        office.start("printed")
    engines = {name: office.another_engine() for name in ("one", "two", "three")}

    def drain(name: str) -> list[str]:
        got: list[str] = []
        while True:
            with engines[name].begin() as work:
                found = work.fetch_and_lock(name, [TOPIC], 3)
            if not found:
                return got
            got += [one.id for one in found]

    shares = race([lambda name=name: drain(name) for name in engines])
    fetched = [task_id for share in shares for task_id in share]  # type: ignore[attr-defined]

    assert (40, 40) == (len(fetched), len(set(fetched)))
