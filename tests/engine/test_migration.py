"""Versions side by side, compared, and instances led from one to another."""

import itertools

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from engine import definitions
from engine import errors
from engine import handlers
from engine import history
from engine import instances
from engine import migration as migrating
from engine import queries
from engine import tables
from engine import unit_of_work
from engine import user_tasks
from engine.bpmn.game import obstructions
from tests.engine.bpmn.versions import VERSIONS
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task

V1 = line("p", task("a", "拟办"), task("b", "审核"))
V2 = line("p", task("a", "拟办"), task("b", "复核", "deputy"), task("c", "签发"))


def version_of(office: Office, instance_id: str) -> int:
    """Return the number of the version that an instance runs in."""
    (row,) = office.rows(
        sa.select(tables.definition.c.version)
        .join(
            tables.instance,
            tables.instance.c.definition_id == tables.definition.c.id,
        )
        .where(tables.instance.c.id == instance_id)
    )
    return int(row.version)


def migrate(
    office: Office,
    instance_id: str,
    to: int = 2,
    mapping: dict[str, str] | None = None,
    **options: bool,
) -> migrating.Verdict:
    """Migrate an instance for the director."""
    with office.engine.begin() as work:
        return work.migrate(instance_id, to, mapping, person="director", **options)


def verified(office: Office) -> list[history.Finding]:
    """Return what is wrong with the record."""
    with office.engine.read() as connection:
        return history.verify_all(connection)


# -- side by side ---------------------------------------------------------------


def form(label: str, key: str) -> bytes:
    """Return a form `opinion` with one field that must be filled in."""
    field = {"id": "f", "type": "textfield", "key": key, "label": label}
    return orjson.dumps(
        {
            "id": "opinion",
            "type": "default",
            "schemaVersion": 16,
            "components": [{**field, "validate": {"required": True}}],
        }
    )


def decision(light: str) -> bytes:
    """Return a decision table `light` that always gives the same."""
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/">'
        '<decision id="light" name="亮灯"><decisionTable hitPolicy="UNIQUE">'
        "<input><inputExpression><text>days</text></inputExpression></input>"
        '<output name="light"/><rule><inputEntry><text>-</text></inputEntry>'
        f'<outputEntry><text>"{light}"</text></outputEntry></rule>'
        "</decisionTable></decision></definitions>"
    ).encode()


JUDGED = line(
    "p",
    task("a", "填写", more='camunda:formRef="opinion"'),
    '<businessRuleTask id="judge" name="判定" camunda:decisionRef="light"'
    ' camunda:resultVariable="light" camunda:mapDecisionResult="singleEntry"/>',
    task("b", "${light}"),
)


def test_a_running_instance_keeps_its_forms_and_decisions(office: Office) -> None:
    """The diagram is the same; only the files it uses have another content."""
    office.deploy(JUDGED, **{"f.form": form("意见", "old"), "d.dmn": decision("黄")})
    older = office.start("p", days=1)
    task_id = office.open_task("填写")
    office.deploy(JUDGED, **{"f.form": form("意见", "new"), "d.dmn": decision("红")})
    newer = office.start("p", days=1)

    assert [1, 2] == [version_of(office, one) for one in (older, newer)]
    with pytest.raises(errors.Invalid) as refused, office.engine.begin() as work:
        work.complete_task(task_id, "officer", {})
    assert ["old"] == list(refused.value.fields)
    with office.engine.begin() as work:
        work.complete_task(task_id, "officer", {"old": "x"})
    office.complete("填写", new="x")
    assert ["红", "黄"] == office.waiting()


@pytest.mark.requirement("R-04-01")
def test_v2_is_deployed_while_v1_runs(office: Office) -> None:
    """What was begun ends as it was drawn then; what begins is drawn as now."""
    office.deploy(V1)
    older = office.start("p")
    office.deploy(V2)
    newer = office.start("p")
    with office.engine.begin() as work:
        for row in office.rows(
            sa.select(tables.user_task.c.id).where(tables.user_task.c.name == "拟办")
        ):
            work.complete_task(row.id, "officer", {})

    assert ["复核", "审核"] == office.waiting()
    office.complete("审核")
    office.complete("复核", "deputy")
    assert ["completed", "active"] == [office.status(i) for i in (older, newer)]
    assert ["签发"] == office.waiting()


