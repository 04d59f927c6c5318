"""Completions (完成情况): what a unit tells in figures beside its report."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.targets import targets
from processes.supervision.undertakings import undertakings

#: Only what was reported, and not sent back, counts.
COUNTED = ("REPORTED", "ACCEPTED")
MOST_MILESTONES = 100
KEYS = ("indicator_value", "investment", "visible_progress", "milestones_done")


@dataclass(frozen=True)
class Completion:
    """What one undertaking has come to; the investment is in 万元."""

    indicator_value: Decimal | None
    investment: Decimal | None
    visible_progress: str | None
    milestones_done: int | None


NOTHING = Completion(None, None, None, None)


def record(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None,
) -> None:
    """Keep the figures of a report; the newest count.

    Reads indicator_value, investment, visible_progress and milestones_done. What the
    procedure measures by must be there: else nothing could be compared.
    """
    _require(work.connection, undertaking, given)
    if all(given.get(key) in (None, "") for key in KEYS):
        return
    work.connection.execute(
        tables.completion.insert().values(
            undertaking_id=undertaking.id,
            indicator_value=_figure(given, "indicator_value", "指标完成值"),
            investment=_figure(given, "investment", "投资完成"),
            visible_progress=entries.optional_text(
                given, "visible_progress", longest=2000
            )
            or None,
            milestones_done=entries.optional_whole(
                given, "milestones_done", least=0, largest=MOST_MILESTONES
            ),
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
    )


def of_undertakings(
    connection: sa.Connection, ids: Iterable[int]
) -> Mapping[int, Completion]:
    """Return the newest figures of those undertakings whose report stands."""
    completion, undertaking = tables.completion.c, tables.undertaking.c
    rows = connection.execute(
        sa.select(tables.completion)
        .join(tables.undertaking, undertaking.id == completion.undertaking_id)
        .where(completion.undertaking_id.in_(list(ids)), undertaking.state.in_(COUNTED))
        .order_by(completion.id)
    )
    return {
        row.undertaking_id: Completion(
            indicator_value=targets.exact(row.indicator_value),
            investment=targets.exact(row.investment),
            visible_progress=row.visible_progress,
            milestones_done=row.milestones_done,
        )
        for row in rows
    }


def _require(
    connection: sa.Connection,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
) -> None:
    matter = matters.get(connection, undertaking.matter_id)
    kind = targets.measured_by(connection, matter)
    if kind == "indicator":
        mandate = mandates.get(connection, undertaking.mandate_id)
        name = (mandate.indicator or {}).get("name", "")
        targets.figure(given, "indicator_value", f"“{name}”完成值", rule="R-01-09")
    elif kind == "progress":
        if not entries.optional_text(given, "visible_progress"):
            raise entries.refusal(
                "visible_progress", "形象进度不能为空。", rule="R-01-16"
            )
        targets.figure(given, "investment", "投资完成", rule="R-01-16")
    elif kind == "milestones":
        targets.figure(given, "milestones_done", "已完成节点数", rule="R-03-11")


def _figure(given: entries.Entries, key: str, label: str) -> str | None:
    if given.get(key) in (None, ""):
        return None
    return targets.shown(targets.figure(given, key, label))
