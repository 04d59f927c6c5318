"""Dry runs say what a command would do, refuse what it refuses, and leave no trace."""

import pytest

from engine import errors
from engine import previews
from engine import tables
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task
from tests.engine.operations import FORK
from tests.engine.operations import UNITS
from tests.engine.operations import called


def test_a_termination_ends_everything_below(office: Office) -> None:
    """Branches, tasks and called instances, each by its element."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局", "财政局"])
    office.complete("拟办")
    children = called(office, instance_id)
    before = office.dump()
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id, lambda: work.terminate(instance_id, "作废", None)
        )

    assert before == office.dump()
    assert sorted([instance_id, *children]) == sorted(
        i.instance_id for i in seen.ends.instances
    )
    assert ["承办", "承办"] == [t.name for t in seen.ends.user_tasks]
    assert ["undertake", "undertake", "work", "work"] == [
        b.element_id for b in seen.ends.branches
    ]
    assert previews.Standing() == seen.opens


def test_a_correction_shows_the_condition_it_meets(office: Office) -> None:
    """A conditional event that hears of it, in a sub-process."""
    office.deploy(
        line("watch", task("a", "等待")).replace(
            "</process>",
            '<boundaryEvent id="changed" attachedToRef="a"><conditionalEventDefinition>'
            "<condition>${urgent}</condition></conditionalEventDefinition>"
            "</boundaryEvent>"
            + task("b", "急办")
            + '<sequenceFlow id="x" sourceRef="changed" targetRef="b"/></process>',
        )
    )
    instance_id = office.start("watch", urgent=False)
    before = office.dump()
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id,
            lambda: work.correct_variables(instance_id, {"urgent": True}, None),
        )

    assert before == office.dump()
    assert (["等待"], ["急办"]) == (
        [t.name for t in seen.ends.user_tasks],
        [t.name for t in seen.opens.user_tasks],
    )


def test_a_completion_shows_where_it_leads_and_its_handlers_leave_nothing(
    office: Office,
) -> None:
    """Rows, jobs and letters of a handler go with the dry run."""

    @office.registry.channel("letter")
    def letter(message: object) -> None:
        raise AssertionError("a dry run sends nothing")

    @office.registry.handler("issue")
    def issue(call: object) -> None:
        call.work.send("letter", "公安局", {}, key="notice")  # type: ignore[attr-defined]

    office.deploy(
        line("issued", task("a", "拟办"), service("b", "issue"), task("c", "后"))
    )
    instance_id = office.start("issued")
    task_id = office.open_task("拟办")
    with office.engine.begin() as work:
        seen = work.preview(instance_id, lambda: work.complete_task(task_id, "officer"))
        assert ["后"] == [t.name for t in seen.opens.user_tasks]
        work.claim_task(task_id, "officer")

    assert ["拟办"] == office.waiting()
    assert (0, 0) == (office.count(tables.outbox), office.count(tables.job))


def test_a_dry_run_refuses_what_the_command_refuses(office: Office) -> None:
    """In the same words; and knows the instance it is asked about."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    task_id = office.open_task("起草")
    before = office.dump()
    with office.engine.begin() as work:
        with pytest.raises(errors.Forbidden):
            work.preview(instance_id, lambda: work.complete_task(task_id, "director"))
        with pytest.raises(errors.NotFound):
            work.preview("nothing", lambda: None)

    assert before == office.dump()
