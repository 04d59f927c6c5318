"""Rows for tests of figures: matters and undertakings as they stand, not as they grew.

What is counted is written straight into the tables, so that a test says in a line what
happened when; how such rows come about is told elsewhere.
"""

from collections.abc import Iterable
from datetime import UTC
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import workdays
from processes.supervision import tables

SINCE = datetime(2026, 7, 1, 1, tzinfo=UTC)


def moment(day: date, hour: int = 9) -> datetime:
    """Return an hour of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=workdays.SHANGHAI)


def due(day: date) -> datetime:
    """Return the last second of a day in Shanghai."""
    end = datetime(day.year, day.month, day.day, 23, 59, 59)
    return end.replace(tzinfo=workdays.SHANGHAI)


def matter(connection: sa.Connection, **changes: object) -> int:
    """Write a matter of the hotline that is handled; return its id."""
    values = {
        "number": None,
        "title": "路灯不亮",
        "category": "07",
        "procedure": "proc_mayor_hotline",
        "source_type": "热线",
        "source": {},
        "urgency": "平件",
        "secrecy": "内部",
        "status": "IN_PROGRESS",
        "received_on": date(2026, 7, 1),
        "assigned_on": date(2026, 7, 1),
        "due_at": due(date(2026, 9, 30)),
        "due_workdays": 60,
        "due_provisional": False,
        "light": "GREEN",
        "created_at": SINCE,
        **changes,
    }
    return int(
        connection.execute(
            tables.matter.insert().values(**values).returning(tables.matter.c.id)
        ).scalar_one()
    )


def mandates(connection: sa.Connection, matter_id: int, count: int) -> list[int]:
    """Write a proposal of so many mandates; return their ids."""
    proposal_id = connection.execute(
        tables.proposal.insert()
        .values(
            matter_id=matter_id,
            version=1,
            opinion="拟办",
            person="dc_officer",
            at=SINCE,
        )
        .returning(tables.proposal.c.id)
    ).scalar_one()
    rows = connection.execute(
        tables.mandate.insert().returning(tables.mandate.c.id),
        [
            {
                "matter_id": matter_id,
                "proposal_id": proposal_id,
                "serial": serial,
                "content": f"任务{serial}",
                "requirement": "落实",
                "lead_unit": "zjj",
                "duty": "主办",
                "assisting": [],
                "due_on": date(2026, 9, 30),
                "report_class": "GENERAL",
                "milestones": [],
            }
            for serial in range(1, count + 1)
        ],
    )
    return list(rows.scalars())


def undertaking(
    connection: sa.Connection,
    unit: str,
    due_on: date,
    *,
    reported: datetime | None = None,
    matter_id: int | None = None,
    **changes: object,
) -> int:
    """Write the lead undertaking of a matter of its own; return its id.

    `reported` is when it was handed in, for the first and the last time; accepted the
    same moment.
    """
    if matter_id is None:
        matter_id = matter(connection)
    values = {
        "matter_id": matter_id,
        "mandate_id": mandates(connection, matter_id, 1)[0],
        "number": f"T{matter_id}-{unit}-{due_on}",
        "round": 1,
        "role": "LEAD",
        "unit": unit,
        "duty": "主办",
        "state": "HANDLING" if reported is None else "ACCEPTED",
        "issued_at": SINCE,
        "sign_due_at": due(date(2026, 7, 2)),
        "original_due_at": due(due_on),
        "due_at": due(due_on),
        "due_provisional": False,
        "signed_at": SINCE,
        "reported_at": reported,
        "first_reported_at": reported,
        "closed_at": reported,
        "light": "GREEN",
        **changes,
    }
    return int(
        connection.execute(
            tables.undertaking.insert()
            .values(**values)
            .returning(tables.undertaking.c.id)
        ).scalar_one()
    )


def report(connection: sa.Connection, undertaking_id: int, at: datetime) -> int:
    """Write a report handed in then; return its id."""
    return int(
        connection.execute(
            tables.progress_report.insert()
            .values(
                undertaking_id=undertaking_id,
                version=1,
                report_class="GENERAL",
                body="已办",
                word_count=2,
                completion="DONE",
                progress=100,
                problems="无",
                need_rectify=False,
                measures=[],
                investigated=False,
                drafted_by="unit_handler.zjj",
                submitted_at=at,
            )
            .returning(tables.progress_report.c.id)
        ).scalar_one()
    )


def review(
    connection: sa.Connection, undertaking_id: int, report_id: int, at: datetime
) -> None:
    """Write that a report was sent back."""
    connection.execute(
        tables.review.insert().values(
            undertaking_id=undertaking_id,
            report_id=report_id,
            accurate=False,
            objective=True,
            truthful=True,
            verdict="RETURN_REDO",
            reasons=["FACT_UNCLEAR"],
            comment="请补充",
            person="dc_officer",
            at=at,
        )
    )


def matters(connection: sa.Connection, count: int, **changes: object) -> None:
    """Write so many matters alike, at once."""
    first = matter(connection, **changes)
    row = connection.execute(
        sa.select(tables.matter).where(tables.matter.c.id == first)
    ).one()
    values = {key: value for key, value in row._mapping.items() if key != "id"}
    copies: Iterable[dict[str, object]] = [dict(values) for _ in range(count - 1)]
    if copies:
        connection.execute(tables.matter.insert(), list(copies))