def test_two_versions_are_compared_with_their_files(office: Office) -> None:
    office.deploy(JUDGED, **{"f.form": form("意见", "old"), "d.dmn": decision("黄")})
    office.deploy(
        JUDGED.replace("填写", "填报"),
        **{"f.form": form("意见", "new"), "d.dmn": decision("黄")},
    )
    with office.engine.read() as connection:
        found, files = migrating.compare(connection, office.engine.library, "p", 1, 2)

    assert ("用户任务“填报”（a）：名称由“填写”改为“填报”。",) == found.sentences
    assert ("文件“f.form”的内容有改动。",) == files


def test_a_version_that_is_not_there_is_named(office: Office) -> None:
    office.deploy(V1)
    with (
        office.engine.read() as connection,
        pytest.raises(definitions.NoSuchDefinition, match="流程“p”没有第 7 版。"),
    ):
        migrating.compare(connection, office.engine.library, "p", 1, 7)


# -- one instance ---------------------------------------------------------------


def test_an_instance_goes_on_in_the_new_version(office: Office) -> None:
    """Its open task keeps its id and its claim; what follows is new."""
    office.deploy(V1)
    instance_id = office.start("p")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        work.claim_task(task_id, "officer")
    office.deploy(V2)
    verdict = migrate(office, instance_id)

    assert (True, 1, ()) == (verdict.possible, verdict.version, verdict.effects)
    assert 2 == version_of(office, instance_id)
    (row,) = office.rows(
        sa.select(tables.user_task).where(tables.user_task.c.closed_at.is_(None))
    )
    assert (task_id, "officer") == (row.id, row.assignee)
    office.complete("拟办")
    office.complete("复核", "deputy")
    office.complete("签发")
    assert "completed" == office.status(instance_id)
    assert [] == verified(office)


def test_the_migration_stands_in_the_history(office: Office) -> None:
    """Who, from which version to which, and by which mapping."""
    office.deploy(V1)
    instance_id = office.start("p")
    office.deploy(line("p", task("x", "拟办"), task("b", "审核")))
    migrate(office, instance_id, mapping={"a": "x"})

    (row,) = office.rows(
        sa.select(tables.history_event).where(
            tables.history_event.c.type == "instance_migrated"
        )
    )
    assert "director" == row.person
    assert (1, 2, {"a": "x"}) == (
        row.details["from"],
        row.details["to"],
        row.details["mapping"],
    )
    assert ["x"] == [
        row.element_id
        for row in office.rows(
            sa.select(tables.user_task.c.element_id).where(
                tables.user_task.c.closed_at.is_(None)
            )
        )
    ]


def test_an_open_task_asks_for_what_the_new_version_draws(office: Office) -> None:
    """Its name, candidates and priority are those of the new version."""
    office.deploy(V1)
    instance_id = office.start("p")
    office.deploy(
        line("p", task("a", "核办", "deputy", 'camunda:priority="80"'), task("b", "审"))
    )
    verdict = migrate(office, instance_id)

    assert (
        "待办“核办”（a）按新版本重新确定：名称、办理人、优先级。",
    ) == verdict.effects
    with pytest.raises(errors.Forbidden):
        office.complete("核办")
    (row,) = office.rows(sa.select(tables.user_task))
    assert 80 == row.priority
    office.complete("核办", "deputy")
    assert ["审"] == office.waiting()


def test_a_task_drawn_as_before_keeps_what_it_asks_for(office: Office) -> None:
    """A due date counted when it opened is not counted anew."""
    due = "camunda:dueDate=\"${after(now(), 'P3D')}\""
    office.registry.functions["now"] = lambda: office.clock.now().isoformat()
    office.registry.functions["after"] = lambda at, span: at
    office.deploy(line("p", task("a", "拟办", more=due)))
    instance_id = office.start("p")
    (before,) = office.rows(sa.select(tables.user_task))
    office.later(days=2)
    office.deploy(line("p", task("a", "核办", more=due), task("b", "审核")))
    migrate(office, instance_id)

    (row,) = office.rows(sa.select(tables.user_task))
    assert ("核办", before.due_at) == (row.name, row.due_at)


def test_a_migrated_task_is_completed_by_the_new_form_and_decision(
    office: Office,
) -> None:
    """The files of the version count, also where the diagram is the same."""
    office.deploy(JUDGED, **{"f.form": form("意见", "old"), "d.dmn": decision("黄")})
    instance_id = office.start("p", days=1)
    office.deploy(JUDGED, **{"f.form": form("意见", "new"), "d.dmn": decision("红")})
    migrate(office, instance_id)
    with pytest.raises(errors.Invalid):
        office.complete("填写", old="x")
    office.complete("填写", new="x")

    assert ["红"] == office.waiting()


