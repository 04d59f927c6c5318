"""What a matter still lacks of 有布置、有检查、有落实、有结果 (R-04-03)."""

import sqlalchemy as sa

from processes.supervision import tables
from processes.supervision.matters import matters

ASSIGNED, EXAMINED, CARRIED_OUT, SETTLED = PARTS = (
    "有布置",
    "有检查",
    "有落实",
    "有结果",
)
CONCLUDED = ("CLOSED", "ARCHIVED")


def lacking(connection: sa.Connection, matter_id: int) -> tuple[str, ...]:
    """Return which of the four parts the records of a matter do not show yet.

    Assigned: some unit has its part. Examined: the office reviewed a report, urged, or
    went to see. Carried out: a unit reported. Settled: the matter is concluded.
    """
    undertaking, inspection = tables.undertaking.c, tables.inspection.c
    reported = (
        sa.exists()
        .where(tables.progress_report.c.undertaking_id == undertaking.id)
        .where(tables.progress_report.c.submitted_at.is_not(None))
    )
    reviewed = sa.exists().where(tables.review.c.undertaking_id == undertaking.id)
    visited = (
        sa.exists()
        .where(tables.site_visit.c.inspection_id == inspection.id)
        .where(inspection.matter_id == matter_id)
    )
    of_matter = sa.exists().where(undertaking.matter_id == matter_id)
    matter = tables.matter.c
    held = connection.execute(
        sa.select(
            of_matter,
            sa.or_(
                of_matter.where(reviewed),
                sa.exists().where(tables.urge.c.matter_id == matter_id),
                visited,
            ),
            of_matter.where(reported),
            matter.status.in_(CONCLUDED),
        ).where(matter.id == matter_id)
    ).one()
    return tuple(part for part, is_held in zip(PARTS, held, strict=True) if not is_held)


def applies(status: str) -> bool:
    """Whether a matter of this status must come to have all four parts."""
    return status not in matters.ENDED or status in CONCLUDED
