"""Called instances: opened after the caller rests, handed over, cancelled with it."""

import random
import time
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import definitions
from engine import errors
from engine import handlers
from engine import history
from engine import instances
from engine import saving
from engine import tables
from engine.bpmn import decisions
from engine.bpmn.game import codec
from engine.bpmn.game import tokens
from engine.engine import Engine
from tests.engine.conftest import THREE
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import diagram
from tests.engine.conftest import line
from tests.engine.conftest import task

CHILD = line("child", task("handle", "办理", more='camunda:assignee="${unit}"'))

UNITS = """
<callActivity id="units" name="各单位办理" calledElement="child">
 <extensionElements>
  <camunda:in source="unit" target="unit"/><camunda:out source="result" target="last"/>
 </extensionElements>
 <multiInstanceLoopCharacteristics camunda:collection="${units}"
   camunda:elementVariable="unit"/>
</callActivity>
"""

PARENT = line("parent", UNITS, task("conclude", "汇总"))


def one_call(key: str, attributes: str) -> str:
    """Return a process that calls one other."""
    return line(key, f'<callActivity id="call" name="调用" {attributes}/>')


def open_tasks(office: Office) -> dict[str, str]:
    """Return the open tasks by assignee."""
    table = tables.user_task
    rows = office.rows(
        sa.select(table.c.assignee, table.c.id).where(table.c.closed_at.is_(None))
    )
    return {row.assignee: row.id for row in rows}


def test_each_called_instance_is_one_of_its_own(office: Office) -> None:
    """Children know their parent and root, and bear its business key."""
    office.deploy(CHILD, PARENT)
    with office.engine.begin() as work:
        root = work.start(
            "parent",
            variables={"units": ["officer", "deputy"]},
            business_key="督〔2026〕1号",
        )
    table = tables.instance
    rows = office.rows(sa.select(table).where(table.c.parent_id.is_not(None)))

    assert [("child", root.instance_id, 1, "督〔2026〕1号", "parent")] * 2 == [
        (row.key, row.root_id, row.depth, row.business_key, row.root_key)
        for row in rows
    ]


def test_the_parent_goes_on_when_the_last_child_has_ended(office: Office) -> None:
    """Each end is handed over at once, in a commit of its own."""
    office.deploy(CHILD, PARENT)
    root = office.start("parent", units=["officer", "deputy"])
    by_person = open_tasks(office)
    seen = []
    for person, task_id in sorted(by_person.items()):
        with office.engine.begin() as work:
            work.complete_task(task_id, person, {"result": person})
        seen.append(office.waiting())

    assert [["办理"], ["汇总"]] == seen
    assert 0 == office.count(tables.job)
    office.complete("汇总")
    assert "completed" == office.status(root)


def test_children_that_end_together_conflict_with_nobody(
    office: Office, race: Race
) -> None:
    """In every round both persons succeed and the parent moves on exactly once."""
    office.deploy(CHILD, PARENT)
    other = office.another_engine()

    def completing(engine: Engine, task_id: str, person: str) -> object:
        time.sleep(random.uniform(0, 0.002))
        with engine.begin() as work:
            return work.complete_task(task_id, person, {})

    for _ in range(25):
        root = office.start("parent", units=["officer", "deputy"])
        found = open_tasks(office)
        results = race(
            [
                lambda f=found: completing(office.engine, f["officer"], "officer"),
                lambda f=found: completing(other, f["deputy"], "deputy"),
            ]
        )
        assert [] == [r for r in results if isinstance(r, Exception)]
        assert ["汇总"] == office.waiting()
        office.complete("汇总")
        assert "completed" == office.status(root)
    handed = tables.history_event.c.type == "call_completed"
    assert 50 == office.count(tables.history_event, handed)
    assert (0, 0) == (office.count(tables.job), office.count(tables.incident))


