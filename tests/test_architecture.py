"""The rooms keep their rules: who may know whom, and who commits."""

import re
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parent.parent
COMMIT = re.compile(r"\.commit\(")


def test_every_room_and_floor_knows_only_those_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The contracts of pyproject.toml hold; the report of a breach is printed."""
    broken = cli.lint_imports(
        config_filename=str(ROOT / "pyproject.toml"), no_logo=True, no_cache=True
    )

    assert 0 == broken, capsys.readouterr().out


def test_only_the_door_of_the_engine_commits() -> None:
    """One file decides what is atomic."""
    committing = {
        path.relative_to(ROOT).as_posix()
        for room in ("engine", "processes", "web")
        for path in (ROOT / room).rglob("*.py")
        if "node_modules" not in path.parts and COMMIT.search(path.read_text("utf-8"))
    }

    assert committing <= {"engine/engine.py"}
