"""Units, persons, their posts, who stands in for whom (AB角), who is away.

A person's *groups* are the roles of the posts held at that moment: `go_deputy`, and
`unit_handler.zjj` for a post in a unit.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from typing import NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from engine import errors
from engine import statements
from engine.tables import absence
from engine.tables import person as person_table
from engine.tables import post
from engine.tables import substitution
from engine.tables import unit


class NoSuchPerson(errors.NotFound):
    """没有这个账号，或者账号已停用。"""


class BadInterval(errors.Invalid):
    """结束时间必须晚于开始时间。"""


class SubstitutionCycle(errors.Invalid):
    """代理关系成环：两人不能在同一时段互为代理。"""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody for whom another may act, as far as the scope reaches."""

    person: str
    name: str
    #: Of the posts within the scope.
    groups: frozenset[str]
    #: The roles and procedures of the scope; empty: not limited.
    roles: frozenset[str]
    procedures: frozenset[str]

    def covers(self, procedure: str) -> bool:
        """Say whether the scope reaches the procedure with this key."""
        return not self.procedures or procedure in self.procedures


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is at one moment."""

    person: str
    name: str
    groups: frozenset[str]
    units: frozenset[str]
    roles: frozenset[str]
    substitutes_for: tuple[Principal, ...]


def _within(table: sa.Table, at: sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return (table.c.starts_at <= at) & (
        table.c.ends_at.is_(None) | (at < table.c.ends_at)
    )


_at = sa.bindparam("at", type_=post.c.starts_at.type)
_person = sa.bindparam("person", type_=sa.Text)
_nothing = sa.cast(sa.null(), substitution.c.roles.type)


class _Post(NamedTuple):
    """A post of the person, or of somebody the person stands in for."""

    id: str
    name: str
    role: str | None
    unit: str | None
    substitution: str | None
    roles: Sequence[str]
    procedures: Sequence[str]


#: The person's own posts, and those of everybody the person stands in for.
_IDENTITY = statements.Query(
    sa.union_all(
        sa.select(
            person_table.c.id,
            person_table.c.name,
            post.c.role,
            post.c.unit,
            sa.cast(sa.null(), sa.Text).label("substitution"),
            _nothing.label("roles"),
            _nothing.label("procedures"),
        )
        .select_from(
            person_table.outerjoin(
                post, (post.c.person == person_table.c.id) & _within(post, _at)
            )
        )
        .where(person_table.c.id == _person, person_table.c.active),
        sa.select(
            person_table.c.id,
            person_table.c.name,
            post.c.role,
            post.c.unit,
            substitution.c.id,
            substitution.c.roles,
            substitution.c.procedures,
        )
        .select_from(
            substitution.join(
                person_table, person_table.c.id == substitution.c.principal
            ).outerjoin(post, (post.c.person == person_table.c.id) & _within(post, _at))
        )
        .where(substitution.c.substitute == _person, _within(substitution, _at)),
    )
)


_OF_ROLE = (
    sa.select(post.c.person)
    .join(person_table, person_table.c.id == post.c.person)
    .where(
        post.c.role == sa.bindparam("role", type_=sa.Text),
        person_table.c.active,
        _within(post, _at),
    )
    .distinct()
    .order_by(post.c.person)
)
_HOLDERS = statements.Query(_OF_ROLE.where(post.c.unit.is_(None)))
_HOLDERS_IN_UNIT = statements.Query(
    _OF_ROLE.where(post.c.unit == sa.bindparam("unit", type_=sa.Text))
)


def identity(connection: sa.Connection, person_id: str, at: datetime) -> Identity:
    """Return who the person is at that moment; `NoSuchPerson` when not active."""
    (rows,) = statements.ask(connection, who(person_id, at))
    return identified(person_id, rows)


def who(person_id: str, at: datetime) -> tuple[statements.Query, statements.Row]:
    """Return the question whose rows `identified` reads."""
    return _IDENTITY, {"person": person_id, "at": at}


def identified(person_id: str, rows: Iterable[tuple[Any, ...]]) -> Identity:
    """Return who the person is; `NoSuchPerson` when not active."""
    own: list[_Post] = []
    of_others: dict[str, list[_Post]] = defaultdict(list)
    for row in map(_Post._make, rows):
        if row.substitution is None:
            own.append(row)
        else:
            of_others[row.substitution].append(row)
    if not own:
        raise NoSuchPerson(person=person_id)
    return Identity(
        person=own[0].id,
        name=own[0].name,
        groups=_groups(own),
        units=frozenset(row.unit for row in own if row.unit),
        roles=frozenset(row.role for row in own if row.role),
        substitutes_for=tuple(_principal(rows) for rows in of_others.values()),
    )


def group(role: str, unit_code: str | None) -> str:
    """Return the name of the group of a role, in a unit if one is given."""
    return f"{role}.{unit_code}" if unit_code else role


def _groups(rows: Iterable[_Post]) -> frozenset[str]:
    return frozenset(group(row.role, row.unit) for row in rows if row.role)


def _principal(rows: Sequence[_Post]) -> Principal:
    roles = frozenset(rows[0].roles)
    return Principal(
        person=rows[0].id,
        name=rows[0].name,
        groups=_groups(row for row in rows if not roles or row.role in roles),
        roles=roles,
        procedures=frozenset(rows[0].procedures),
    )


def active(connection: sa.Connection, person_id: str) -> bool:
    """Say whether there is such a person, and the account is in use."""
    query = sa.select(person_table.c.active).where(person_table.c.id == person_id)
    return bool(connection.scalar(query))


def names(connection: sa.Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the display names of these persons, unknown ones left out."""
    columns = sa.select(person_table.c.id, person_table.c.name)
    rows = connection.execute(columns.where(person_table.c.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


def holders(connection: sa.Connection, group_name: str, at: datetime) -> list[str]:
    """Return the active persons with a post of this group, by account name."""
    role, _, unit_code = group_name.partition(".")
    query = _HOLDERS_IN_UNIT if unit_code else _HOLDERS
    asked = {"role": role, "at": at} | ({"unit": unit_code} if unit_code else {})
    (rows,) = statements.ask(connection, (query, asked))
    return [person for (person,) in rows]


def holders_in_units(
    connection: sa.Connection, role: str, units: Iterable[str], at: datetime
) -> dict[str, list[str]]:
    """Return the names of the active persons with a post of this role, by unit."""
    rows = connection.execute(
        sa.select(post.c.unit, person_table.c.id, person_table.c.name)
        .join(person_table, person_table.c.id == post.c.person)
        .where(
            post.c.role == role,
            post.c.unit.in_(set(units)),
            person_table.c.active,
            _within(post, sa.bindparam("at", at, post.c.starts_at.type)),
        )
        .distinct()
        .order_by(person_table.c.id)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.unit, []).append(row.name)
    return found


def absent(
    connection: sa.Connection, person_ids: Iterable[str], at: datetime
) -> set[str]:
    """Return those of the persons who are away at that moment."""
    rows = connection.execute(
        sa.select(absence.c.person).where(
            absence.c.person.in_(set(person_ids)),
            absence.c.starts_at <= at,
            at < absence.c.ends_at,
        )
    )
    return {row.person for row in rows}


def on_duty(connection: sa.Connection, group_name: str, at: datetime) -> bool:
    """Say whether the group has a holder who is not away, or a substitute who is not.

    A substitute counts only for a substitution whose roles reach this group.
    """
    people = holders(connection, group_name, at)
    away = absent(connection, people, at)
    if set(people) - away:
        return True
    role = group_name.partition(".")[0]
    rows = connection.execute(
        sa.select(substitution.c.substitute, substitution.c.roles)
        .join(person_table, person_table.c.id == substitution.c.substitute)
        .where(
            substitution.c.principal.in_(people),
            person_table.c.active,
            substitution.c.starts_at <= at,
            at < substitution.c.ends_at,
        )
    )
    substitutes = {r.substitute for r in rows if not r.roles or role in r.roles}
    return bool(substitutes - absent(connection, substitutes, at))


def add_unit(
    connection: sa.Connection,
    code: str,
    name: str,
    *,
    short_name: str | None = None,
    parent: str | None = None,
    tree_type: str = "administrative",
) -> None:
    """Add a unit below `parent`; its code must be new."""
    _require_id("code", code)
    _require_text("name", name)
    _require_new(connection, unit.c.code, code)
    level = 0
    if parent is not None:
        above = connection.scalar(sa.select(unit.c.level).where(unit.c.code == parent))
        if above is None:
            raise errors.Invalid(fields={"parent": [f"没有上级单位 {parent}。"]})
        level = above + 1
    connection.execute(
        unit.insert().values(
            code=code,
            name=name,
            short_name=short_name or name,
            parent=parent,
            level=level,
            tree_type=tree_type,
            active=True,
        )
    )


def add_person(
    connection: sa.Connection,
    person_id: str,
    name: str,
    *,
    at: datetime,
    password_hash: str | None = None,
) -> None:
    """Add a person who signs in as `person_id`; without a hash nobody can."""
    # Account names of units look like `unit_handler.zjj`.
    _require_id("id", person_id.replace(".", "").replace("-", ""))
    _require_text("name", name)
    _require_new(connection, person_table.c.id, person_id)
    connection.execute(
        person_table.insert().values(
            id=person_id,
            name=name,
            password_hash=password_hash,
            active=True,
            created_at=at,
        )
    )


def add_post(
    connection: sa.Connection,
    person_id: str,
    role: str,
    *,
    unit_code: str | None = None,
    starts_at: datetime,
    ends_at: datetime | None = None,
) -> str:
    """Give the person a role, in a unit if one is named; return the post's id."""
    _require_id("role", role)
    _require_person(connection, "person", person_id)
    if unit_code is not None and not _exists(connection, unit.c.code, unit_code):
        raise errors.Invalid(fields={"unit": [f"没有单位 {unit_code}。"]})
    _require_interval(starts_at, ends_at)
    post_id = uuid4().hex
    connection.execute(
        post.insert().values(
            id=post_id,
            person=person_id,
            role=role,
            unit=unit_code,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    )
    return post_id


def add_substitution(
    connection: sa.Connection,
    principal: str,
    substitute: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    roles: Sequence[str] = (),
    procedures: Sequence[str] = (),
) -> str:
    """Let `substitute` act for `principal` within the interval; return its id.

    Refused: for oneself, when a chain of substitutions of the same time leads back,
    and when the same two have an overlapping one already.
    """
    _require_person(connection, "principal", principal)
    _require_person(connection, "substitute", substitute)
    _require_interval(starts_at, ends_at)
    if principal == substitute:
        raise errors.Invalid(fields={"substitute": ["代理人不能是本人。"]})
    # Two that are added at once would not see each other, and could close a circle.
    turn = sa.select(person_table.c.id).order_by(person_table.c.id).limit(1)
    connection.execute(turn.with_for_update())
    standing = connection.execute(
        sa.select(substitution.c.principal, substitution.c.substitute).where(
            substitution.c.starts_at < ends_at, starts_at < substitution.c.ends_at
        )
    ).all()
    if (principal, substitute) in {(row[0], row[1]) for row in standing}:
        raise errors.Invalid(fields={"starts_at": ["这两人在该时段已有代理关系。"]})
    if principal in _reachable(substitute, standing):
        raise SubstitutionCycle(principal=principal, substitute=substitute)
    substitution_id = uuid4().hex
    connection.execute(
        substitution.insert().values(
            id=substitution_id,
            principal=principal,
            substitute=substitute,
            roles=sorted(roles),
            procedures=sorted(procedures),
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
        )
    )
    return substitution_id


def add_absence(
    connection: sa.Connection,
    person_id: str,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> str:
    """Record that the person is away within the interval; return its id."""
    _require_person(connection, "person", person_id)
    _require_interval(starts_at, ends_at)
    absence_id = uuid4().hex
    connection.execute(
        absence.insert().values(
            id=absence_id,
            person=person_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
        )
    )
    return absence_id


def _reachable(start: str, pairs: Iterable[Any]) -> set[str]:
    onward: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        onward[pair.principal].append(pair.substitute)
    reached, ahead = set[str](), [start]
    while ahead:
        person_id = ahead.pop()
        if person_id not in reached:
            reached.add(person_id)
            ahead.extend(onward[person_id])
    return reached


def _exists(connection: sa.Connection, column: sa.Column[str], value: str) -> bool:
    found = connection.scalar(sa.select(column).where(column == value))
    return found is not None


def _require_new(connection: sa.Connection, column: sa.Column[str], value: str) -> None:
    if _exists(connection, column, value):
        raise errors.Invalid(fields={column.name: [f"{value} 已经存在。"]})


def _require_person(connection: sa.Connection, field: str, person_id: str) -> None:
    active = person_table.c.active
    found = sa.select(active).where(person_table.c.id == person_id, active)
    if connection.scalar(found) is None:
        raise errors.Invalid(fields={field: [f"没有账号 {person_id}，或已停用。"]})


def _require_interval(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise BadInterval(fields={"ends_at": [BadInterval.__doc__ or ""]})


def _require_text(field: str, text: str) -> None:
    if not text.strip():
        raise errors.Invalid(fields={field: ["不能为空。"]})


def _require_id(field: str, value: str) -> None:
    # A dot would read as "role in a unit" in the name of a group.
    if not value or not value.replace("_", "").isalnum() or not value.isascii():
        raise errors.Invalid(fields={field: ["只能用英文字母、数字和下划线。"]})
