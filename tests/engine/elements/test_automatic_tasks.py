"""Service, send and business-rule tasks: handlers, expressions, tables, messages."""

import pytest

from engine import handlers
from engine import tables
from tests.engine.conftest import Office
from tests.engine.elements import diagrams
from tests.engine.elements.diagrams import deploy

LIGHTS = (diagrams.FOLDER / "automatic_tasks/lights.dmn").read_bytes()


def variables(office: Office, instance_id: str) -> dict[str, object]:
    """Return the variables of an instance."""
    with office.engine.begin() as work:
        return work.variables(instance_id)


@pytest.mark.parametrize("key", ["handled", "told_by_handler", "thrown_by_handler"])
def test_a_handler_runs_and_what_it_returns_becomes_variables(
    office: Office, key: str
) -> None:
    @office.registry.handler("greet")
    def greet(call: handlers.Call) -> dict[str, object]:
        return {"greeting": f"{call.variables['who']}好"}

    deploy(office, f"automatic_tasks/{key}")
    instance_id = office.start(key, who="主任")

    assert "主任好" == variables(office, instance_id)["greeting"]


def test_an_expression_sets_its_result_variable(office: Office) -> None:
    deploy(office, "automatic_tasks/computed")
    instance_id = office.start("computed", a=41)

    assert {"a": 41, "b": 42} == variables(office, instance_id)


def test_a_send_task_without_implementation_sends_its_message(office: Office) -> None:
    deploy(office, "automatic_tasks/told", "messages/begun")
    instance_id = office.start("told")
    office.later()

    assert "completed" == office.status(instance_id)
    assert ["work"] == office.waiting()


def test_an_external_task_waits_for_another_program(office: Office) -> None:
    deploy(office, "automatic_tasks/elsewhere")
    instance_id = office.start("elsewhere")

    assert [] == office.waiting()
    with office.engine.begin() as work:
        assert ("outside",) == work.active_elements(instance_id)


@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ("singleEntry", 1),
        ("singleResult", {"light": 1}),
        ("collectEntries", [1]),
        ("resultList", [{"light": 1}]),
    ],
)
def test_a_decision_comes_in_the_shape_that_is_asked_for(
    office: Office, shape: str, result: object
) -> None:
    key = f"decided_{shape}"
    deploy(office, f"automatic_tasks/{key}", **{"lights.dmn": LIGHTS})
    instance_id = office.start(key, days=4)

    assert result == variables(office, instance_id)["result"]


@pytest.mark.parametrize(
    ("policy", "days", "result"),
    [
        ('hitPolicy="UNIQUE"', 4, [1]),
        ('hitPolicy="FIRST"', 0, [1]),
        ('hitPolicy="ANY"', 4, [1]),
        ('hitPolicy="PRIORITY"', 0, [3]),
        ('hitPolicy="RULE ORDER"', 0, [1, 3, 2]),
        ('hitPolicy="OUTPUT ORDER"', 0, [3, 2, 1]),
        ('hitPolicy="COLLECT"', 2, [1, 3]),
        ('hitPolicy="COLLECT" aggregation="SUM"', 0, [6]),
        ('hitPolicy="COLLECT" aggregation="MIN"', 0, [1]),
        ('hitPolicy="COLLECT" aggregation="MAX"', 0, [3]),
        ('hitPolicy="COLLECT" aggregation="COUNT"', 0, [3]),
        ('hitPolicy="FIRST"', 9, []),
    ],
)
def test_every_hit_policy_decides(
    office: Office, policy: str, days: int, result: list[int]
) -> None:
    table = LIGHTS.replace(b'hitPolicy="UNIQUE"', policy.encode())
    deploy(office, "automatic_tasks/decided_collectEntries", **{"lights.dmn": table})
    instance_id = office.start("decided_collectEntries", days=days)

    assert result == variables(office, instance_id)["result"]


def test_a_table_that_must_be_unique_and_is_not_becomes_an_incident(
    office: Office,
) -> None:
    deploy(office, "automatic_tasks/decided_singleEntry", **{"lights.dmn": LIGHTS})
    office.start("decided_singleEntry", days=0)

    assert [] == office.waiting()
    assert 1 == office.count(tables.incident)
