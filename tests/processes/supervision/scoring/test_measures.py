"""The measure of scoring: which rule holds for which matter, and what is refused."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine import definitions
from engine.bpmn import decisions
from engine.engine import Engine
from processes import office
from processes.supervision import policies
from processes.supervision.scoring import measures
from processes.supervision.scoring import scores

SHIPPED = office.CATALOG / "common/decisions/scoring.dmn"
OLD = '[date("2000-01-01")..date("2099-12-31")]'


def shipped() -> str:
    return SHIPPED.read_text(encoding="utf-8")


def table(text: str) -> decisions.Decision:
    return decisions.read_decisions(text.encode())[0]


@pytest.mark.parametrize(
    ("event", "count", "points", "cap"),
    [
        (scores.OVERDUE, 1, -10, 50),
        (scores.OVERDUE, 2, -10, 50),
        (scores.OVERDUE, 9, -10, 50),
        (scores.RETURNED, 2, -5, None),
        (scores.RETURNED, 3, -5, None),
        (scores.URGED, 2, -30, None),
        (scores.URGED, 3, -100, None),
        (scores.FALSIFIED, 1, -100, None),
        (scores.PRAISED, 1, 20, None),
    ],
)
def test_the_shipped_measure_gives_the_points_of_the_requirements(
    event: str, count: int, points: int, cap: int | None
) -> None:
    """Defaults of domain §5.1, in tenths."""
    rule = measures.decide(table(shipped()), event, count, date(2026, 9, 24))

    assert rule is not None
    assert (points, cap) == (rule.points_tenths, rule.cap_tenths)


@pytest.mark.parametrize(
    ("event", "count"),
    [(scores.RETURNED, 1), (scores.URGED, 1), ("LATE_FOR_LUNCH", 1)],
)
def test_a_first_return_a_first_letter_and_what_no_rule_knows_cost_nothing(
    event: str, count: int
) -> None:
    assert None is measures.decide(table(shipped()), event, count, date(2026, 9, 24))


@pytest.mark.requirement("R-03-01")
def test_a_matter_from_before_a_new_measure_keeps_the_old_rule() -> None:
    """The old measure ends with June, the new one gives two points for the first."""
    both = table(renewed("2026-06-30", "2026-07-01"))

    before, after = (
        measures.decide(both, scores.OVERDUE, 1, day)
        for day in (date(2026, 6, 30), date(2026, 7, 1))
    )

    assert before is not None
    assert after is not None
    assert (("2026.1", -10), ("2026.2", -20)) == (
        (before.version, before.points_tenths),
        (after.version, after.points_tenths),
    )


@pytest.mark.requirement("R-03-01")
def test_measures_that_overlap_by_a_day_are_refused_and_named() -> None:
    both = table(renewed("2026-07-01", "2026-07-01"))

    with pytest.raises(measures.Overlapping, match="有效期重叠"):
        measures.decide(both, scores.OVERDUE, 1, date(2026, 9, 24))


def test_a_rule_without_its_days_is_refused() -> None:
    broken = table(shipped().replace(OLD, "-", 1))

    with pytest.raises(measures.Overlapping, match="有效期应写成"):
        measures.require_disjoint(broken)


def test_without_a_measure_nothing_is_scored(engine: Engine, tmp_path: Path) -> None:
    with engine.read() as connection, pytest.raises(policies.NoPolicy):
        policies.in_force(connection, "a_measure_nobody_deployed")


def renewed(last: str, first: str) -> str:
    """Return the measure with a new first rule beside the old one."""
    begin = shipped().index('<rule id="rule_overdue_first">')
    end = shipped().index("</rule>", begin) + len("</rule>")
    old = shipped()[begin:end]
    new = (
        old.replace("overdue_first", "overdue_first_renewed")
        .replace("2000-01-01", first)
        .replace("2026.1", "2026.2")
        .replace("<text>-1</text>", "<text>-2</text>")
    )
    closed = old.replace("2099-12-31", last)
    return shipped().replace(old, closed + new)


@pytest.mark.requirement("R-03-01")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: renewed("2026-07-01", "2026-07-01"), "有效期重叠"),
        (lambda text: text.replace(OLD, "-", 1), "有效期应写成"),
        (lambda text: text.replace("<text>count</text>", "<text>n</text>"), "输入列"),
        (lambda text: text.replace('name="cap"', 'name="limit"'), "输出列cap"),
    ],
    ids=["overlapping", "without days", "another input", "no cap"],
)
def test_a_measure_that_is_wrong_is_not_deployed(
    engine: Engine, change: Callable[[str], str], words: str
) -> None:
    with engine.begin() as work:
        before = policies.in_force(work.connection, measures.DECISION)
        with pytest.raises(definitions.DeploymentRefused) as refused:
            work.deploy({"scoring.dmn": change(shipped()).encode()})

        assert words in "".join(one.problem.message for one in refused.value.problems)
        assert before == policies.in_force(work.connection, measures.DECISION)