def caught(name: str) -> str:
    """Return a process that waits for a message of this name."""
    return f'<message id="m" name="{name}"/>' + line(
        "p",
        '<intermediateCatchEvent id="a"><messageEventDefinition messageRef="m"/>'
        "</intermediateCatchEvent>",
        task("b", "审核"),
    )


def test_a_message_is_awaited_under_its_new_name(office: Office) -> None:
    office.deploy(caught("old"))
    instance_id = office.start("p")
    office.deploy(caught("new"))
    verdict = migrate(office, instance_id)

    assert (
        "不再等待：中间捕获事件“a”。",
        "开始等待：中间捕获事件“a”。",
    ) == verdict.effects
    with office.engine.begin() as work:
        assert 1 == work.correlate("new", instance_id=instance_id)
    assert ["审核"] == office.waiting()
    assert 0 == office.count(tables.subscription)


def timed(duration: str, *more: str) -> str:
    """Return a task with a timer that ends it."""
    return line("p", task("a", "拟办"), *more).replace(
        "</process>",
        '<boundaryEvent id="bell" attachedToRef="a"><timerEventDefinition>'
        f"<timeDuration>{duration}</timeDuration></timerEventDefinition>"
        '</boundaryEvent><endEvent id="late"/>'
        '<sequenceFlow id="toll" sourceRef="bell" targetRef="late"/></process>',
    )


@pytest.mark.parametrize(("restart", "days"), [(False, 3), (True, 7)])
def test_a_timer_is_due_as_before_or_counted_anew(
    office: Office, restart: bool, days: int
) -> None:
    office.deploy(timed("P5D"))
    instance_id = office.start("p")
    office.later(days=2)
    office.deploy(timed("P7D"))
    migrate(office, instance_id, restart_timers=restart)
    office.later(days=days, minutes=-1)
    assert "active" == office.status(instance_id)
    office.later(minutes=1)

    assert "completed" == office.status(instance_id)


def test_a_timer_that_is_added_is_a_job_and_one_that_is_removed_is_none(
    office: Office,
) -> None:
    office.deploy(V1)
    instance_id = office.start("p")
    office.deploy(timed("P7D"))
    migrate(office, instance_id)
    assert 1 == office.count(tables.job)
    migrate(office, instance_id, 1)

    assert 0 == office.count(tables.job)


def test_a_called_instance_goes_back_to_its_caller_in_the_new_version(
    office: Office,
) -> None:
    call = '<callActivity id="call" name="协办" calledElement="q"/>'
    office.deploy(line("q", task("inner", "协办")), line("p", call))
    caller = office.start("p")
    office.deploy(line("p", call, task("c", "汇总")))
    migrate(office, caller)
    office.complete("协办")

    assert ["汇总"] == office.waiting()


def test_the_diagram_of_a_migrated_instance_tells_only_what_is_drawn(
    office: Office,
) -> None:
    office.deploy(line("p", task("old", "旧"), task("a", "拟办")))
    instance_id = office.start("p")
    office.complete("旧")
    office.deploy(line("p", task("a", "拟办"), task("b", "审核")))
    migrate(office, instance_id)
    with office.engine.read() as connection:
        state = queries.diagram(connection, office.engine.library, instance_id)

    assert {"a"} == state.active
    assert {"start"} == state.done


def test_an_incident_is_retried_in_the_new_version(office: Office) -> None:
    """The element that failed bears another id there."""
    fail = '<serviceTask id="{}" name="计算" camunda:expression="${{{}}}"/>'
    office.deploy(line("p", fail.format("a", "missing"), task("b", "审核")))
    instance_id = office.start("p")
    office.deploy(line("p", fail.format("x", "1"), task("b", "审核")))
    migrate(office, instance_id, mapping={"a": "x"})
    (incident,) = office.rows(sa.select(tables.incident))
    with office.engine.begin() as work:
        work.retry_incident(incident.id, "director")

    assert "x" == incident.element_id
    assert ["审核"] == office.waiting()


# -- refusals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "mapping", "kind", "message"),
    [
        (
            2,
            {},
            obstructions.Obstructed,
            "用户任务“拟办”（a）正在办理，新版本中没有它，也",
        ),
        (2, {"z": "b"}, obstructions.Obstructed, "对应关系里的“z”在原版本中不存在。"),
        (1, {}, migrating.SameVersion, "这一办件已在这一版本上办理。"),
        (9, {}, definitions.NoSuchDefinition, "流程“p”没有第 9 版。"),
    ],
)
def test_a_refusal_changes_nothing(
    office: Office,
    to: int,
    mapping: dict[str, str],
    kind: type[errors.Refused],
    message: str,
) -> None:
    """Also when the transaction in which it was asked is committed."""
    office.deploy(V1)
    instance_id = office.start("p")
    office.deploy(line("p", task("b", "审核")))
    before = office.dump()
    with office.engine.begin() as work, pytest.raises(kind, match=message):
        work.migrate(instance_id, to, mapping, person="director")

    assert before == office.dump()


