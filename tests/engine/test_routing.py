"""Messages reach exactly one, signals everybody."""

from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from engine import handlers
from engine import routing
from engine import tables
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task

SUPPLEMENT = (
    '<intermediateCatchEvent id="wait" name="等补充">'
    '<messageEventDefinition messageRef="supplement"/></intermediateCatchEvent>'
)
DECLARED = '<message id="supplement" name="supplement"/>'
WAITING = DECLARED + line("waiting", SUPPLEMENT, task("after", "之后"))

BEGUN = (
    '<message id="ticket" name="ticket"/>'
    '<process id="begun" isExecutable="true"><startEvent id="start">'
    '<messageEventDefinition messageRef="ticket"/></startEvent>'
    '<userTask id="a" name="登记" camunda:candidateGroups="officer"/>'
    '<endEvent id="end"/><sequenceFlow id="f" sourceRef="start" targetRef="a"/>'
    '<sequenceFlow id="g" sourceRef="a" targetRef="end"/></process>'
)


def begin(office: Office, key: str, business_key: str) -> str:
    """Start an instance with a business key."""
    with office.engine.begin() as work:
        return work.start(key, business_key=business_key).instance_id


def test_a_message_reaches_the_instance_with_its_business_key(office: Office) -> None:
    """The others go on waiting."""
    office.deploy(WAITING)
    begin(office, "waiting", "督1号")
    second = begin(office, "waiting", "督2号")
    with office.engine.begin() as work:
        delivered = work.correlate("supplement", business_key="督2号")
    (row,) = office.rows(
        sa.select(tables.user_task.c.instance_id, tables.user_task.c.business_key)
    )

    assert (1, second, "督2号") == (delivered, row.instance_id, row.business_key)
    assert 1 == office.count(tables.subscription)


def test_a_message_for_nobody_or_for_several_is_refused(office: Office) -> None:
    """By name: the sender must say more."""
    office.deploy(WAITING)
    begin(office, "waiting", "督1号")
    begin(office, "waiting", "督2号")
    before = office.dump()
    with pytest.raises(routing.SeveralWait), office.engine.begin() as work:
        work.correlate("supplement")
    with (
        pytest.raises(routing.NobodyWaits, match="没有在等待这一消息的事项"),
        office.engine.begin() as work,
    ):
        work.correlate("supplement", business_key="督3号")

    assert before == office.dump()


def test_a_message_comes_once(office: Office) -> None:
    """The second time nobody waits any more."""
    office.deploy(WAITING)
    begin(office, "waiting", "督1号")
    with office.engine.begin() as work:
        work.correlate("supplement", business_key="督1号", variables={"page": 2})
    with pytest.raises(routing.NobodyWaits), office.engine.begin() as work:
        work.correlate("supplement", business_key="督1号")

    assert ["之后"] == office.waiting()


def test_a_message_starts_its_procedure_once_per_business_key(office: Office) -> None:
    """While one is active, the same key is refused; afterwards it may come again."""
    office.deploy(BEGUN)

    def send() -> handlers.Started:
        with office.engine.begin() as work:
            return work.start_by_message("ticket", {"n": 1}, business_key="12345-1")

    first = send()
    with pytest.raises(routing.AlreadyActive):
        send()
    office.complete("登记")
    second = send()

    assert "completed" == office.status(first.instance_id)
    assert "active" == office.status(second.instance_id)
    with pytest.raises(routing.NobodyWaits), office.engine.begin() as work:
        work.start_by_message("unknown")


def test_an_older_version_no_longer_starts(office: Office) -> None:
    """A message starts the newest version only."""
    office.deploy(BEGUN)
    office.deploy(BEGUN.replace("登记", "核对"))
    with office.engine.begin() as work:
        work.start_by_message("ticket")

    assert ["核对"] == office.waiting()


def test_a_thrown_message_is_heard_by_another_instance(office: Office) -> None:
    """Right after the commit of the one that threw it."""
    throw = (
        '<intermediateThrowEvent id="throw" name="告知">'
        '<messageEventDefinition messageRef="supplement"/></intermediateThrowEvent>'
    )
    office.deploy(WAITING, DECLARED + line("speaking", task("say", "说"), throw))
    begin(office, "waiting", "督1号")
    begin(office, "speaking", "督1号")
    office.complete("说")

    assert ["之后"] == office.waiting()
    assert 0 == office.count(tables.job)


def test_a_thrown_message_that_nobody_hears_becomes_an_incident(office: Office) -> None:
    """It is kept for a while, in case the receiver is late."""
    throw = (
        '<intermediateThrowEvent id="throw" name="告知">'
        '<messageEventDefinition messageRef="supplement"/></intermediateThrowEvent>'
    )
    office.deploy(WAITING, DECLARED + line("speaking", task("say", "说"), throw))
    begin(office, "speaking", "督1号")
    office.complete("说")
    begin(office, "waiting", "督1号")
    assert [] == office.waiting()
    office.later(minutes=1)
    assert ["之后"] == office.waiting()
    begin(office, "speaking", "督9号")
    office.complete("说")
    for minutes in (1, 5, 30, 60):
        office.later(minutes=minutes)
    (incident,) = office.rows(sa.select(tables.incident))

    assert "没有在等待这一消息的事项。" == incident.message


def test_a_signal_is_heard_by_all(office: Office) -> None:
    """By waiting instances and by start events."""
    declared = '<signal id="holiday" name="holiday"/>'
    catch = (
        '<intermediateCatchEvent id="wait" name="等信号">'
        '<signalEventDefinition signalRef="holiday"/></intermediateCatchEvent>'
    )
    starting = BEGUN.replace("message", "signal").replace("ticket", "holiday")
    office.deploy(declared + line("waiting", catch, task("after", "之后")), starting)
    begin(office, "waiting", "督1号")
    begin(office, "waiting", "督2号")
    with office.engine.begin() as work:
        heard = work.signal("holiday", {"days": 7})

    assert 3 == heard
    assert ["之后", "之后", "登记"] == office.waiting()


def test_a_handler_may_speak_to_its_own_instance(office: Office) -> None:
    """While its tokens move the message waits; then it is delivered."""
    own = f"""{DECLARED}<process id="own" isExecutable="true"><startEvent id="s"/>
    <parallelGateway id="fork"/>
    <intermediateCatchEvent id="hear" name="听">
     <messageEventDefinition messageRef="supplement"/></intermediateCatchEvent>
    <userTask id="ask" name="问" camunda:candidateGroups="officer"/>
    {service("say", "say")}
    <userTask id="heard" name="听到" camunda:candidateGroups="officer"/>
    <endEvent id="e1"/><endEvent id="e2"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="fork"/>
    <sequenceFlow id="f2" sourceRef="fork" targetRef="hear"/>
    <sequenceFlow id="f3" sourceRef="hear" targetRef="heard"/>
    <sequenceFlow id="f4" sourceRef="heard" targetRef="e1"/>
    <sequenceFlow id="f5" sourceRef="fork" targetRef="ask"/>
    <sequenceFlow id="f6" sourceRef="ask" targetRef="say"/>
    <sequenceFlow id="f7" sourceRef="say" targetRef="e2"/></process>"""

    @office.registry.handler("say")
    def say(call: handlers.Call) -> Mapping[str, object] | None:
        call.work.correlate("supplement", instance_id=call.instance_id)
        return None

    office.deploy(own)
    office.start("own")
    office.complete("问")

    assert ["听到"] == office.waiting()
