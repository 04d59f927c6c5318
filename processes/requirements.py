"""Requirements: which scenario or test shows which sentence of the source documents.

The ids and their sentences stand in requirements.toml; a scenario names what it shows
in its head, a test by the mark `requirement`. What the source hides cannot be shown,
and says so.
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import errors
from engine import scenarios
from processes import office

FILE = Path(__file__).with_suffix(".toml")
MARK = "requirement"


class UnknownRequirement(errors.DuchaError):
    """情景或测试写了不存在的要求编号。"""


@dataclass(frozen=True)
class Requirement:
    """One sentence; `hidden` says why nobody can show it, where that is so."""

    id: str
    source: str
    text: str
    hidden: str
    #: Scenarios (`proc_x/一路办到归档`) and tests (`tests/…::test_…`).
    shown_by: tuple[str, ...]


def table(tests: Path | None = None) -> list[Requirement]:
    """Return every requirement with what shows it, in the order of the documents.

    Without the folder of the tests only scenarios count. Raise `UnknownRequirement`
    for a claim about a requirement that does not exist.
    """
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    claims: dict[str, list[str]] = defaultdict(list)
    for requirement_id, place in [*_of_scenarios(), *_of_tests(tests)]:
        claims[requirement_id].append(place)
    unknown = sorted(claims.keys() - told.keys())
    if unknown:
        named = "、".join(f"{one}（{claims[one][0]}）" for one in unknown)
        raise UnknownRequirement(f"没有这样的要求：{named}。", unknown=unknown)
    return [
        Requirement(
            id=requirement_id,
            source=one["source"],
            text=one["text"],
            hidden=one.get("hidden", ""),
            shown_by=tuple(sorted(set(claims[requirement_id]))),
        )
        for requirement_id, one in told.items()
    ]


def unshown(table: Iterable[Requirement]) -> list[Requirement]:
    """Return the requirements that something could show and nothing does."""
    return [one for one in table if not one.shown_by and not one.hidden]


def _of_scenarios() -> Iterator[tuple[str, str]]:
    for path in sorted(office.CATALOG.glob("*/scenarios/*.yaml")):
        for requirement_id in scenarios.read(path).requirements:
            yield requirement_id, f"{path.parent.parent.name}/{path.stem}"


def _of_tests(folder: Path | None) -> Iterator[tuple[str, str]]:
    if folder is None:
        return
    for path in sorted(folder.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if MARK not in source:
            continue
        for name, ids in _marked(ast.parse(source)).items():
            place = f"{path.relative_to(folder.parent).as_posix()}::{name}"
            for requirement_id in ids:
                yield requirement_id, place


def _marked(module: ast.Module) -> Mapping[str, list[str]]:
    """Return the ids in the marks of each test, read without running anything."""
    return {
        test.name: [
            argument.value
            for mark in test.decorator_list
            if isinstance(mark, ast.Call)
            and isinstance(mark.func, ast.Attribute)
            and mark.func.attr == MARK
            for argument in mark.args
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        for test in ast.walk(module)
        if isinstance(test, ast.FunctionDef)
    }
