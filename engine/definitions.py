"""Deployed procedures: versions by content, read once, shared by all threads."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine.bpmn import decisions
from engine.bpmn import forms
from engine.bpmn import model
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import parsing
from engine.bpmn.diagrams import reading
from engine.bpmn.forms import submissions
from engine.bpmn.game import graph
from engine.tables import definition as definition_table
from engine.tables import definition_resource
from engine.tables import deployment as deployment_table
from engine.tables import resource as resource_table

#: Parsed definitions kept in one process.
CACHED = 500


class NoSuchDefinition(errors.NotFound):
    """没有部署过这一流程。"""


class DeploymentRefused(errors.Invalid):
    """流程文件有错误，没有部署。"""

    def __init__(self, problems: "tuple[Located, ...]") -> None:
        """Carry every problem, warnings included, with the file it is in."""
        self.problems = problems
        fields: dict[str, list[str]] = {}
        for located in problems:
            fields.setdefault(located.resource, []).append(located.problem.message)
        first = min(problems, key=lambda located: located.problem.severity)
        super().__init__(
            f"流程文件有错误，没有部署：{first.resource}：{first.problem.message}",
            fields=fields,
        )


@dataclass(frozen=True, slots=True)
class Located:
    """A problem and the file it is in."""

    resource: str
    problem: model.Problem

    @property
    def place(self) -> str:
        """Return `file:line`, the file alone where no line is known."""
        line = self.problem.line
        return f"{self.resource}:{line}" if line else self.resource


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, ready to run."""

    id: str
    key: str
    version: int
    name: str
    deployment_id: str
    graph: graph.Graph
    forms: Mapping[str, submissions.Form]
    decisions: Mapping[str, decisions.Decision]

    @property
    def process(self) -> model.Process:
        """What the diagram says."""
        return self.graph.process

    def form_of(self, element: model.Element) -> submissions.Form | None:
        """Return the form that an element names."""
        name = form_name(element)
        return self.forms.get(name) if name else None


@dataclass(frozen=True, slots=True)
class Deployed:
    """The version a process has after a deployment, new or as it was."""

    id: str
    key: str
    version: int
    new: bool


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment did; `problems` holds the warnings."""

    id: str
    definitions: tuple[Deployed, ...]
    problems: tuple[Located, ...]


@dataclass(slots=True)
class Bundle:
    """The files of a deployment, read."""

    processes: list[tuple[str, model.Process]] = field(default_factory=list)
    #: (form | decision, id) -> the file it is in
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Each decision table with the file it is in.
    decision_tables: list[tuple[str, decisions.Decision]] = field(default_factory=list)
    #: What is neither: kept beside them for those who registered its kind.
    companions: dict[str, bytes] = field(default_factory=dict)
    problems: list[Located] = field(default_factory=list)

    def ids(self, kind: str) -> set[str]:
        """Return the ids of its forms or decisions."""
        return {item_id for found, item_id in self.items if found == kind}

    def refuse(self, resource: str, rule: str, messages: Iterable[str]) -> None:
        """Add errors of a file."""
        self.problems += [
            Located(resource, model.Problem(rule, None, "error", message))
            for message in messages
        ]


def form_name(element: model.Element) -> str | None:
    """Return the id of the form that an element names."""
    attributes = element.attributes
    return attributes.get("formRef") or attributes.get("formKey")


def read(files: Mapping[str, bytes]) -> Bundle:
    """Read every .bpmn, .form and .dmn; what is wrong is among the problems.

    Any other file is a companion: whether it may come along is judged later.
    """
    bundle = Bundle()
    for name, content in sorted(files.items()):
        if name.endswith((".bpmn", ".bpmn20.xml")):
            _read_diagram(bundle, name, content)
        elif name.endswith(".form"):
            _read_form(bundle, name, content)
        elif name.endswith(".dmn"):
            _read_decisions(bundle, name, content)
        else:
            bundle.companions[name] = content
    return bundle


def _read_diagram(bundle: Bundle, name: str, content: bytes) -> None:
    try:
        found = reading.read_diagram(content, name=name)
    except parsing.UnreadableDiagram as error:
        bundle.problems.append(Located(name, error.problem))
        return
    bundle.problems += [Located(name, problem) for problem in found.problems]
    known = {process.key for _, process in bundle.processes}
    for process in found.processes:
        if process.key in known:
            bundle.refuse(
                name, "duplicate-id", [f"流程编号“{process.key}”在另一文件里已有。"]
            )
        bundle.processes.append((name, process))


def _read_form(bundle: Bundle, name: str, content: bytes) -> None:
    try:
        form = forms.read_form(content)
    except submissions.FormError as error:
        bundle.refuse(name, "form", error.problems)
        return
    if not form.id:
        bundle.refuse(name, "form", ["表单没有编号（id），流程图找不到它，请补上。"])
        return
    _add_item(bundle, name, "form", form.id)


def _read_decisions(bundle: Bundle, name: str, content: bytes) -> None:
    try:
        for decision in decisions.read_decisions(content):
            _add_item(bundle, name, "decision", decision.id)
            bundle.decision_tables.append((name, decision))
    except decisions.DecisionError as error:
        bundle.refuse(name, "decision", error.problems)


def _add_item(bundle: Bundle, name: str, kind: str, item_id: str) -> None:
    if bundle.items.setdefault((kind, item_id), name) != name:
        bundle.refuse(name, kind, [f"编号“{item_id}”在另一文件里已有。"])


def judge(
    bundle: Bundle,
    registry: handlers.Registry,
    *,
    functions: Iterable[str],
    known: Mapping[str, set[str]],
) -> None:
    """Lint every process; `known` holds what earlier deployments brought, by kind."""
    for name, content in bundle.companions.items():
        bundle.refuse(name, "file", registry.faults(name, content))
    for name, decision in bundle.decision_tables:
        bundle.refuse(name, "decision", registry.decision_faults(decision))
    callees = {process.key for _, process in bundle.processes} | known["process"]
    # What was read with errors is not fit to be judged further.
    unfit = {p.resource for p in bundle.problems if p.problem.severity == "error"}
    for name, process in bundle.processes:
        if name in unfit:
            continue
        bundle.problems += [
            Located(name, problem)
            for problem in linter.lint(
                process,
                handlers=set(registry.handlers),
                forms=bundle.ids("form") | known["form"],
                decisions=bundle.ids("decision") | known["decision"],
                callees=callees,
                functions=set(functions),
            )
        ]


def starts(process: model.Process) -> Iterable[model.Element]:
    """Return the start events of the process itself."""
    return (
        element
        for element in process.elements.values()
        if element.kind == "startEvent" and element.scope == process.key
    )


def latest(connection: sa.Connection, key: str) -> str:
    """Return the id of the newest version of a process."""
    return find(connection, definition_table.c.key == key, key=key)


def numbered(connection: sa.Connection, key: str, version: int) -> str:
    """Return the id of a version of a process."""
    found = connection.scalar(
        sa.select(definition_table.c.id).where(
            definition_table.c.key == key, definition_table.c.version == version
        )
    )
    if found is None:
        message = f"流程“{key}”没有第 {version} 版。"
        raise NoSuchDefinition(message, key=key, version=version)
    return str(found)


def called(
    connection: sa.Connection,
    caller: Definition,
    key: str,
    details: Mapping[str, object],
) -> str:
    """Return the id of the version that a call activity is bound to.

    `deployment` means the newest version that was there when the caller was deployed.
    """
    binding = details.get("binding")
    conditions = [definition_table.c.key == key]
    if binding == "version":
        conditions.append(definition_table.c.version == _whole(details.get("version")))
    elif binding == "versionTag":
        conditions.append(definition_table.c.version_tag == details.get("version_tag"))
    elif binding == "deployment":
        number = deployment_table.c.number
        own = sa.select(number).where(deployment_table.c.id == caller.deployment_id)
        earlier = sa.select(deployment_table.c.id).where(
            number <= own.scalar_subquery()
        )
        conditions.append(definition_table.c.deployment_id.in_(earlier))
    return find(connection, *conditions, key=key)


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise NoSuchDefinition(f"流程的版本应是整数，现为“{value}”。") from None


def find(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool], key: str
) -> str:
    """Return the id of the newest version for which the conditions hold."""
    found = connection.scalar(
        sa.select(definition_table.c.id)
        .where(*conditions)
        .order_by(definition_table.c.version.desc())
        .limit(1)
    )
    if found is None:
        raise NoSuchDefinition(f"没有部署过流程“{key}”。", key=key)
    return str(found)


class Library:
    """The definitions of one process of ours, each read once; safe for threads."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._read: OrderedDict[str, Definition] = OrderedDict()

    def get(self, connection: sa.Connection, definition_id: str) -> Definition:
        """Return a definition by its id; it never changes once deployed."""
        with self._lock:
            known = self._read.get(definition_id)
            if known is not None:
                self._read.move_to_end(definition_id)
                return known
        # Two threads may read the same one at the same time; either copy will do.
        found = _load(connection, definition_id)
        with self._lock:
            self._read[definition_id] = found
            if len(self._read) > CACHED:
                self._read.popitem(last=False)
        return found


