"""Verbs of scenarios about inspections and their groups."""

from collections.abc import Mapping
from typing import Any

from engine import scenarios
from engine import testing
from processes.supervision import avoidances
from processes.supervision.deadlines import lights
from processes.supervision.inspections import inspection_groups
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspections
from processes.supervision.inspections import site_visits
from processes.verbs import finding


def _avoidance(story: testing.Story, given: object) -> None:
    """Declare somebody's interest in a unit."""
    found = scenarios.arguments(
        given, "as", "unit", "reason", optional=("account", "name")
    )
    with story.command() as work:
        avoidances.enter(work, found, person=found["as"])


def _inspection(story: testing.Story, given: Any) -> None:
    """Say how the matter's last inspection stands."""
    expected = scenarios.mapping(given)
    with story.engine.read() as connection:
        found = inspections.of_matter(connection, finding.matter(story).id)
        if not found:
            raise scenarios.Unmet("还没有督查活动。")
        last = found[-1]
        due = last.report_due_at
        actual: dict[str, object] = {
            "种类": last.kind,
            "状态": inspections.STATE_LABELS[last.state],
            "灯": lights.LABELS[last.light],
            "曾亮红灯": last.ever_red,
            "报告时限": None if due is None else scenarios.shown(due),
            "去向": inspections.OUTCOME_LABELS.get(last.outcome or ""),
            "方案": len(inspection_plans.of_inspection(connection, last.id)),
            "组员": len(inspection_groups.of_inspection(connection, last.id)),
            "现场": len(site_visits.of_inspection(connection, last.id)),
            "问题": len(site_visits.findings(connection, last.id)),
        }
    for key, value in expected.items():
        if key not in actual:
            known = "、".join(actual)
            raise scenarios.BadScenario(f"督查活动没有“{key}”，只有{known}。")
        scenarios.expect(value, actual[key], f"督查活动的{key}")


VERBS: Mapping[str, scenarios.Verb] = {
    "avoidance": _avoidance,
    "inspection": _inspection,
}