def test_what_has_ended_is_not_migrated(office: Office) -> None:
    office.deploy(line("p", task("a", "拟办")))
    instance_id = office.start("p")
    office.complete("拟办")
    office.deploy(V2)
    with pytest.raises(instances.Over):
        migrate(office, instance_id)


def test_a_plan_says_what_would_be_and_changes_nothing(office: Office) -> None:
    """One can go, one cannot, one is not there: a verdict on each."""
    office.deploy(V1)
    able, unable = office.start("p"), office.start("p")
    (row,) = office.rows(
        sa.select(tables.user_task.c.id).where(tables.user_task.c.instance_id == unable)
    )
    with office.engine.begin() as work:
        work.complete_task(row.id, "officer", {})
    office.deploy(line("p", task("a", "核办", "deputy")))
    before = office.dump()
    with office.engine.begin() as work:
        found = work.plan_migration([able, unable, "nobody"], 2)

    assert before == office.dump()
    assert [True, False, False] == [verdict.possible for verdict in found]
    assert ("待办“核办”（a）按新版本重新确定：名称、办理人。",) == found[0].effects
    assert [
        "用户任务“审核”（b）正在办理，新版本中没有它，也没有指明改到哪个环节。",
        "没有这一办件，或者您无权查看。",
    ] == [verdict.obstacles[0].message for verdict in found[1:]]


def test_in_bulk_one_that_is_refused_stops_no_other(office: Office) -> None:
    """One stands where it cannot, one has ended meanwhile; the rest goes on."""
    office.deploy(V1)
    ids = [office.start("p") for _ in range(3)]
    (row,) = office.rows(
        sa.select(tables.user_task.c.id).where(tables.user_task.c.instance_id == ids[1])
    )
    with office.engine.begin() as work:
        work.complete_task(row.id, "officer", {})
        work.terminate(ids[2], "重复", "director")
    last = office.start("p")
    office.deploy(line("p", task("a", "拟办"), task("c", "签发")))
    with office.engine.read() as connection:
        asked = migrating.candidates(connection, "p", 2)
    assert {ids[0], ids[1], last} == set(asked)
    found = office.engine.migrate_all([*ids, last], 2, person="director")

    assert [True, False, False, True] == [verdict.possible for verdict in found]
    assert [2, 1, 1, 2] == [version_of(office, one) for one in (*ids, last)]
    assert [] == verified(office)


def test_a_suspended_instance_is_not_migrated(office: Office) -> None:
    office.deploy(V1)
    instance_id = office.start("p")
    with office.engine.begin() as work:
        work.suspend(instance_id, "等待上级答复", "director")
    office.deploy(V2)
    before = office.dump()
    (verdict,) = office.engine.migrate_all([instance_id], 2, person="director")

    assert [user_tasks.Suspended.__doc__] == [o.message for o in verdict.obstacles]
    assert before == office.dump()


def test_an_instance_does_not_migrate_from_under_its_own_feet(office: Office) -> None:
    """A handler runs while tokens move; the act of the person is refused whole."""

    @office.registry.handler("leap")
    def leap(call: handlers.Call) -> None:
        assert isinstance(call.work, unit_of_work.UnitOfWork)
        call.work.migrate(call.instance_id, 2, person=None)

    office.deploy(line("p", task("a", "拟办"), service("leap", "leap")))
    office.start("p")
    office.deploy(
        line("p", task("a", "拟办"), service("leap", "leap"), task("b", "乙"))
    )
    before = office.dump()
    with pytest.raises(errors.Conflict, match="正在流转"):
        office.complete("拟办")

    assert before == office.dump()