def test_a_hand_over_is_left_to_the_heartbeat_when_the_worker_dies(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child's end survives; the parent moves on when the lease is over."""
    office.deploy(CHILD, PARENT)
    office.start("parent", units=["officer"])
    monkeypatch.setattr(Engine, "_follow_up", lambda self, prompt: None)
    with office.engine.begin() as work:
        work.complete_task(office.open_task("办理"), "officer", {})
    assert ([], 1) == (office.waiting(), office.count(tables.job))
    monkeypatch.undo()
    office.later(minutes=6)

    assert (["汇总"], 0) == (office.waiting(), office.count(tables.job))


def test_ending_the_caller_ends_what_it_called(office: Office) -> None:
    """Children and their children are cancelled in the same transaction."""
    office.deploy(
        CHILD,
        PARENT,
        one_call("grand", 'calledElement="parent"').replace(
            "/><endEvent",
            '><extensionElements><camunda:in variables="all"/></extensionElements>'
            "</callActivity><endEvent",
        ),
    )
    root = office.start("grand", units=["officer", "deputy"])
    assert ["办理", "办理"] == office.waiting()
    with office.engine.begin() as work:
        work.terminate(root, "重复登记", "director")
    ended = office.rows(
        sa.select(tables.instance.c.status, tables.instance.c.ended_how)
    )

    assert [("ended", "cancelled")] * 4 == [tuple(row) for row in ended]
    assert [] == office.waiting()
    assert (0, 0) == (office.count(tables.candidate), office.count(tables.job))


def test_a_called_instance_is_not_terminated_alone(office: Office) -> None:
    """Its caller would wait for ever."""
    office.deploy(CHILD, PARENT)
    office.start("parent", units=["officer"])
    child = tables.instance.c.parent_id.is_not(None)
    (row,) = office.rows(sa.select(tables.instance.c.id).where(child))
    with pytest.raises(errors.Refused, match="上级办件"), office.engine.begin() as work:
        work.terminate(row.id, "不要了", "director")

    assert ["办理"] == office.waiting()


def test_a_call_without_a_callee_is_an_incident_until_it_is_deployed(
    office: Office,
) -> None:
    """The caller waits; trying again opens the child."""
    second = (
        'calledElement="child" camunda:calledElementBinding="version"'
        ' camunda:calledElementVersion="2"'
    )
    office.deploy(line("child", task("handle", "一版")), one_call("calls", second))
    office.start("calls")
    (row,) = office.rows(sa.select(tables.incident))
    assert ("call", "没有部署过流程“child”。", "call") == (
        row.kind,
        row.message,
        row.element_id,
    )
    office.deploy(line("child", task("handle", "二版")))
    with office.engine.begin() as work:
        work.retry_incident(row.id, "director")

    assert ["二版"] == office.waiting()
    unresolved = tables.incident.c.resolved_at.is_(None)
    assert 0 == office.count(tables.incident, unresolved)


def test_calls_without_end_stop_at_a_depth(office: Office) -> None:
    """A process that calls itself makes an incident, not an endless loop."""
    office.deploy(one_call("again", 'calledElement="again"'))
    office.start("again")
    (row,) = office.rows(sa.select(tables.incident))

    assert (instances.DEEPEST + 1, "call") == (office.count(tables.instance), row.kind)


def test_a_call_is_bound_to_the_version_it_names(office: Office) -> None:
    """Latest, deployment, version and version tag each find their own."""
    first = line("child", task("handle", "一版"))
    calls = [
        one_call("latest", 'calledElement="child"'),
        one_call(
            "bound", 'calledElement="child" camunda:calledElementBinding="deployment"'
        ),
        one_call(
            "first",
            'calledElement="child" camunda:calledElementBinding="version"'
            ' camunda:calledElementVersion="1"',
        ),
        one_call(
            "tagged",
            'calledElement="child" camunda:calledElementBinding="versionTag"'
            ' camunda:calledElementVersionTag="甲"',
        ),
    ]
    office.deploy(first.replace("<process", '<process camunda:versionTag="甲"'), *calls)
    office.clock.advance(timedelta(days=1))
    office.deploy(line("child", task("handle", "二版")))
    seen: dict[str, list[str]] = {}
    for key in ("latest", "bound", "first", "tagged"):
        before = office.waiting()
        office.start(key)
        after = office.waiting()
        for name in before:
            after.remove(name)
        seen[key] = after

    assert {
        "latest": ["二版"],
        "bound": ["一版"],
        "first": ["一版"],
        "tagged": ["一版"],
    } == seen


def test_a_caller_deployed_with_a_changed_callee_is_new_too(office: Office) -> None:
    """Bound to what came with it, it would never see the change otherwise."""
    bound = 'camunda:calledElementBinding="deployment"'
    calls = [
        one_call("outer", f'calledElement="middle" {bound}'),
        one_call("middle", f'calledElement="child" {bound}'),
        one_call("free", 'calledElement="child"'),
    ]
    office.deploy(line("child", task("handle", "一版")), *calls)
    office.start("outer")
    office.deploy(line("child", task("handle", "二版")), *calls)
    office.start("outer")
    office.deploy(line("child", task("handle", "二版")), *calls)

    versions = sa.select(tables.definition.c.key, tables.definition.c.version)
    newest = {row.key: row.version for row in office.rows(versions.order_by("version"))}
    assert {"outer": 2, "middle": 2, "child": 2, "free": 1} == newest
    assert ["一版", "二版"] == office.waiting()


def test_running_instances_stay_on_their_version(office: Office) -> None:
    """The same content again makes no new version; another one does."""
    office.deploy(THREE)
    office.start("three")
    office.deploy(THREE)
    office.deploy(THREE.replace("审核", "审查"))
    office.start("three")
    for _ in range(2):
        table = tables.user_task
        row = office.rows(
            sa.select(table.c.id).where(
                table.c.name == "拟办", table.c.closed_at.is_(None)
            )
        )[0]
        with office.engine.begin() as work:
            work.complete_task(row.id, "officer", {})

    versions = office.rows(
        sa.select(tables.definition.c.version).order_by(tables.definition.c.version)
    )
    assert [1, 2] == [row.version for row in versions]
    assert ["审查", "审核"] == sorted(office.waiting())


def test_a_refused_deployment_leaves_nothing(office: Office) -> None:
    """One bad file refuses all; the problem names the file and the element."""
    before = office.dump()
    bad = line(
        "bad", '<scriptTask id="script" name="脚本"><script>1</script></scriptTask>'
    )
    with (
        pytest.raises(definitions.DeploymentRefused) as refusal,
        office.engine.begin() as work,
    ):
        work.deploy({"good.bpmn": diagram(THREE), "bad.bpmn": diagram(bad)})

    assert before == office.dump()
    assert ("bad.bpmn", "script") in {
        (located.resource, located.problem.element_id)
        for located in refusal.value.problems
    }


def test_a_decision_table_is_judged_by_whoever_uses_it(office: Office) -> None:
    """What an office knows of its own tables is said before they are in force."""
    table = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/">'
        '<decision id="{id}" name="亮灯"><decisionTable hitPolicy="UNIQUE">'
        '<output name="light"/><rule><outputEntry><text>"红"</text></outputEntry>'
        "</rule></decisionTable></decision></definitions>"
    )

    @office.registry.decision("light")
    def faults(decision: decisions.Decision) -> list[str]:
        return [f"{decision.name}应有两条规则。"] if len(decision.rules) < 2 else []

    before = office.dump()
    with pytest.raises(definitions.DeploymentRefused) as refusal:
        office.deploy(**{"light.dmn": table.format(id="light").encode()})

    assert before == office.dump()
    assert [("light.dmn", "decision", "亮灯应有两条规则。")] == [
        (one.resource, one.problem.rule, one.problem.message)
        for one in refusal.value.problems
    ]
    office.deploy(**{"other.dmn": table.format(id="other").encode()})


