"""The documents of the repository, and the tables in them that the code writes.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`. After a change to
what it tells, `python -m tests.documents` writes it anew; a test compares.
"""

import ast
import itertools
import re
import tomllib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from engine import errors
from engine import history
from engine.bpmn.diagrams import problems
from processes import demo
from processes import office
from processes import verbs as office_verbs
from processes.supervision.hotline import callers
from tests.processes import ways as shown
from web import app as application
from web import cli
from web import labels
from web import refusals

ROOT = Path(__file__).parent.parent
ROOMS = ("engine", "processes", "web", "tests")
DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    + [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("README.md")
        if "node_modules" not in path.parts
    ]
)
TABLE = re.compile(
    r"(?P<begin><!-- table: (?P<name>[a-z]+) -->\n)(?P<text>.*?)(?P<end><!-- end -->)",
    re.DOTALL,
)
#: A scenario that a document has its readers write.
SCENARIO = re.compile(r"^```yaml file=\S+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Imported so that every error class is known: the application brings all the rest.
APPLICATION = application


def place(path: Path) -> str:
    """Return the path as people name it."""
    return path.relative_to(ROOT).as_posix()


def written(text: str) -> str:
    """Return the text of a document with its tables as the code tells them."""

    def table(found: re.Match[str]) -> str:
        head, rows = TABLES[found["name"]]()
        lines = [head, tuple("---" for _ in head), *rows]
        body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        return found["begin"] + body + found["end"]

    return TABLE.sub(table, text)


Row = tuple[str, ...]
Told = tuple[Row, Iterable[Row]]


def commands() -> Told:
    """Tell every command with its arguments, options and help."""
    rows = []
    for name, command in sorted(cli.main.commands.items()):
        context = click.Context(command, info_name=name)
        usage = [part for part in command.collect_usage_pieces(context)[1:]]
        options = [
            f"`{option.opts[0]}` {option.help or ''}".strip()
            for option in command.params
            if isinstance(option, click.Option)
        ]
        rows.append(
            (
                f"`{' '.join(['ducha', name, *usage])}`",
                command.help or "",
                "<br>".join(options),
            )
        )
    return ("command", "what it does", "options"), rows


def accounts() -> Told:
    """Tell who can sign in to the demo office."""
    rows = [
        (f"`{person}`", name, labels.ROLES[role]) for person, role, name in demo.PERSONS
    ]
    rows += [
        (f"`{role}.UNIT`", "", labels.ROLES[role]) for role, _title in demo.UNIT_ROLES
    ]
    return ("account", "name", "post"), rows


def units() -> Told:
    """Tell the codes of the units that undertake matters."""
    return ("UNIT", "unit"), [
        (f"`{code}`", name)
        for code, name, _short, _above in demo.UNITS
        if code not in demo.OFFICES
    ]


def floors() -> Told:
    """Tell the files of the engine by their floors, from the top."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["id"] == "floors")
    rows = []
    for name in re.findall(r"\w+", " ".join(layers)):
        file = ROOT / f"engine/{name}.py"
        if file.exists():
            rows.append((f"`{file.name}`", promise(file)))
    return ("file", "what it is"), rows


def promise(path: Path) -> str:
    """Return the first sentence of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0]


def rules() -> Told:
    """Tell the rules of the linter."""
    return ("rule", "what it guards"), [
        (f"`{rule}`", guarded) for rule, guarded in problems.RULES.items()
    ]


def events() -> Told:
    """Tell the types of history events."""
    return ("type", "what happened"), [
        (f"`{kind}`", sentence) for kind, sentence in history.TYPES.items()
    ]


def refused() -> Told:
    """Tell every error with its sentence and the status of its answer."""
    statuses = refusals.STATUSES
    rows = [
        (
            f"`{kind.__name__}`",
            kind.__module__,
            kind.__doc__ or "",
            str(next(statuses[one] for one in kind.__mro__ if one in statuses)),
        )
        for kind in error_classes()
    ]
    return ("error", "from", "says", "status"), rows


def verbs() -> Told:
    """Tell an act of a scenario that is played for every verb."""
    found: dict[str, Any] = {}
    shipped = sorted(office.CATALOG.glob("*/scenarios/**/*.yaml"))
    told = SCENARIO.findall((ROOT / "processes/README.md").read_text("utf-8"))
    for text in [*(path.read_text("utf-8") for path in shipped), *told]:
        for act in yaml.safe_load(text)["acts"]:
            for verb, given in act.items():
                shown = yaml.safe_dump(
                    {verb: given},
                    allow_unicode=True,
                    default_flow_style=True,
                    sort_keys=False,
                    width=1000,
                ).strip()[1:-1]
                if verb not in found or len(shown) < len(found[verb]):
                    found[verb] = shown
    return ("verb", "for example"), [
        (f"`{verb}`", f"`- {found[verb]}`" if verb in found else "")
        for verb in [*all_verbs(), "passage"]
    ]


def ways() -> Told:
    """Tell which scenario shows each way of each procedure."""
    rows = []
    for key, listed in itertools.groupby(shown.listed(), lambda one: one.procedure):
        links = [
            f"[{one.scenario}]({key}/scenarios/{one.scenario}.yaml)"
            if one.scenario
            else "none"
            for one in listed
        ]
        rows.append((f"`{key}`", *links))
    return ("procedure", *shown.WAYS), rows


def without() -> Told:
    """Tell why a procedure has no such way."""
    return ("procedure", "has none", "because"), [
        (f"`{one.procedure}`", one.way, one.reason)
        for one in shown.listed()
        if one.reason
    ]


def all_verbs() -> Mapping[str, object]:
    """Return the verbs that scenarios of the office may use."""
    return office_verbs.verbs(callers.Vault("a secret of the documents"))


def error_classes(
    kind: type[errors.DuchaError] = errors.DuchaError,
) -> list[type[errors.DuchaError]]:
    """Return the class and all that refine it, by module and name."""
    found = {kind}
    for narrower in kind.__subclasses__():
        found.update(error_classes(narrower))
    ours = [one for one in found if one.__module__.split(".")[0] in ROOMS[:3]]
    return sorted(ours, key=lambda one: (one.__module__, one.__name__))


TABLES: Mapping[str, Callable[[], Told]] = {
    "accounts": accounts,
    "commands": commands,
    "errors": refused,
    "events": events,
    "floors": floors,
    "rules": rules,
    "units": units,
    "verbs": verbs,
    "ways": ways,
    "without": without,
}


if __name__ == "__main__":
    for document in DOCUMENTS:
        before = document.read_text("utf-8")
        if before != (after := written(before)):
            document.write_text(after, "utf-8")
            print(place(document))
