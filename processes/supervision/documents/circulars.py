"""Circulars (通报、专报、督查通知): drafted, approved, then issued under a number.

Each series counts its issues anew every year and runs a total besides. A number is
drawn when the circular is issued and is never given twice; a circular that is voided
keeps its number (domain §3.4).
"""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import numbers
from processes.supervision import tables

SERIES = (
    "督查通知",
    "督查专报",
    "督查通报",
    "重要工作情况通报",
    "政务督查专报",
)
#: The total of a series runs through all years.
TOTAL = 0
STATUS_LABELS = {"DRAFT": "未印发", "ISSUED": "已印发", "VOID": "已作废"}


class NotIssued(errors.Refused):
    """这一期通报还没有印发，或者已经作废。"""


@dataclass(frozen=True)
class Circular:
    """One circular; `praised` and `criticized` are rows of name and reason."""

    id: int
    matter_id: int
    series: str
    year: int | None
    issue_no: int | None
    total_no: int | None
    title: str
    body: str
    praised: list[dict[str, str]]
    criticized: list[dict[str, str]]
    cc: list[str]
    status: str
    issued_at: datetime | None
    person: str
    on_behalf_of: str | None
    at: datetime

    @property
    def number(self) -> str:
        """How it is cited: 督查通报〔2026〕第3期; empty before it is issued."""
        if self.issue_no is None:
            return ""
        return f"{self.series}〔{self.year}〕第{self.issue_no}期"


def draft(
    work: handlers.Work,
    *,
    matter_id: int,
    series: str,
    given: entries.Entries,
    person: str,
    on_behalf_of: str | None = None,
    circular_id: int | None = None,
) -> Circular:
    """Keep the draft of a circular; one that was sent back is written over.

    Reads title, body, praised and criticized (rows of name and reason) and cc.
    """
    if not series.endswith(SERIES):
        raise entries.refusal("series", f"没有“{series}”这一系列。", rule="R-03-04")
    values = {
        "title": entries.text(given, "title", longest=200),
        "body": entries.text(given, "body"),
        "praised": _named(given, "praised"),
        "criticized": _named(given, "criticized"),
        "cc": list(_texts(given, "cc")),
        "person": person,
        "on_behalf_of": on_behalf_of,
        "at": work.now(),
    }
    circular = tables.circular
    if circular_id is not None and get(work.connection, circular_id).status == "DRAFT":
        work.connection.execute(
            circular.update().where(circular.c.id == circular_id).values(**values)
        )
        return get(work.connection, circular_id)
    row = work.connection.execute(
        circular.insert()
        .values(matter_id=matter_id, series=series, status="DRAFT", **values)
        .returning(circular)
    ).one()
    return Circular(**row._mapping)


def own_series(connection: sa.Connection, unit: str) -> str:
    """Return the series in which a unit issues circulars of its own (R-00-38)."""
    name = connection.scalar(
        sa.select(engine_tables.unit.c.short_name).where(
            engine_tables.unit.c.code == unit
        )
    )
    return f"{name or unit}督查通报"


def issue(work: handlers.Work, circular_id: int) -> Circular:
    """Draw its numbers, once it has been approved (期号在印发时取)."""
    drafted = get(work.connection, circular_id)
    if drafted.status != "DRAFT":
        raise errors.Refused("这一期通报已经印发。（R-03-04）", circular=circular_id)
    year = work.calendar.local_date(work.now()).year
    scope = f"circular {drafted.series}"
    return change(
        work,
        circular_id,
        status="ISSUED",
        year=year,
        issue_no=numbers.draw(work.connection, scope, year),
        total_no=numbers.draw(work.connection, scope, TOTAL),
        issued_at=work.now(),
    )


def send(work: handlers.Work, circular_id: int, units: Iterable[str]) -> None:
    """Record to which units an issued circular goes: from now on they may read it."""
    listed = sorted(set(units))
    if listed:
        work.connection.execute(
            tables.circular_recipient.insert(),
            [{"circular_id": circular_id, "unit": unit} for unit in listed],
        )


def void(work: handlers.Work, circular_id: int) -> Circular:
    """Void an issued circular: it stays on record with its number (作废留痕)."""
    if get(work.connection, circular_id).status != "ISSUED":
        raise NotIssued(circular=circular_id)
    return change(work, circular_id, status="VOID")


def get(connection: sa.Connection, circular_id: int) -> Circular:
    """Return the circular of this id."""
    row = connection.execute(
        sa.select(tables.circular).where(tables.circular.c.id == circular_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(circular=circular_id)
    return Circular(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Circular]:
    """Return the circulars of a matter, the first one first."""
    rows = connection.execute(
        sa.select(tables.circular)
        .where(tables.circular.c.matter_id == matter_id)
        .order_by(tables.circular.c.id)
    )
    return [Circular(**row._mapping) for row in rows]


def change(work: handlers.Work, circular_id: int, **columns: object) -> Circular:
    """Write these columns of the circular and return it as it is now."""
    work.connection.execute(
        tables.circular.update()
        .where(tables.circular.c.id == circular_id)
        .values(**columns)
    )
    return get(work.connection, circular_id)


def _named(given: entries.Entries, key: str) -> list[dict[str, str]]:
    named = []
    for row in entries.rows(given, key):
        one = {
            "name": entries.text(row, "name", longest=100),
            "reason": entries.optional_text(row, "reason", longest=500),
        }
        # 批评的是单位和个人 (R-02-24); a person is named with his unit.
        person = entries.optional_text(row, "person", longest=50)
        named.append({**one, "person": person} if person else one)
    return named


def _texts(given: entries.Entries, key: str) -> Sequence[str]:
    value = given.get(key) or []
    if not isinstance(value, list) or any(not isinstance(one, str) for one in value):
        raise entries.refusal(key, "格式不正确。")
    return value