def test_a_state_that_cannot_be_read_back_is_never_saved(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof before the commit rolls everything back."""
    office.deploy(THREE)
    office.start("three")
    before = office.dump()
    dump = codec.dump
    games: list[object] = []

    def lossy(game: tokens.Game) -> bytes:
        games.append(game)
        return dump(game) if len(games) == 1 else b"something is missing"

    monkeypatch.setattr(codec, "dump", lossy)
    with pytest.raises(saving.UnsoundState):
        office.complete("拟办")

    assert before == office.dump()


def test_a_change_behind_the_back_is_a_conflict_with_who_and_when(
    office: Office,
) -> None:
    """The compare-and-set refuses a state that was overtaken."""

    @office.registry.handler("overtake")
    def overtake(call: handlers.Call) -> Mapping[str, object] | None:
        table = tables.instance
        call.work.connection.execute(
            table.update()
            .where(table.c.id == call.instance_id)
            .values(version=table.c.version + 1)
        )
        return None

    service = (
        '<serviceTask id="service" name="x" camunda:delegateExpression="${overtake}"/>'
    )
    office.deploy(line("overtaken", task("one", "甲"), task("two", "乙"), service))
    office.start("overtaken")
    office.complete("甲")
    before = office.dump()
    with pytest.raises(saving.Overtaken) as refusal:
        office.complete("乙")

    assert before == office.dump()
    assert "王专员 于 2026-09-28 09:00 刚刚办理了这一办件，请刷新后再办。" == (
        refusal.value.message
    )


def test_the_history_names_every_command(office: Office) -> None:
    """Who did what, in the past tense, and it verifies."""
    office.deploy(THREE)
    instance_id = office.start("three")
    office.complete("拟办", opinion="同意")
    table = tables.history_event
    rows = office.rows(
        sa.select(table.c.type, table.c.person, table.c.details)
        .where(table.c.instance_id == instance_id)
        .order_by(table.c.seq)
    )

    assert [
        ("instance_started", "officer"),
        ("tokens_moved", None),
        ("user_task_opened", None),
        ("task_completed", "officer"),
        ("tokens_moved", None),
        ("user_task_opened", None),
    ] == [(row.type, row.person) for row in rows]
    assert {"name": "拟办", "fields": {"opinion": "同意"}} == rows[3].details
    with office.engine.read() as connection:
        assert [] == history.verify(connection, instance_id)
