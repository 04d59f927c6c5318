"""Call activities: which version is called, what goes in and out, what goes wrong."""

import pytest
import sqlalchemy as sa

from engine import definitions
from engine import tables
from tests.engine.conftest import Office
from tests.engine.elements.diagrams import deploy


def variables(office: Office, key: str) -> dict[str, object]:
    """Return the variables of the one active instance of a process."""
    table = tables.instance
    (row,) = office.rows(
        sa.select(table.c.id).where(table.c.key == key, table.c.status == "active")
    )
    with office.engine.begin() as work:
        return work.variables(row.id)


def test_only_what_is_mapped_goes_in_and_out(office: Office) -> None:
    deploy(office, "call_activity/called", "call_activity/mapped")
    office.start("mapped", a=1, number="督7号", secret=True)

    assert {"b": 1, "c": 2} == variables(office, "called")
    (row,) = office.rows(sa.select(tables.user_task.c.business_key))
    assert "督7号" == row.business_key
    office.complete("answer_it", answer=41, other=5)
    assert ["after"] == office.waiting()
    assert {"said": 41, "more": 42} == {
        name: variables(office, "mapped").get(name) for name in ("said", "more")
    }
    assert "other" not in variables(office, "mapped")


def test_all_variables_can_go_in_and_out(office: Office) -> None:
    deploy(office, "call_activity/called", "call_activity/everything")
    office.start("everything", a=1, b=2)

    assert {"a": 1, "b": 2} == variables(office, "called")
    office.complete("answer_it", answer=3)
    assert {"a": 1, "b": 2, "answer": 3} == variables(office, "everything")


def test_an_expression_can_name_the_called_process(office: Office) -> None:
    deploy(office, "call_activity/called", "call_activity/chosen")
    office.start("chosen", callee="called")

    assert ["answer_it"] == office.waiting()


def test_a_callee_that_an_expression_names_in_vain_becomes_an_incident(
    office: Office,
) -> None:
    deploy(office, "call_activity/chosen")
    instance_id = office.start("chosen", callee="nowhere")

    assert "active" == office.status(instance_id)
    assert 1 == office.count(tables.incident)


def test_a_missing_callee_is_refused_at_deployment(office: Office) -> None:
    with pytest.raises(definitions.DeploymentRefused) as refused:
        deploy(office, "call_activity/lost")

    assert [("callee", "ask")] == [
        (found.problem.rule, found.problem.element_id)
        for found in refused.value.problems
        if found.problem.severity == "error"
    ]
    assert 0 == office.count(tables.definition)


def test_bindings_choose_the_version(office: Office) -> None:
    deploy(office, "call_activity/versioned_1", "call_activity/bound")
    deploy(office, "call_activity/versioned_2")
    for key in ("latest", "second", "tagged"):
        deploy(office, f"call_activity/{key}")
    called = {}
    for key in ("latest", "bound", "second", "tagged"):
        instance_id = office.start(key, wanted=2)
        called[key] = office.waiting()
        with office.engine.begin() as work:
            work.terminate(instance_id, "看过了", "officer")

    assert {
        "latest": ["new"],
        "bound": ["old"],
        "second": ["new"],
        "tagged": ["old"],
    } == called


def test_an_error_climbs_through_several_calls_to_who_catches_it(
    office: Office,
) -> None:
    names = ("failing", "relay", "caught")
    deploy(office, *(f"call_activity/{name}" for name in names))
    office.start("caught")
    office.complete("try", said="不合格", secret="stays below")

    assert ["mend"] == office.waiting()
    assert {"heard": "不合格"} == variables(office, "caught")


def test_an_escalation_is_heard_while_the_called_instance_goes_on(
    office: Office,
) -> None:
    deploy(office, "call_activity/raising", "call_activity/raised")
    office.start("raised")

    assert ["finish", "look"] == office.waiting()


@pytest.mark.parametrize(
    ("folder", "key", "act"),
    [
        ("transaction", "paid", "decide"),
        ("links_and_ends", "terminated_whole", "a"),
    ],
)
def test_called_instances_end_when_nobody_waits_for_them(
    office: Office, folder: str, key: str, act: str
) -> None:
    deploy(office, f"{folder}/answering", f"{folder}/{key}")
    office.start(key, ok=False)
    assert "answer" in office.waiting()
    office.complete(act)

    assert "answer" not in office.waiting()


def test_a_called_instance_can_terminate_whatever_called_it(office: Office) -> None:
    names = ("terminating_all", "terminated_by_call")
    deploy(office, *(f"links_and_ends/{name}" for name in names))
    instance_id = office.start("terminated_by_call")
    office.complete("answer")

    assert ("terminated", []) == (office.status(instance_id), office.waiting())


def test_a_called_instance_can_terminate_the_rounds_it_was_called_in(
    office: Office,
) -> None:
    names = ("terminating_rounds", "rounds_of_calls")
    deploy(office, *(f"links_and_ends/{name}" for name in names))
    office.start("rounds_of_calls", units=["住建局"])
    office.complete("answer")

    assert ["after"] == office.waiting()
    office.complete("after")
    instance_id = office.start("rounds_of_calls", units=["住建局", "民政局"])
    task_id = office.rows(
        sa.select(tables.user_task.c.id).where(tables.user_task.c.closed_at.is_(None))
    )[0].id
    with office.engine.begin() as work:
        work.complete_task(task_id, "officer")

    assert ["after"] == office.waiting()
    assert "active" == office.status(instance_id)


def test_an_interrupted_multi_instance_ends_the_called_instances(
    office: Office,
) -> None:
    deploy(office, "sub_process/answering", "sub_process/interrupted")
    instance_id = office.start("interrupted", units=["住建局"])
    office.complete("step_a")
    office.complete("step_b")
    assert ["answer"] == office.waiting()
    with office.engine.begin() as work:
        work.correlate("recall", instance_id=instance_id)

    assert ["stop"] == office.waiting()
