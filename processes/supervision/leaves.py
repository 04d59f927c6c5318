"""Leaves (请假): who is away, who stands in, the alarm when nobody is left (R-03-03).

While A is away the tasks of his roles go to B (AB角). Where both are away nobody takes
them, so the supervision office and the administrator are told at once.
"""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import inbox

#: Who is told that nobody holds a post.
ALARMED = ("dc_chief", "biz_admin")
#: They approve one after the other, and nobody approves the same thing twice (S13).
APPROVING = frozenset(
    {"go_deputy", "go_director", "vice_mayor", "exec_vice_mayor", "mayor"}
)


@dataclass(frozen=True)
class Vacancy:
    """A group that nobody serves from a moment on."""

    group: str
    at: datetime


@entries.under("R-03-03")
def take(
    work: handlers.Work,
    person: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    substitute: str | None = None,
    roles: Sequence[str] = (),
) -> list[Vacancy]:
    """Record a leave, with who stands in; return the posts that it leaves empty.

    For each of them the alarm is raised (A、B同时不在岗须报警).
    """
    people.add_absence(
        work.connection, person, starts_at=starts_at, ends_at=ends_at, reason=reason
    )
    if substitute is not None:
        people.add_substitution(
            work.connection,
            person,
            substitute,
            roles=roles,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
        )
        _warn_of_approving_twice(work, person, substitute, starts_at)
    identity = people.identity(work.connection, person, starts_at)
    groups = set(identity.groups)
    for principal in identity.substitutes_for:
        groups |= principal.groups
    empty = list(vacancies(work.connection, groups, starts_at, ends_at))
    for one in empty:
        day = work.calendar.local_date(one.at)
        inbox.tell(
            work,
            [inbox.group(name) for name in ALARMED],
            f"岗位无人：{one.group}",
            f"自 {day} 起，岗位 {one.group} 的A、B角同时不在岗，请指定代理。",
            matter_id=None,
            text_message_key=f"vacancy:{one.group}:{one.at.isoformat()}",
        )
    return empty


def vacancies(
    connection: sa.Connection,
    groups: Iterable[str],
    starts_at: datetime,
    ends_at: datetime,
) -> Iterable[Vacancy]:
    """Yield each group that nobody serves at some moment, and from when on."""
    absence = engine_tables.absence.c
    begins = connection.scalars(
        sa.select(absence.starts_at).where(
            absence.starts_at >= starts_at, absence.starts_at < ends_at
        )
    )
    moments = sorted({starts_at, *begins})
    for group in sorted(groups):
        for moment in moments:
            if not people.on_duty(connection, group, moment):
                yield Vacancy(group, moment)
                break


def _warn_of_approving_twice(
    work: handlers.Work, person: str, substitute: str, at: datetime
) -> None:
    """Ask for another substitute where this one approves the same matters himself."""
    principal, other = (
        people.identity(work.connection, one, at) for one in (person, substitute)
    )
    if principal.roles & APPROVING and other.roles & APPROVING:
        text = f"{other.name}已审过的件不能再代{principal.name}审批，请另指定备用代理。"
        inbox.tell(
            work,
            [inbox.group(name) for name in ALARMED],
            f"代理人同为审批人：{other.name}",
            text,
            matter_id=None,
        )
