"""A message that comes early is kept, delivered once, or missed aloud."""

import itertools
from collections.abc import Callable
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import routing
from engine import tables
from tests.engine.conftest import MONDAY
from tests.engine.conftest import Office
from tests.engine.conftest import Race
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task

DAY = timedelta(days=1)


def declared(*names: str) -> str:
    """Return the declarations of messages."""
    return "".join(f'<message id="m_{name}" name="{name}"/>' for name in names)


def caught(name: str) -> str:
    """Return an event that waits for a message."""
    return (
        f'<intermediateCatchEvent id="{name}">'
        f'<messageEventDefinition messageRef="m_{name}"/></intermediateCatchEvent>'
    )


ANSWERED = declared("answer") + line(
    "answered", task("ask", "发函"), caught("answer"), task("read", "阅处")
)
#: a and b in any order, beside a person's task; then c.
JOINED = declared("a", "b", "c") + (
    '<process id="joined" isExecutable="true"><startEvent id="start"/>'
    '<parallelGateway id="fork"/><parallelGateway id="join"/><endEvent id="end"/>'
    f"{caught('a')}{caught('b')}{task('draft', '起草')}{caught('c')}"
    f"{task('last', '办结')}"
    '<sequenceFlow id="f0" sourceRef="start" targetRef="fork"/>'
    '<sequenceFlow id="f1" sourceRef="fork" targetRef="a"/>'
    '<sequenceFlow id="f2" sourceRef="fork" targetRef="b"/>'
    '<sequenceFlow id="f3" sourceRef="fork" targetRef="draft"/>'
    '<sequenceFlow id="f4" sourceRef="a" targetRef="join"/>'
    '<sequenceFlow id="f5" sourceRef="b" targetRef="join"/>'
    '<sequenceFlow id="f6" sourceRef="draft" targetRef="join"/>'
    '<sequenceFlow id="f7" sourceRef="join" targetRef="c"/>'
    '<sequenceFlow id="f8" sourceRef="c" targetRef="last"/>'
    '<sequenceFlow id="f9" sourceRef="last" targetRef="end"/></process>'
)


def send(office: Office, name: str, key: str | None = None, **more: object) -> int:
    """Send a message and return how many got it."""
    with office.engine.begin() as work:
        return work.correlate(name, business_key=key, **more)  # type: ignore[arg-type]


def begin(office: Office, process: str, key: str) -> str:
    """Start an instance with a business key."""
    with office.engine.begin() as work:
        return work.start(process, business_key=key).instance_id


def test_a_message_waits_until_somebody_waits_for_it(office: Office) -> None:
    """It brings its variables, once, and leaves nothing behind."""
    office.deploy(ANSWERED)
    instance_id = begin(office, "answered", "督1号")
    received = office.clock.now()
    given = {"answer": "同意"}
    kept = send(office, "answer", "督1号", variables=given, keep_for=DAY)
    office.later(hours=3)
    before = office.waiting()
    office.complete("发函")
    with office.engine.begin() as work:
        variables = work.variables(instance_id)
    (event,) = office.rows(
        sa.select(tables.history_event.c.details).where(
            tables.history_event.c.type == "message_correlated"
        )
    )

    assert (0, ["发函"], ["阅处"]) == (kept, before, office.waiting())
    assert {"answer": "同意"} == variables
    assert received.isoformat() == event.details["received_at"]
    assert (0, 0) == (office.count(tables.early_message), office.count(tables.job))


def test_a_message_for_who_waits_already_is_not_kept(office: Office) -> None:
    """It is delivered as ever."""
    office.deploy(ANSWERED)
    begin(office, "answered", "督1号")
    office.complete("发函")

    assert 1 == send(office, "answer", "督1号", keep_for=DAY)
    assert (["阅处"], 0) == (office.waiting(), office.count(tables.early_message))


def test_a_kept_message_is_for_its_business_key_only(office: Office) -> None:
    """Another instance that waits does not get it."""
    office.deploy(ANSWERED)
    send(office, "answer", "督2号", keep_for=DAY)
    begin(office, "answered", "督1号")
    office.complete("发函")
    assert [] == office.waiting()
    begin(office, "answered", "督2号")
    office.complete("发函")

    assert ["阅处"] == office.waiting()


def test_of_two_kept_messages_the_first_is_taken_first(office: Office) -> None:
    """The second goes on waiting for another one."""
    office.deploy(ANSWERED)
    send(office, "answer", variables={"n": 1}, keep_for=DAY)
    office.later(hours=1)
    send(office, "answer", variables={"n": 2}, keep_for=DAY)
    seen = []
    for key in ("督1号", "督2号"):
        instance_id = begin(office, "answered", key)
        office.complete("发函")
        with office.engine.begin() as work:
            seen.append(work.variables(instance_id)["n"])

    assert ([1, 2], 0) == (seen, office.count(tables.early_message))


