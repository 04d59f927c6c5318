"""The documents name everything there is, and nothing that is not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from engine import handlers
from engine import history
from engine.bpmn.diagrams import elements
from processes import office as offices
from tests import documents
from web import app as application
from web import cli
from web import office
from web import settings as settings_module

ROOT = documents.ROOT
FENCED = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
QUOTED = re.compile(r"`([^`\n]+)`")
#: Endings of the files that documents name.
SUFFIXES = "py toml md json yaml bpmn form dmn typ lock svg mjs js css txt".split()
SETTING = re.compile(r"\bDUCHA_[A-Z_]*[A-Z]")
#: The hosts of standards and of what documents must name; no registry, no mirror.
HOSTS = {"bpmn.io", "keepachangelog.com", "semver.org", "www.omg.org", "camunda.org"}
MACHINE = re.compile(r"(?<![\w.<])/(?:root|home|work|tmp|Users|mnt|opt|srv|usr)/")
HOST = re.compile(r"\b[a-z][\w-]*(?:\.[\w-]+)*\.(?:org|com|cn|net|io|dev)\b(?!\.)")
every_document = pytest.mark.parametrize(
    "path", documents.DOCUMENTS, ids=documents.place
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def first_cells(text: str) -> set[str]:
    """Return the quoted words in the first column of all tables."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return {word for line in lines for word in QUOTED.findall(line.split("|")[1])}


@every_document
def test_the_tables_in_a_document_say_what_the_code_says(path: Path) -> None:
    """Whoever changes the code runs `python -m tests.documents`."""
    text = path.read_text("utf-8")

    assert documents.written(text) == text


def test_every_table_that_the_code_tells_stands_in_one_document() -> None:
    found = [
        match["name"]
        for path in documents.DOCUMENTS
        for match in documents.TABLE.finditer(path.read_text("utf-8"))
    ]

    assert sorted(documents.TABLES) == sorted(found)


@every_document
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    lost = []
    for target in LINK.findall(FENCED.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)

    assert [] == lost


def anchors(path: Path) -> set[str]:
    """Return the anchors that readers' programs give to the headings of a file."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(FENCED.sub("", path.read_text("utf-8")))
    }


@every_document
def test_every_file_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    made_by_the_reader = set(re.findall(r"^```\w+ file=(\S+)$", text, re.MULTILINE))

    assert [] == [
        name
        for name in named_files(text)
        if name not in made_by_the_reader and not exists(name, path.parent)
    ]


def named_files(text: str) -> Iterator[str]:
    """Yield what is quoted and looks like a file or a folder of ours."""
    for quoted in QUOTED.findall(FENCED.sub("", text)):
        name = quoted.rstrip("/")
        if re.fullmatch(r"\.?\w[\w<>*.-]*(/[\w<>*.-]+)*", name) and (
            quoted.endswith("/")
            or ("." in name and name.rpartition(".")[2] in SUFFIXES)
            or (name.partition("/")[0] in documents.ROOMS and "/" in name)
        ):
            yield quoted


def exists(name: str, folder: Path) -> bool:
    """Whether the document's folder, the root or set-up has such a file."""
    ignored = [line.strip("/\n") for line in text_of(".gitignore").splitlines()]
    if any(name.strip("/").startswith(one) for one in ignored):
        return True
    pattern = re.sub(r"<[^>]*>", "*", name.rstrip("/"))
    below = folder.rglob(pattern) if folder != ROOT else ()
    return any(
        any(found) for found in (folder.glob(pattern), ROOT.glob(pattern), below)
    )


@every_document
def test_no_document_names_a_machine_or_a_registry(path: Path) -> None:
    text = path.read_text("utf-8")

    assert [] == MACHINE.findall(text)
    assert set() == set(HOST.findall(text)) - HOSTS


