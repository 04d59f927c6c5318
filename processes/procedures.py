"""The procedures of the office: one folder each, described by its procedure.toml.

What is in force is what was deployed last: the catalog as well as the folders that
the office added itself. A matter keeps the description it was opened with.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import people
from engine import tables

FILE = "procedure.toml"


class NoSuchProcedure(errors.NotFound):
    """没有这一督查程序，或者您的岗位不能发起。"""


class BadProcedure(errors.DuchaError):
    """程序说明（procedure.toml）有错。"""


@dataclass(frozen=True)
class DocumentType:
    """A kind of official document: its template, and where its number comes from.

    `number` is `matter` (the matter's own), `none`, a 文号代字 such as 夏政办, or the
    name of a series of circulars.
    """

    type: str
    title: str
    template: str | None
    number: str
    #: Whether a person looks at the seal before it is issued (核对用印).
    sealed: bool = False
    #: Who gets a copy (版记：抄送).
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Procedure:
    """What people must know to start a matter; ``starters`` are roles."""

    key: str
    title: str
    category: str
    basis: str
    start_form: str
    starters: frozenset[str]
    enabled: bool = True
    #: What kind of source its matters have; the start form may say otherwise.
    source_type: str = "其他"
    deadlines: Mapping[str, Any] = field(default_factory=dict)
    feedback: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    archive: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[DocumentType, ...] = ()

    def document(self, type: str) -> DocumentType:
        """Return the kind of document of this type; BadProcedure where none is."""
        for one in self.documents:
            if one.type == type:
                return one
        raise BadProcedure(
            f"程序“{self.title}”没有文书“{type}”。", procedure=self.key, type=type
        )


#: By deployment and key: what deployments describe never changes, so it is read once.
_known: dict[tuple[str, str], Procedure] = {}


def read(content: bytes, *, name: str = FILE) -> Procedure:
    """Return what a procedure.toml says; BadProcedure names what is wrong."""
    try:
        told = tomllib.loads(content.decode("utf-8"))
        basis = told.get("basis", {})
        return Procedure(
            key=str(told["key"]),
            title=str(told["title"]),
            category=str(told["category"]),
            basis=" ".join(filter(None, (basis.get("document"), basis.get("clause")))),
            start_form=str(told.get("start_form", "")),
            starters=frozenset(told.get("starters", ())),
            enabled=bool(told.get("enabled", True)),
            source_type=str(told.get("source_type", "其他")),
            deadlines=told.get("deadlines", {}),
            feedback=told.get("feedback", {}),
            parameters=told.get("parameters", {}),
            archive=told.get("archive", {}),
            documents=tuple(
                DocumentType(
                    one["type"],
                    one["title"],
                    one.get("template"),
                    one.get("number", "matter"),
                    bool(one.get("sealed", False)),
                    tuple(one.get("copies", ())),
                )
                for one in told.get("documents", ())
            ),
        )
    except KeyError as error:
        raise BadProcedure(f"{name} 缺少“{error.args[0]}”。", file=name) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise BadProcedure(f"{name} 无法读取：{error}", file=name) from error


def in_force(connection: sa.Connection) -> tuple[Procedure, ...]:
    """Return every procedure as it was deployed last, by category and key."""
    found: dict[str, Procedure] = {}
    for _, content in _files(connection):
        procedure = _read(content)
        found.setdefault(procedure.key, procedure)
    return tuple(sorted(found.values(), key=lambda one: (one.category, one.key)))


def find(connection: sa.Connection, key: str) -> tuple[Procedure, str]:
    """Return a procedure as it was deployed last, and the deployment that holds it."""
    for deployment_id, content in _files(connection):
        procedure = _read(content)
        if procedure.key == key:
            return procedure, deployment_id
    raise NoSuchProcedure(key=key)


def at(connection: sa.Connection, deployment_id: str, key: str) -> Procedure:
    """Return a procedure as one deployment described it."""
    known = _known.get((deployment_id, key))
    if known is not None:
        return known
    rows = connection.scalars(
        sa.select(tables.resource.c.content).where(
            tables.resource.c.deployment_id == deployment_id, _is_description()
        )
    )
    for content in rows:
        procedure = _read(bytes(content))
        _known[deployment_id, procedure.key] = procedure
    if (deployment_id, key) not in _known:
        raise NoSuchProcedure(key=key)
    return _known[deployment_id, key]


def startable(
    connection: sa.Connection, identity: people.Identity
) -> tuple[Procedure, ...]:
    """Return the procedures that this person may start."""
    return tuple(
        one
        for one in in_force(connection)
        if one.enabled and one.starters & (identity.groups | identity.roles)
    )


def startable_by(
    connection: sa.Connection, identity: people.Identity, key: str
) -> Procedure:
    """Return the procedure with this key; NoSuchProcedure unless it may be started."""
    for procedure in startable(connection, identity):
        if procedure.key == key:
            return procedure
    raise NoSuchProcedure(key=key)


def faults(name: str, content: bytes) -> list[str]:
    """Return what is wrong with a description that is to be deployed."""
    if name.rpartition("/")[2] != FILE:
        return [f"只认得 {FILE}。"]
    try:
        read(content, name=name)
    except BadProcedure as error:
        return [error.message]
    return []


def _files(connection: sa.Connection) -> list[tuple[str, bytes]]:
    """Return every description with its deployment, the newest deployment first."""
    resource, deployment = tables.resource.c, tables.deployment.c
    # The same words deployed again are read once.
    newest = (
        sa.select(resource.hash, sa.func.max(deployment.number).label("number"))
        .join(tables.deployment, deployment.id == resource.deployment_id)
        .where(_is_description())
        .group_by(resource.hash)
        .subquery()
    )
    rows = connection.execute(
        sa.select(resource.deployment_id, resource.content)
        .join(tables.deployment, deployment.id == resource.deployment_id)
        .join(
            newest,
            (newest.c.hash == resource.hash) & (newest.c.number == deployment.number),
        )
        .where(_is_description())
        .order_by(deployment.number.desc(), resource.name)
    )
    return [(row.deployment_id, bytes(row.content)) for row in rows]


def _is_description() -> sa.ColumnElement[bool]:
    name = tables.resource.c.name
    return (name == FILE) | name.endswith(f"/{FILE}", autoescape=True)


@lru_cache(maxsize=256)
def _read(content: bytes) -> Procedure:
    return read(content)