def test_a_message_that_came_before_the_number_is_found_by_the_number(
    office: Office,
) -> None:
    """The instance gets its business key while it waits already."""

    @office.registry.handler("number")
    def number(call: handlers.Call) -> None:
        call.work.set_business_key(call.instance_id, "督1号")

    beside = (
        '<boundaryEvent id="more" attachedToRef="ask" cancelActivity="false">'
        '<messageEventDefinition messageRef="m_more"/></boundaryEvent>'
        f"{task('add', '补充')}<endEvent id='added'/>"
        '<sequenceFlow id="b1" sourceRef="more" targetRef="add"/>'
        '<sequenceFlow id="b2" sourceRef="add" targetRef="added"/></process>'
    )
    parts = (
        task("ask", "登记"),
        service("number", "number"),
        task("read", "阅处"),
    )
    inside = line("inside", *parts).replace("</process>", beside)
    office.deploy(declared("more") + inside)
    with office.engine.begin() as work:
        instance_id = work.start("inside").instance_id
    send(office, "more", "督1号", keep_for=DAY)
    assert ["登记"] == office.waiting()
    with office.engine.begin() as work:
        work.set_business_key(instance_id, "督1号")

    assert ["登记", "补充"] == sorted(office.waiting())


def test_a_message_for_a_suspended_instance_waits_until_it_is_resumed(
    office: Office,
) -> None:
    """It is kept like one that came early, and looked at by the hour."""
    office.deploy(ANSWERED)
    send(office, "answer", "督1号", keep_for=DAY)
    instance_id = begin(office, "answered", "督1号")
    task_id = office.open_task("发函")
    # The process dies between the commit and the delivery.
    with office.engine.begin() as work:
        work.complete_task(task_id, "officer", {})
        work.prompt.clear()
    with office.engine.begin() as work:
        work.suspend(instance_id, "等上级批复", "director")
    office.later(hours=2)
    assert [] == office.waiting()
    with office.engine.begin() as work:
        work.resume(instance_id, "director")
    office.later(hours=1)

    assert ["阅处"] == office.waiting()
    assert (0, 0) == (office.count(tables.early_message), office.count(tables.job))


def test_a_message_nobody_comes_for_is_missed_aloud(office: Office) -> None:
    """Its time is over: an incident says what was not delivered."""
    office.deploy(ANSWERED)
    send(office, "answer", "督1号", keep_for=DAY)
    office.later(hours=23)
    kept = office.count(tables.early_message)
    office.later(hours=1)
    begin(office, "answered", "督1号")
    office.complete("发函")
    (incident,) = office.rows(sa.select(tables.incident))

    assert (1, 0) == (kept, office.count(tables.early_message))
    assert [] == office.waiting()
    assert (
        "message",
        "消息“answer”（编号 督1号）在保留期内没有事项接收，已不再保留。",
    ) == (
        incident.kind,
        incident.message,
    )


def test_a_message_for_several_is_refused_even_if_it_may_wait(office: Office) -> None:
    """Time would not make it clearer."""
    office.deploy(ANSWERED)
    for key in ("督1号", "督2号"):
        begin(office, "answered", key)
        office.complete("发函")
    before = office.dump()
    with pytest.raises(routing.SeveralWait):
        send(office, "answer", keep_for=DAY)
    with pytest.raises(errors.Invalid, match="保留时间"):
        send(office, "answer", "督3号", keep_for=timedelta())

    assert before == office.dump()


def test_the_same_message_sent_twice_is_taken_once(office: Office) -> None:
    """By its id, whether it was delivered or kept; what was refused may come again."""
    office.deploy(ANSWERED)
    with pytest.raises(routing.NobodyWaits):
        send(office, "answer", "督1号", message_id="k1")
    taken = [
        send(office, "answer", "督1号", message_id="k1", keep_for=DAY) for _ in range(3)
    ]
    kept = office.count(tables.early_message)
    begin(office, "answered", "督1号")
    office.complete("发函")

    assert ([0, 0, 0], 1, ["阅处"]) == (taken, kept, office.waiting())
    assert 0 == send(office, "answer", "督1号", message_id="k1")


