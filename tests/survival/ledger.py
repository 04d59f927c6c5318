"""What a client knows: every intent and every answer, kept outside the database."""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True)
class Entry:
    """An intent (`answer` is None) or the answer that acknowledged it."""

    act: str
    subject: str
    answer: Mapping[str, Any] | None


class Ledger:
    """A file of JSON lines, each on the disk before the client goes on."""

    def __init__(self, path: Path) -> None:
        """Go on with the file of an earlier life of the client, if there is one."""
        self.path = path
        self._turn = threading.Lock()

    def intend(self, act: str, subject: str) -> None:
        """Write down what is about to be asked for, and about what."""
        self._write({"act": act, "subject": subject, "answer": None})

    def acknowledge(self, act: str, subject: str, **answer: object) -> None:
        """Write down what the system promised."""
        self._write({"act": act, "subject": subject, "answer": answer})

    def intents(self) -> dict[str, str]:
        """Return the subject of every act that was begun."""
        return {entry.act: entry.subject for entry in self._entries()}

    def acknowledged(self) -> dict[str, Entry]:
        """Return the answered acts."""
        return {e.act: e for e in self._entries() if e.answer is not None}

    def _entries(self) -> list[Entry]:
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().splitlines()
        return [Entry(**orjson.loads(line)) for line in lines]

    def _write(self, entry: Mapping[str, object]) -> None:
        with self._turn, self.path.open("ab") as file:
            file.write(orjson.dumps(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())
