"""The procedures of the office: one folder each, described by its procedure.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine import errors
from engine import people

CATALOG = Path(__file__).parent / "catalog"


class NoSuchProcedure(errors.NotFound):
    """没有这一督查程序，或者您的岗位不能发起。"""


@dataclass(frozen=True)
class Procedure:
    """What people must know to start a matter; ``starters`` are roles."""

    key: str
    title: str
    category: str
    basis: str
    start_form: str
    starters: frozenset[str]
    folder: Path


@cache
def shipped() -> tuple[Procedure, ...]:
    """Return the procedures of the catalog, by category."""
    found = (read(path) for path in CATALOG.glob("*/procedure.toml"))
    return tuple(sorted(found, key=lambda procedure: procedure.category))


def read(path: Path) -> Procedure:
    """Return what a procedure.toml says."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    basis = told.get("basis", {})
    return Procedure(
        key=told["key"],
        title=told["title"],
        category=told["category"],
        basis=" ".join(filter(None, (basis.get("document"), basis.get("clause")))),
        start_form=told["start_form"],
        starters=frozenset(told["starters"]),
        folder=path.parent,
    )


def startable(identity: people.Identity) -> tuple[Procedure, ...]:
    """Return the procedures that this person may start."""
    return tuple(one for one in shipped() if one.starters & identity.groups)


def startable_by(identity: people.Identity, key: str) -> Procedure:
    """Return the procedure with this key; NoSuchProcedure unless it may be started."""
    for procedure in startable(identity):
        if procedure.key == key:
            return procedure
    raise NoSuchProcedure(key=key)