def diagram(connection: sa.Connection, definition_id: str) -> bytes:
    """Return the XML of a definition's diagram."""
    content = connection.scalar(
        sa.select(resource_table.c.content)
        .join_from(
            definition_table,
            resource_table,
            (resource_table.c.deployment_id == definition_table.c.deployment_id)
            & (resource_table.c.name == definition_table.c.resource),
        )
        .where(definition_table.c.id == definition_id)
    )
    if content is None:
        raise NoSuchDefinition(definition_id=definition_id)
    return bytes(content)


# What a file says depends on nothing but the file: whoever opens the same database
# again in this process need not read it again.


@lru_cache(maxsize=CACHED)
def _graph(content: bytes, key: str) -> graph.Graph:
    processes = reading.read_diagram(content).processes
    return graph.build(next(found for found in processes if found.key == key))


@lru_cache(maxsize=CACHED)
def _form(content: bytes) -> submissions.Form:
    return forms.read_form(content)


@lru_cache(maxsize=CACHED)
def _decisions(content: bytes) -> tuple[decisions.Decision, ...]:
    return decisions.read_decisions(content)


def _load(connection: sa.Connection, definition_id: str) -> Definition:
    content = diagram(connection, definition_id)
    row = connection.execute(
        sa.select(definition_table).where(definition_table.c.id == definition_id)
    ).one()
    found_forms: dict[str, submissions.Form] = {}
    found_decisions: dict[str, decisions.Decision] = {}
    for file in connection.execute(
        sa.select(resource_table.c.name, resource_table.c.content)
        .join_from(
            definition_resource,
            resource_table,
            (resource_table.c.deployment_id == definition_resource.c.deployment_id)
            & (resource_table.c.name == definition_resource.c.resource),
        )
        .where(definition_resource.c.definition_id == definition_id)
    ):
        if file.name.endswith(".form"):
            form = _form(bytes(file.content))
            found_forms[form.id] = form
        else:
            for decision in _decisions(bytes(file.content)):
                found_decisions[decision.id] = decision
    return Definition(
        id=row.id,
        key=row.key,
        version=row.version,
        name=row.name,
        deployment_id=row.deployment_id,
        graph=_graph(content, row.key),
        forms=found_forms,
        decisions=found_decisions,
    )
