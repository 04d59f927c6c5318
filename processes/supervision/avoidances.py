"""Avoidance (回避): who has an interest in which unit, as he or others declared it.

Supervision is impartial (秉公办事, R-04-19; 条例第十七条): whoever stands in the
register neither inspects the unit nor examines what it reports.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables

#: Who keeps the register: declares for others, and reads all of it.
KEEPING = ("dc_registrar", "dc_officer", "dc_chief")


@dataclass(frozen=True)
class Avoidance:
    """An interest of somebody in a unit; without an account where from outside."""

    id: int
    account: str | None
    name: str
    unit: str
    reason: str
    person: str
    at: datetime


def declare(
    work: handlers.Work, identity: people.Identity, given: entries.Entries
) -> Avoidance:
    """Enter an interest: everybody his own, the supervision office that of others.

    Reads what `enter` reads; without `account` and `name` it is one's own.
    """
    own = {**given, "account": identity.person}
    told = given if given.get("account") or given.get("name") else own
    if told.get("account") != identity.person and not may_keep(identity):
        raise errors.Forbidden(
            "只能登记本人的回避，他人的由督查室登记。（R-04-19）",
            person=identity.person,
        )
    return enter(work, told, person=identity.person)


@entries.under("R-04-19")
def enter(
    work: handlers.Work,
    given: entries.Entries,
    *,
    person: str,
    on_behalf_of: str | None = None,
) -> Avoidance:
    """Enter somebody's interest in a unit into the register.

    Reads `account`, else `name`; `unit` and `reason`.
    """
    account, name = who(work, given)
    code = entries.text(given, "unit", longest=100)
    unit = engine_tables.unit.c
    if not work.connection.scalar(
        sa.select(sa.exists().where(unit.code == code, unit.active))
    ):
        raise entries.refusal("unit", f"没有单位“{code}”，或已停用。", rule="R-04-19")
    row = work.connection.execute(
        tables.avoidance.insert()
        .values(
            account=account,
            name=name,
            unit=code,
            reason=entries.text(given, "reason", longest=500),
            person=person,
            on_behalf_of=on_behalf_of,
            at=work.now(),
        )
        .returning(tables.avoidance)
    ).one()
    return _avoidance(row)


def registered(connection: sa.Connection) -> list[Avoidance]:
    """Return the register, the first entry first."""
    rows = connection.execute(
        sa.select(tables.avoidance).order_by(tables.avoidance.c.id)
    )
    return [_avoidance(row) for row in rows]


def readable(connection: sa.Connection, identity: people.Identity) -> list[Avoidance]:
    """Return what this person may read of the register: all of it, or his own."""
    return [
        one
        for one in registered(connection)
        if may_keep(identity) or identity.person in (one.account, one.person)
    ]


def may_keep(identity: people.Identity) -> bool:
    """Whether this person keeps the register for others."""
    return access.holds(identity, *KEEPING)


def require_none(connection: sa.Connection, person: str, unit: str) -> None:
    """Raise `Forbidden` where this person has declared an interest in this unit."""
    avoidance = tables.avoidance.c
    reason = connection.scalar(
        sa.select(avoidance.reason)
        .where(avoidance.account == person, avoidance.unit == unit)
        .order_by(avoidance.id)
        .limit(1)
    )
    if reason is not None:
        raise errors.Forbidden(
            f"您与该单位有利害关系（{reason}），应当回避，请转由他人办理。（R-04-19）",
            person=person,
            unit=unit,
        )


def who(work: handlers.Work, given: entries.Entries) -> tuple[str | None, str]:
    """Return the account and the name of whom a row tells; no account from outside."""
    account = entries.optional_text(given, "account", longest=100)
    if not account:
        return None, entries.text(given, "name", longest=50)
    name = people.names(work.connection, [account]).get(account)
    if name is None:
        raise entries.refusal("account", f"没有账号“{account}”。", rule="R-04-19")
    return account, name


def _avoidance(row: sa.Row[tuple[object, ...]]) -> Avoidance:
    found = dict(row._mapping)
    del found["on_behalf_of"]
    return Avoidance(**found)
