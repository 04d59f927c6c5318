"""Comparisons (比对): the plan of a period against what was done.

Made once for each mandate and period, when the time for reports is over; what comes
later changes no comparison. They are what the periodic circulars rest on.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes import procedures
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.targets import completions
from processes.supervision.targets import targets
from processes.supervision.undertakings import undertakings

#: Lists A and B of 003, and who is on neither.
VERDICT_LABELS: Mapping[str, str] = {
    "DONE": "已完成全年目标",
    "ON_PLAN": "达到计划",
    "BEHIND": "未完成计划",
    "MISSING": "未反馈",
}
LONGEST_CONTENT = 40
LONGEST_BODY = 19_000


@dataclass(frozen=True)
class Comparison:
    """A mandate in one period; `planned` and `actual` are figures as text.

    `behind` counts milestones, `consecutive` the periods in a row it was behind.
    """

    id: int
    matter_id: int
    mandate_id: int
    period: str
    planned: str
    actual: str | None
    verdict: str
    behind: int
    consecutive: int
    at: datetime


@dataclass(frozen=True)
class Line:
    """A comparison with what it is about."""

    mandate: mandates.Mandate
    undertaking: undertakings.Undertaking
    comparison: Comparison


@dataclass(frozen=True)
class Measured:
    """What a comparison found, before it is kept."""

    planned: str
    actual: str | None
    verdict: str
    behind: int


Measure = Callable[
    [mandates.Mandate, undertakings.Undertaking, completions.Completion], Measured
]


def compare_quarter(
    work: handlers.Work, matter: matters.Matter, period: str, ids: Sequence[int]
) -> list[Line]:
    """Compare each indicator with the quarter's plan and the year's target."""
    due_on = work.calendar.local_date(undertakings.get(work.connection, ids[0]).due_at)
    quarter = quarter_of(work.connection, matter, due_on)

    def measure(
        mandate: mandates.Mandate,
        undertaking: undertakings.Undertaking,
        completion: completions.Completion,
    ) -> Measured:
        indicator = targets.in_force(work.connection, mandate) or {}
        planned = targets.exact(indicator.get(f"q{quarter}"))
        target = targets.exact(indicator.get("target"))
        actual = completion.indicator_value
        if actual is None:
            verdict = "MISSING"
        elif target is not None and actual >= target:
            verdict = "DONE"
        elif planned is None or actual >= planned:
            verdict = "ON_PLAN"
        else:
            verdict = "BEHIND"
        return Measured(
            targets.shown(planned),
            None if actual is None else targets.shown(actual),
            verdict,
            behind=0,
        )

    return _compare(work, matter, period, ids, measure)


def compare_milestones(
    work: handlers.Work, matter: matters.Matter, period: str, ids: Sequence[int]
) -> list[Line]:
    """Compare how many milestones should be reached by now with how many are (003).

    A project that has not reported stands where it stood when it last did.
    """

    def measure(
        mandate: mandates.Mandate,
        undertaking: undertakings.Undertaking,
        completion: completions.Completion,
    ) -> Measured:
        by = work.calendar.local_date(undertaking.due_at).isoformat()
        planned = sum(one["on"] <= by for one in mandate.milestones)
        before = _last(work.connection, mandate.id)
        known = int(before.actual or 0) if before else 0
        reported = completion.milestones_done
        actual = known if reported is None else reported
        behind = max(0, planned - actual)
        if actual >= len(mandate.milestones):
            verdict = "DONE"
        elif behind:
            verdict = "BEHIND"
        else:
            verdict = "ON_PLAN"
        return Measured(str(planned), str(actual), verdict, behind)

    return _compare(work, matter, period, ids, measure)


def quarter_of(connection: sa.Connection, matter: matters.Matter, due_on: date) -> int:
    """Return which of the year's feedback dates a due day belongs to, from 1.

    The nearest one: a date that fell on a day of rest has moved by some days.
    """
    dates = sources.procedure_of(connection, matter).feedback.get("dates")
    if not dates:
        raise procedures.BadProcedure("[feedback] 没有 dates，分不出季度。")
    away = [
        abs((date.fromisoformat(f"{due_on.year}-{one}") - due_on).days) for one in dates
    ]
    return 1 + away.index(min(away))


def get(connection: sa.Connection, comparison_id: int) -> Comparison:
    """Return the comparison of this id."""
    row = connection.execute(
        sa.select(tables.comparison).where(tables.comparison.c.id == comparison_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(comparison=comparison_id)
    return Comparison(**row._mapping)


def latest(connection: sa.Connection, matter_id: int) -> Mapping[int, Comparison]:
    """Return the last comparison of each mandate."""
    comparison = tables.comparison.c
    rows = connection.execute(
        sa.select(tables.comparison)
        .where(comparison.matter_id == matter_id)
        .order_by(comparison.id)
    )
    return {row.mandate_id: Comparison(**row._mapping) for row in rows}


def of_matter(connection: sa.Connection, matter_id: int) -> list[Comparison]:
    """Return every comparison of a matter, the first one first (RP-06, RP-11)."""
    comparison = tables.comparison.c
    rows = connection.execute(
        sa.select(tables.comparison)
        .where(comparison.matter_id == matter_id)
        .order_by(comparison.id)
    )
    return [Comparison(**row._mapping) for row in rows]


def listed(lines: Iterable[Line], verdict: str) -> list[Line]:
    """Return the lines of one verdict: DONE is list A, BEHIND list B."""
    return [line for line in lines if line.comparison.verdict == verdict]


def told(
    connection: sa.Connection, lines: Sequence[Line], headings: Mapping[str, str]
) -> str:
    """Return the body of a circular: one list under each heading, by verdict."""
    units = phrases.unit_names(connection, {line.undertaking.unit for line in lines})
    reported = [line for line in lines if line.undertaking.first_reported_at]
    parts = [f"本期应反馈{len(lines)}项，已反馈{len(reported)}项。"]
    numerals = "一二三四五六"
    for number, (verdict, heading) in enumerate(headings.items()):
        found = listed(lines, verdict)
        parts.append(f"{numerals[number]}、{heading}（{len(found)}项）")
        parts += [
            f"{place}.{units[line.undertaking.unit]}：{_said(line)}"
            for place, line in enumerate(found, start=1)
        ]
    return "\n".join(parts)


def shortened(body: str) -> str:
    """Return a text that a circular holds: whole lines, and how many are left out."""
    lines = body.split("\n")
    kept, length = [], 0
    for line in lines:
        length += len(line) + 1
        if length > LONGEST_BODY:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    return "\n".join([*kept, f"（另有{left}行，见进度表。）"] if left else kept)


def named_units(lines: Iterable[Line], reason: str) -> list[dict[str, str]]:
    """Return each unit once with why it is praised or criticized."""
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.undertaking.unit, []).append(targets.label(line.mandate))
    return [
        {"name": unit, "reason": f"{'、'.join(labels)}{reason}"[:500]}
        for unit, labels in found.items()
    ]


def lines_of(
    connection: sa.Connection, ids: Sequence[int]
) -> list[tuple[mandates.Mandate, undertakings.Undertaking, completions.Completion]]:
    """Return each undertaking with its mandate and what it has come to."""
    done = completions.of_undertakings(connection, ids)
    found = []
    for undertaking_id in ids:
        undertaking = undertakings.get(connection, undertaking_id)
        mandate = mandates.get(connection, undertaking.mandate_id)
        completion = done.get(undertaking_id, completions.NOTHING)
        found.append((mandate, undertaking, completion))
    return sorted(found, key=lambda one: one[0].serial)


def _compare(
    work: handlers.Work,
    matter: matters.Matter,
    period: str,
    ids: Sequence[int],
    measure: Measure,
) -> list[Line]:
    found = []
    for mandate, undertaking, completion in lines_of(work.connection, ids):
        measured = measure(mandate, undertaking, completion)
        before = _last(work.connection, mandate.id)
        lagging = measured.behind > 0
        row = work.connection.execute(
            tables.comparison.insert()
            .values(
                matter_id=matter.id,
                mandate_id=mandate.id,
                period=period,
                planned=measured.planned,
                actual=measured.actual,
                verdict=measured.verdict,
                behind=measured.behind,
                # On time again, it begins anew (恢复按期则解除).
                consecutive=(before.consecutive if before else 0) + 1 if lagging else 0,
                at=work.now(),
            )
            .returning(tables.comparison)
        ).one()
        found.append(Line(mandate, undertaking, Comparison(**row._mapping)))
    return found


def _last(connection: sa.Connection, mandate_id: int) -> Comparison | None:
    comparison = tables.comparison.c
    row = connection.execute(
        sa.select(tables.comparison)
        .where(comparison.mandate_id == mandate_id)
        .order_by(comparison.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Comparison(**row._mapping)


def _said(line: Line) -> str:
    mandate, comparison = line.mandate, line.comparison
    content = mandate.content[:LONGEST_CONTENT]
    unit = str((mandate.indicator or {}).get("unit", "个节点"))
    actual = "未报" if comparison.actual is None else f"{comparison.actual}{unit}"
    return (
        f"{targets.label(mandate)} {content}（计划{comparison.planned}{unit}，"
        f"完成{actual}）"
    )
