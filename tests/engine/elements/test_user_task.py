"""User tasks: who may take them, and the listeners that see them open and close."""

import sqlalchemy as sa

from engine import handlers
from engine import tables
from engine.bpmn.game import surroundings
from tests.engine.conftest import Office
from tests.engine.elements.diagrams import deploy


def candidates(office: Office) -> list[tuple[str, str]]:
    """Return the candidates of all tasks: kind and value."""
    rows = office.rows(sa.select(tables.candidate.c.kind, tables.candidate.c.value))
    return sorted((row.kind, row.value) for row in rows)


def test_the_lane_says_who_may_take_a_task_that_names_nobody(office: Office) -> None:
    deploy(office, "user_task/by_lane")
    office.start("by_lane", unit="zjj")

    assert [("group", "unit_handler.zjj")] == candidates(office)


def test_attributes_say_who_may_take_it_until_when_and_how_urgent(
    office: Office,
) -> None:
    deploy(office, "user_task/by_attributes")
    due = "2026-10-09T17:30:00+08:00"
    office.start("by_attributes", group="deputy", users=["甲", "乙"], due=due)
    (row,) = office.rows(
        sa.select(tables.user_task.c.priority, tables.user_task.c.due_at)
    )

    assert [
        ("group", "deputy"),
        ("group", "officer"),
        ("person", "乙"),
        ("person", "甲"),
    ] == candidates(office)
    assert (70, "2026-10-09T09:30:00+00:00") == (row.priority, row.due_at.isoformat())


def test_listeners_hear_a_task_open_and_close(office: Office) -> None:
    heard = []

    @office.registry.handler("greet")
    def greet(call: handlers.Call) -> dict[str, object]:
        heard.append("create")
        return {"greeted": True}

    @office.registry.handler("record")
    def record(call: handlers.Call) -> None:
        heard.append(f"complete {call.fields['answer']} {call.variables['greeted']}")

    deploy(office, "user_task/listened")
    instance_id = office.start("listened")
    office.complete("work", answer="同意")

    assert ["create", "complete 同意 True"] == heard
    assert "completed" == office.status(instance_id)


def test_an_error_of_a_listener_is_caught_on_its_task(office: Office) -> None:
    @office.registry.handler("record")
    def record(call: handlers.Call) -> None:
        raise surroundings.BpmnError("BAD", "不合格")

    deploy(office, "user_task/refused_by_listener")
    office.start("refused_by_listener")
    office.complete("work")

    assert ["mend"] == office.waiting()
