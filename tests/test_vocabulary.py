"""One name for one thing: words the project refuses occur in no identifier."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REFUSED = {"workflow", "flow", "case", "todo", "step", "node", "execution", "manager"}
REFUSED |= {"check"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: A flow is named with what flows: BPMN has these two.
FLOWS = {"sequence", "message"}


def python_files() -> list[Path]:
    rooms = [ROOT / "processes", ROOT / "web", ROOT / "engine"]
    return sorted(
        path
        for room in rooms
        for path in room.rglob("*.py")
        # SpiffWorkflow's own names appear in engine/bpmn.
        if "bpmn" not in path.relative_to(room).parts
        and "node_modules" not in path.parts
    )


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every name that the module itself gives, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) in {"self", "cls"}
        ):
            yield node.lineno, node.attr


def refused(name: str) -> set[str]:
    """Return the refused words in a name, singular or plural."""
    words = [word.lower().removesuffix("s") for word in WORD.findall(name)]
    found = REFUSED & set(words)
    if all(before in FLOWS for before, word in pairs(words) if word == "flow"):
        found -= {"flow"}
    if name.endswith("Service"):
        found |= {"service"}
    return found


def pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(["", *words], words, strict=False))


@pytest.mark.parametrize("path", python_files(), ids=place)
def test_a_file_uses_no_refused_word(path: Path) -> None:
    """Each module's name and the names given in it keep to the vocabulary."""
    given = [(0, path.stem), *names(ast.parse(path.read_text("utf-8")))]

    assert [] == [
        f"{place(path)}:{line} {name}" for line, name in given if refused(name)
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("complete_task", set()),
        ("sequence_flows", set()),
        ("SequenceFlow", set()),
        ("checklist", set()),
        ("next_flow", {"flow"}),
        ("flow", {"flow"}),
        ("run_steps", {"step"}),
        ("TaskManager", {"manager"}),
        ("DocumentService", {"service"}),
        ("service_task", set()),
        ("checkReport", {"check"}),
    ],
)
def test_a_refused_word_is_found_inside_a_name(name: str, words: set[str]) -> None:
    """Snake and camel names are read word by word."""
    assert words == refused(name)
