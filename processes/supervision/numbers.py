"""Numbers that are never used twice: of matters, undertakings, letters and volumes."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite

from processes.supervision import tables

RETENTION_CODES = {"永久": "Y", "30年": "D30", "10年": "D10"}


def draw(connection: sa.Connection, scope: str, year: int) -> int:
    """Return the next number of the scope in the year, from 1.

    The row stays locked until the transaction ends: a rollback gives the number
    back, two transactions never draw the same (行锁取号).
    """
    sequence = tables.number_sequence
    insert = postgresql.insert if _is_postgresql(connection) else sqlite.insert
    statement = (
        insert(sequence)
        .values(scope=scope, year=year, next=2)
        .on_conflict_do_update(
            index_elements=[sequence.c.scope, sequence.c.year],
            set_={"next": sequence.c.next + 1},
        )
        .returning(sequence.c.next)
    )
    return int(connection.execute(statement).scalar_one()) - 1


def matter_number(area: str, year: int, category: str, serial: int) -> str:
    """Return `411426-2026-07-0001`: 区划码-年-类别-流水 (domain §3.4)."""
    return f"{area}-{year}-{category}-{serial:04d}"


def undertaking_number(matter: str, mandate: int, serial: int) -> str:
    """Return `411426-2026-07-0001-T01-U02`: the mandate's number, then the unit's."""
    return f"{matter}-T{mandate:02d}-U{serial:02d}"


def document_number(office: str, year: int, serial: int) -> str:
    """Return a 文号: `夏政办〔2026〕1号` (GB/T 9704, domain §3.4)."""
    return f"{office}〔{year}〕{serial}号"


def letter_number(year: int, serial: int) -> str:
    """Return `督催〔2026〕1号`: hexagonal brackets, no leading zero (GB/T 9704)."""
    return f"督催〔{year}〕{serial}号"


def volume_number(area: str, year: int, retention: str, serial: int) -> str:
    """Return the 档号 `411426-WS·2026-D10-DC-0001` (DA/T 13, DA/T 22).

    全宗-门类·年度-保管期限-机构-件号: WS are documents, DC the supervision office.
    """
    return f"{area}-WS·{year}-{RETENTION_CODES[retention]}-DC-{serial:04d}"


def _is_postgresql(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"