def test_a_message_finds_its_receiver_by_the_receivers_variables(
    office: Office,
) -> None:
    """Each named variable must be there and equal."""
    office.deploy(ANSWERED)
    for unit in ("水利局", "教育局"):
        with office.engine.begin() as work:
            work.start("answered", variables={"unit": unit, "round": 1})
        office.complete("发函")
    with pytest.raises(routing.NobodyWaits):
        send(office, "answer", matching={"unit": "水利局", "round": 2})
    with pytest.raises(routing.NobodyWaits):
        send(office, "answer", matching={"missing": None})
    with pytest.raises(routing.SeveralWait):
        send(office, "answer", matching={"round": 1})
    send(office, "answer", matching={"unit": "教育局", "round": 1})
    (open_task,) = office.rows(
        sa.select(tables.user_task.c.instance_id).where(
            tables.user_task.c.closed_at.is_(None)
        )
    )
    with office.engine.begin() as work:
        assert "教育局" == work.variables(open_task.instance_id)["unit"]


def test_a_message_finds_its_receiver_by_correlation_keys(office: Office) -> None:
    """BPMN 2.0 §8.4.2: what the message says by an expression, or by a variable."""
    keys = (
        '<correlationProperty id="p1" name="number">'
        '<correlationPropertyRetrievalExpression messageRef="m_answer">'
        "<messagePath>${letter.number}</messagePath>"
        "</correlationPropertyRetrievalExpression></correlationProperty>"
        '<correlationProperty id="p2" name="unit">'
        '<correlationPropertyRetrievalExpression messageRef="m_answer">'
        "<messagePath>unit</messagePath>"
        "</correlationPropertyRetrievalExpression></correlationProperty>"
    )
    office.deploy(keys + ANSWERED)
    ids = {}
    for number, unit in ((1, "水利局"), (1, "教育局"), (2, "水利局")):
        with office.engine.begin() as work:
            ids[number, unit] = work.start(
                "answered", variables={"number": number, "unit": unit}
            ).instance_id
        office.complete("发函")
    for letter in ({"number": 3}, {}, None):
        with pytest.raises(routing.NobodyWaits):
            send(office, "answer", variables={"letter": letter, "unit": "水利局"})
    send(office, "answer", variables={"letter": {"number": 1}, "unit": "教育局"})
    (open_task,) = office.rows(
        sa.select(tables.user_task.c.instance_id).where(
            tables.user_task.c.closed_at.is_(None)
        )
    )

    assert ids[1, "教育局"] == open_task.instance_id


def outcome(office: Office, key: str) -> tuple[list[str], Mapping[str, object]]:
    """Return what waits in an instance, and its variables."""
    (row,) = office.rows(
        sa.select(tables.instance.c.id).where(tables.instance.c.business_key == key)
    )
    tasks = office.rows(
        sa.select(tables.user_task.c.name).where(
            tables.user_task.c.instance_id == row.id,
            tables.user_task.c.closed_at.is_(None),
        )
    )
    with office.engine.begin() as work:
        return [found.name for found in tasks], work.variables(str(row.id))


def test_the_order_in_which_five_events_come_does_not_matter(office: Office) -> None:
    """All 60 orders in which the start comes before the task: one result."""
    office.deploy(JOINED)

    def complete(key: str) -> None:
        (row,) = office.rows(
            sa.select(tables.user_task.c.id).where(
                tables.user_task.c.business_key == key,
                tables.user_task.c.closed_at.is_(None),
            )
        )
        with office.engine.begin() as work:
            work.complete_task(str(row.id), "officer", {})

    def message(name: str) -> Callable[[str], object]:
        return lambda key: send(
            office, name, key, variables={name: f"内容 {name}"}, keep_for=DAY
        )

    events: dict[str, Callable[[str], object]] = {
        "start": lambda key: begin(office, "joined", key),
        "task": complete,
        **{name: message(name) for name in "abc"},
    }
    orders = [
        order
        for order in itertools.permutations(events)
        if order.index("start") < order.index("task")
    ]
    results = []
    for order in orders:
        for name in order:
            events[name]("".join(order))
        results.append(outcome(office, "".join(order)))

    said = {name: f"内容 {name}" for name in "abc"}
    assert [(["办结"], said)] * 60 == results
    assert (0, 0) == (office.count(tables.early_message), office.count(tables.job))


def test_a_message_and_its_receiver_that_come_together_always_meet(
    office: Office, race: Race
) -> None:
    """Whoever is first: the message is never kept beside one who waits for it."""
    office.deploy(ANSWERED)
    other = office.another_engine()
    met = []
    for number in range(30):
        key = f"督{number}号"
        begin(office, "answered", key)
        task_id = office.open_task("发函")

        def complete(task_id: str = task_id) -> None:
            with office.engine.begin() as work:
                work.complete_task(task_id, "officer", {})

        def answer(key: str = key) -> None:
            with other.begin() as work:
                work.correlate("answer", business_key=key, keep_for=DAY)

        assert [None, None] == race([complete, answer])
        met.append(office.waiting())
        office.complete("阅处")

    assert [["阅处"]] * 30 == met
    assert (0, 0) == (office.count(tables.early_message), office.count(tables.job))
    assert MONDAY == office.clock.now()
