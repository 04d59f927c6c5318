"""Every block of the READMEs that can run does run, in the order it is read.

A block's fence says what it is: `python` runs, `console` runs its `$` lines and
compares what they print (`...` stands for any text), `<language> file=NAME` is written
to a file of the reader's directory, where nothing is but our `processes`. `TASK` in a
command is the first task that `ducha tasks` printed before. Blocks of other languages
are only shown.
"""

import doctest
import re
import shlex
from collections.abc import Callable
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sybil import Example
from sybil.document import Document
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer
from sybil.region import Region

from engine import clock as clocks
from tests import documents
from web import app as application
from web import cli
from web import office
from web import settings as settings_module

#: The morning on which readers sit down: 9:00 in Shanghai, a Monday.
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOTLINE_KEY = "tutorial-hotline-key"
FILE = re.compile(r"[a-z]+ file=(?P<file>[\w.-]+)$\n", re.MULTILINE)
CONSOLE = re.compile(r"console$\n", re.MULTILINE)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?((?:(?!\$ ).*\n?)*)", re.MULTILINE)
FILE_CONTENT = re.compile(r"\$\(cat ([\w.-]+)\)")
FENCE = re.compile(r"^```(.+)$", re.MULTILINE)
RUN = re.compile(r"^```(?:python|console|[a-z]+ file=.+)$", re.MULTILINE)
KNOWN = re.compile(r"python|console|sh|yaml|[a-z]+ file=[\w.-]+").fullmatch
COMPARISON = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Reader:
    """Somebody who types in what a document says, in a directory of their own."""

    def __init__(self) -> None:
        self.runner = CliRunner()
        self.printed = ""
        self._client: FlaskClient | None = None

    @property
    def client(self) -> FlaskClient:
        """What `curl` reaches: the application, as `ducha serve` would serve it."""
        if self._client is None:
            settings = settings_module.from_environment()
            app = application.create_app(settings, office.prepared(settings))
            self._client = app.test_client()
        return self._client

    def writes(self, example: Example) -> None:
        """Write a file."""
        Path(example.region.lexemes["file"]).write_text(example.parsed, "utf-8")

    def types(self, example: Example) -> str | None:
        """Run the commands of a block; return what differs from what is printed."""
        for found in COMMAND.finditer(example.parsed):
            words = shlex.split(found.group(1).replace("\\\n", " "))
            self.printed = self._run([self._filled_in(word) for word in words])
            comparison = doctest.OutputChecker()
            if not comparison.check_output(found.group(2), self.printed, COMPARISON):
                return f"$ {shlex.join(words)}\n{self.printed}"
        return None

    def _run(self, words: list[str]) -> str:
        if words[0] == "curl":
            return self._send(words[1:])
        assert "ducha" == words[0], words
        return self.runner.invoke(cli.main, words[1:], catch_exceptions=False).output

    def _filled_in(self, word: str) -> str:
        if word == "TASK":
            return self.printed.splitlines()[1].split()[0]
        return FILE_CONTENT.sub(lambda found: Path(found[1]).read_text("utf-8"), word)

    def _send(self, words: list[str]) -> str:
        """Do what curl does with an address, `-H` and `-d`; print the body."""
        given = iter(words)
        headers, body, address = [], "", ""
        for word in given:
            if word == "-H":
                name, _, value = next(given).partition(": ")
                headers.append((name, value))
            elif word == "-d":
                body = next(given)
            else:
                address = word
        path = "/" + address.split("/", 3)[3]
        answer = self.client.post(path, data=body.encode(), headers=headers)
        return answer.get_data(as_text=True)


def blocks(
    info: re.Pattern[str], evaluate: Callable[[Example], str | None]
) -> Callable[[Document], Iterator[Region]]:
    """Return a parser for the blocks whose fence says so."""
    lexer = RawFencedCodeBlockLexer(info)

    def parse(document: Document) -> Iterator[Region]:
        for region in lexer(document):
            region.parsed = region.lexemes["source"]
            region.evaluator = evaluate
            yield region

    return parse


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Somebody in a fresh directory, on a Monday morning."""
    monkeypatch.chdir(tmp_path)
    Path("processes").symlink_to(documents.ROOT / "processes")
    monkeypatch.setenv("DUCHA_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("DUCHA_HOTLINE_KEYS", HOTLINE_KEY)
    monkeypatch.delenv("DUCHA_DATABASE_URL", raising=False)
    monkeypatch.setattr(clocks, "SystemClock", lambda: clocks.FixedClock(MORNING))
    return Reader()


@pytest.mark.parametrize("path", documents.DOCUMENTS, ids=documents.place)
def test_what_a_document_says_to_type_does_what_it_says(
    path: Path, reader: Reader
) -> None:
    """The blocks of a document run one after the other and print what is shown."""
    document = Document.parse(
        str(path),
        PythonCodeBlockParser(),
        blocks(FILE, reader.writes),
        blocks(CONSOLE, reader.types),
    )
    examples = list(document.examples())
    for example in examples:
        example.evaluate()

    assert [] == [info for info in FENCE.findall(document.text) if not KNOWN(info)]
    assert len(RUN.findall(document.text)) == len(examples)