@every_document
def test_every_address_of_ours_that_a_document_names_is_served(
    path: Path, app: Flask
) -> None:
    shapes = {re.sub(r"<[^>]*>", "<>", str(rule)) for rule in app.url_map.iter_rules()}
    named = {
        re.sub(r"<[^>]*>", "<>", quoted)
        for quoted in QUOTED.findall(FENCED.sub("", path.read_text("utf-8")))
        if re.fullmatch(r"/[a-z][\w<>./-]*", quoted)
    }

    assert set() == named - shapes


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application over an empty office."""
    settings = settings_module.from_environment(
        {"DUCHA_HOME": str(tmp_path_factory.mktemp("documents"))}
    )
    return application.create_app(settings, office.opened(settings))


def test_every_setting_stands_in_the_readme_and_is_read_somewhere() -> None:
    read = {
        name
        for room in documents.ROOMS[:3]
        for path in (ROOT / room).rglob("*.py")
        for name in SETTING.findall(path.read_text("utf-8"))
    }
    readme = text_of("README.md")

    assert read == first_cells(readme) & set(SETTING.findall(readme))
    assert read >= {
        name
        for path in documents.DOCUMENTS
        for name in SETTING.findall(path.read_text("utf-8"))
    }


def test_every_default_of_a_setting_is_the_one_in_the_readme(tmp_path: Path) -> None:
    settings = settings_module.from_environment({"DUCHA_HOME": str(tmp_path)})
    defaults = {
        cells[1].strip(" `"): cells[2].strip(" `")
        for line in text_of("README.md").splitlines()
        if len(cells := line.split("|")) > 3 and SETTING.fullmatch(cells[1].strip(" `"))
    }

    assert settings.demo_password == defaults["DUCHA_DEMO_PASSWORD"]
    assert settings.area == defaults["DUCHA_AREA"]
    assert settings.office_name == defaults["DUCHA_OFFICE_NAME"]
    assert settings.heartbeat is (defaults["DUCHA_HEARTBEAT"] == "on")
    assert settings.secure_cookies is (defaults["DUCHA_SECURE_COOKIES"] == "on")


def test_every_command_has_a_help() -> None:
    assert [] == [
        name for name, command in cli.main.commands.items() if not command.help
    ]


def test_every_kind_of_element_stands_in_the_support_table() -> None:
    rows = [
        line.split("|")[1].lower().replace("-", " ")
        for line in text_of("engine/README.md").splitlines()
        if line.startswith("|")
    ]

    assert [] == [
        kind
        for kind in sorted(elements.KINDS)
        if not any(set(words(kind)) <= set(re.findall(r"\w+", row)) for row in rows)
    ]


def words(kind: str) -> list[str]:
    """Return the words of a BPMN tag: businessRuleTask has three."""
    return re.findall(
        r"[a-z]+", re.sub(r"[A-Z]", lambda one: f" {one[0].lower()}", kind)
    )


def test_everything_the_office_registers_stands_in_its_readme() -> None:
    registry = handlers.Registry()
    offices.install(registry, offices.Settings(secret_key="", outgoing=Path()))
    text = text_of("processes/supervision/README.md")
    names = set(re.findall(r"\w+", text))

    assert set() == set(registry.jobs) - names
    assert set() == set(registry.handlers) - names
    assert set() == registry.function_names - names
    assert set() == set(registry.sources) - names


def test_every_handler_in_the_readme_is_registered() -> None:
    registry = handlers.Registry()
    offices.install(registry, offices.Settings(secret_key="", outgoing=Path()))
    section = text_of("processes/supervision/README.md").partition("## Handlers")[2]
    section = section.partition("\n## ")[0]
    told = {
        name
        for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| handler ")
        for name in line.split("|")[1].replace(" ", "").split(",")
    }

    assert set(registry.handlers) == told


def test_every_verb_of_a_scenario_is_explained_and_shown() -> None:
    text = text_of("processes/README.md")
    unseen = [verb for verb, example in documents.verbs()[1] if not example]

    assert [] == unseen
    assert set() == set(documents.all_verbs()) - first_cells(
        documents.TABLE.sub("", text)
    )


def test_the_engine_writes_no_history_event_that_its_table_does_not_name() -> None:
    """A type is a literal, or made of a kind as in `f"{sent.kind}_thrown"`."""
    code = "".join(
        path.read_text("utf-8")
        for path in sorted((ROOT / "engine").glob("*.py"))
        if path.name != "history.py"
    )
    literal = set(re.findall(r'history\.Event\(\s*"(\w+)"', code))
    made = re.findall(r'f"(\w*)\{[\w.]+\}(\w*)"', code)
    spoken = set(re.findall(r'"(\w+)"', code))

    assert literal
    assert set() == literal - set(history.TYPES)
    assert [] == [
        name
        for name in history.TYPES
        if name not in spoken
        and not any(re.fullmatch(f"{a}[a-z]+{b}", name) for a, b in made if a or b)
    ]


def test_every_event_that_the_office_notes_stands_in_its_readme() -> None:
    noted = {
        call.args[1].value
        for path in (ROOT / "processes").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith("work.note")
        and isinstance(call.args[1], ast.Constant)
    }
    text = text_of("processes/supervision/README.md")

    assert noted
    assert set() == noted - set(QUOTED.findall(text))


def test_the_readme_of_a_room_names_its_files() -> None:
    """A file that is new in a room is told at its door."""
    missing = []
    for room in ("engine", "processes", "web"):
        text = text_of(f"{room}/README.md")
        missing += [
            documents.place(path)
            for path in sorted((ROOT / room).glob("*.py"))
            if path.name != "__init__.py" and path.stem not in re.findall(r"\w+", text)
        ]

    assert [] == missing