def test_of_a_migration_and_a_completion_at_once_each_is_whole(
    office: Office, race: Race
) -> None:
    """Whoever is second finds what the first has left, or is told."""
    office.deploy(V1)
    ids = [office.start("p") for _ in range(6)]
    rows = office.rows(sa.select(tables.user_task.c.id))
    office.deploy(line("p", task("a", "拟办"), task("c", "签发")))

    def complete(task_id: str) -> object:
        with office.engine.begin() as work:
            return work.complete_task(task_id, "officer", {})

    results = race(
        [lambda: office.engine.migrate_all(ids, 2, person="director")]
        + [lambda task_id=row.id: complete(task_id) for row in rows]  # type: ignore[misc]
    )
    assert [] == [
        one
        for one in results
        if isinstance(one, Exception) and not isinstance(one, errors.Conflict)
    ]
    (verdicts,) = [one for one in results if isinstance(one, list)]
    names = {"审核", "签发", "拟办"}
    assert names >= set(office.waiting())
    for verdict in verdicts:
        assert (2 if verdict.possible else 1) == version_of(office, verdict.instance_id)
    assert [] == office.engine.report_stalled()
    assert [] == verified(office)


def test_a_task_is_returned_only_to_what_the_new_version_still_has(
    office: Office,
) -> None:
    """A step of the old version is in the history, and nowhere to go back to."""
    office.deploy(line("p", task("old", "旧"), task("a", "拟办"), task("b", "审核")))
    instance_id = office.start("p")
    office.complete("旧")
    office.complete("拟办")
    office.deploy(line("p", task("a", "拟办"), task("b", "审核")))
    migrate(office, instance_id)
    with office.engine.begin() as work:
        found = work.return_targets(office.open_task("审核"))
        assert ["a"] == [target.element_id for target in found]
        work.return_task(
            office.open_task("审核"), "officer", to="previous", reason="重拟"
        )

    assert ["拟办"] == office.waiting()


def test_a_delegated_task_whose_candidates_change_is_free_again(office: Office) -> None:
    office.deploy(V1)
    instance_id = office.start("p")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        work.claim_task(task_id, "officer")
        work.delegate_task(task_id, "deputy", "officer", "请核对数字")
    office.deploy(line("p", task("a", "拟办", "director"), task("b", "审核")))
    migrate(office, instance_id)
    office.complete("拟办", "director")

    assert ["审核"] == office.waiting()


# -- any pair, from any state -------------------------------------------------------


NUMBERS = itertools.count()


def drawn(key: str, version: str) -> str:
    """Return a version as a process of this key."""
    return (
        '<process xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' id="{key}" isExecutable="true">{VERSIONS[version]}</process>'
    )


def choices(office: Office, instance_id: str) -> list[str]:
    """Return what can happen to an instance now, in a fixed order."""
    open_tasks = office.rows(
        sa.select(tables.user_task.c.id)
        .where(
            tables.user_task.c.instance_id == instance_id,
            tables.user_task.c.closed_at.is_(None),
        )
        .order_by(tables.user_task.c.element_id, tables.user_task.c.id)
    )
    timers = office.rows(
        sa.select(tables.job.c.id).where(tables.job.c.instance_id == instance_id)
    )
    return [row.id for row in open_tasks] + ["later"] * bool(timers)


def happen(office: Office, choice: str) -> None:
    """Let a user task be completed, or the timers fall due."""
    if choice == "later":
        office.later(days=1)
    else:
        with office.engine.begin() as work:
            work.complete_task(choice, "officer", {})


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_from_any_state_a_migrated_instance_ends_and_a_refused_one_is_untouched(
    office: Office, data: st.DataObject
) -> None:
    """On the rows of both databases; every state of every pair is told in bpmn/."""
    key = f"p{next(NUMBERS)}"
    first = data.draw(st.sampled_from(sorted(VERSIONS)))
    second = data.draw(st.sampled_from(sorted(VERSIONS.keys() - {first})))
    office.deploy(drawn(key, first))
    instance_id = office.start(key)
    for _ in range(data.draw(st.integers(0, 3))):
        if office.status(instance_id) == "active":
            happen(office, data.draw(st.sampled_from(choices(office, instance_id))))
    if office.status(instance_id) != "active":
        return
    office.deploy(drawn(key, second))
    before = office.dump()
    with office.engine.begin() as work:
        (planned,) = work.plan_migration([instance_id], 2)
    assert before == office.dump()
    (verdict,) = office.engine.migrate_all([instance_id], 2, person="director")
    assert planned == verdict
    assert [] == office.engine.report_stalled()
    if not verdict.possible:
        assert before == office.dump()
    for _ in range(30):
        if office.status(instance_id) != "active":
            break
        happen(office, choices(office, instance_id)[0])

    assert "completed" == office.status(instance_id)
    assert [] == verified(office)
    assert 0 == office.count(
        tables.incident, tables.incident.c.instance_id == instance_id
    )
