"""The totals of a simulated year: what the office's own records say came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from processes.supervision import tables

#: Columns of a matter that an entry of the volumes may be told by; else its source.
COLUMNS = ("procedure", "source_leader", "source_rank", "source_type")


@dataclass(frozen=True)
class Total:
    """One line: what the yearbook says, and what the records say."""

    label: str
    expected: int
    counted: int
    concluded: int
    #: Not one of the categories that sum up to what was registered (Q-11).
    beside: bool


def count(connection: sa.Connection, volumes: Mapping[str, Any]) -> list[Total]:
    """Return a total for every entry of the volumes and for every series."""
    found = []
    for entry in volumes["intake"]:
        chosen = _matters(connection, entry["where"])
        found.append(
            Total(
                label=entry["label"],
                expected=entry.get("rows", entry["count"]),
                counted=_COUNTS[entry.get("counts", "matters")](connection, chosen),
                concluded=sum(
                    status in ("CLOSED", "ARCHIVED", "LONG_TERM", "SELF_HANDLED")
                    for status in chosen.values()
                ),
                beside=entry.get("beside", False),
            )
        )
    circular = tables.circular.c
    for series in volumes["series"]:
        issued = connection.scalar(
            sa.select(sa.func.count()).where(
                circular.series == series["name"], circular.status == "ISSUED"
            )
        )
        found.append(
            Total(series["name"], series["count"], int(issued or 0), 0, beside=True)
        )
    return found


def _matters(connection: sa.Connection, where: Mapping[str, Any]) -> dict[int, str]:
    """Return the status of each matter that an entry speaks of."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(tables.matter).where(
            matter.procedure == where["procedure"], matter.status != "MERGED"
        )
    )
    found = {}
    for row in rows:
        told = {**row.source, **{name: row._mapping[name] for name in COLUMNS}}
        if all(_fits(told.get(key), wanted) for key, wanted in where.items()):
            found[row.id] = row.status
    return found


def _fits(value: object, wanted: object) -> bool:
    return value in wanted if isinstance(wanted, list) else value == wanted


def _count_matters(connection: sa.Connection, chosen: Mapping[int, str]) -> int:
    return len(chosen)


def _count_mandates(connection: sa.Connection, chosen: Mapping[int, str]) -> int:
    proposal, mandate = tables.proposal.c, tables.mandate.c
    newest = (
        sa.select(sa.func.max(proposal.id))
        .where(proposal.matter_id.in_(chosen))
        .group_by(proposal.matter_id)
    )
    found = connection.scalar(
        sa.select(sa.func.count()).where(mandate.proposal_id.in_(newest))
    )
    return int(found or 0)


def _count_visits(connection: sa.Connection, chosen: Mapping[int, str]) -> int:
    visit, inspection = tables.site_visit.c, tables.inspection.c
    found = connection.scalar(
        sa.select(sa.func.count())
        .select_from(tables.site_visit)
        .join(tables.inspection, inspection.id == visit.inspection_id)
        .where(inspection.matter_id.in_(chosen))
    )
    return int(found or 0)


_COUNTS = {
    "matters": _count_matters,
    "mandates": _count_mandates,
    "visits": _count_visits,
}
