"""The diagrams of a procedure in a designer's hands: read, judged, published.

A new version is for new matters: what runs stays on the version it was opened with.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import definitions
from engine import errors
from engine import people
from engine import tables
from engine import unit_of_work
from engine.bpmn import expressions
from engine.bpmn import model
from processes import procedures
from processes.supervision.elements import deputies

ROLE = "process_designer"


class NoSuchDiagram(errors.NotFound):
    """这一程序没有这张流程图。"""


class AnotherProcess(errors.Invalid):
    """提交的流程图不是这一流程的。"""


class Outdated(errors.Conflict):
    """这张流程图刚刚发布过新版本，请重新打开再改。"""


class NotConfirmed(errors.Refused):
    """流程图有警告，确认之后才发布。"""

    def __init__(self, problems: tuple[definitions.Located, ...]) -> None:
        """Carry the warnings that ask for a second confirmation."""
        super().__init__()
        self.problems = problems


@dataclass(frozen=True)
class Diagram:
    """The newest version of a diagram, and who put it into force when."""

    definition_id: str
    key: str
    name: str
    version: int
    #: The file that holds it.
    resource: str
    published_at: datetime
    #: None for what came with the program.
    published_by: str | None
    #: The processes that it calls.
    calls: frozenset[str]


def require_designer(identity: people.Identity) -> None:
    """Raise Forbidden for everybody but designers; substitutes do not design."""
    if ROLE not in identity.roles:
        raise errors.Forbidden("只有流程设计者可以编辑流程图。", person=identity.person)


def diagrams(connection: sa.Connection, key: str) -> dict[str, Diagram]:
    """Return the newest diagrams of a procedure by process: its own, what it calls.

    Raises procedures.NoSuchProcedure where no procedure has the key.
    """
    procedure, _ = procedures.find(connection, key)
    handled_by = deputies.handling(procedure)
    found: dict[str, Diagram] = {}
    waiting = [key]
    while waiting:
        process = waiting.pop(0)
        if process in found or not _is_deployed(connection, process):
            continue
        found[process] = _newest(connection, process, handled_by)
        waiting += sorted(found[process].calls)
    return found


def find(connection: sa.Connection, key: str, process: str) -> Diagram:
    """Return one of the procedure's diagrams; NoSuchDiagram where it is none."""
    diagram = diagrams(connection, key).get(process)
    if diagram is None:
        raise NoSuchDiagram(procedure=key, process=process)
    return diagram


def judge(
    work: unit_of_work.UnitOfWork, diagram: Diagram, xml: bytes
) -> tuple[definitions.Located, ...]:
    """Return what is wrong with a changed diagram beside all that is deployed."""
    _require_same_processes(work.connection, diagram, xml)
    return work.judge({diagram.resource: xml})


def publish(
    work: unit_of_work.UnitOfWork,
    key: str,
    diagram: Diagram,
    xml: bytes,
    *,
    read_version: int,
    confirmed: bool,
    person: str,
) -> definitions.Deployment:
    """Deploy a changed diagram, with those diagrams of its procedure that call it.

    Callers keep to the diagrams that were deployed with or before them: they get a
    new version too. Forms and decisions stay those in force. Raises Outdated where
    `read_version` is not the newest any more, definitions.DeploymentRefused for
    errors, NotConfirmed for warnings that nobody confirmed.
    """
    if diagram.version != read_version:
        raise Outdated(process=diagram.key, version=diagram.version)
    _require_same_processes(work.connection, diagram, xml)
    files = {diagram.resource: xml}
    for caller in _callers(diagrams(work.connection, key), diagram.key):
        files.setdefault(
            caller.resource,
            definitions.diagram(work.connection, caller.definition_id),
        )
    deployment = work.deploy(files, person=person)
    if deployment.problems and not confirmed:
        raise NotConfirmed(deployment.problems)
    return deployment


def _callers(known: Mapping[str, Diagram], process: str) -> Iterator[Diagram]:
    """Yield the diagrams that call a process, directly or through others."""
    reached, waiting = {process}, [process]
    while waiting:
        callee = waiting.pop()
        for diagram in known.values():
            if diagram.key not in reached and callee in diagram.calls:
                reached.add(diagram.key)
                waiting.append(diagram.key)
                yield diagram


def _require_same_processes(
    connection: sa.Connection, diagram: Diagram, xml: bytes
) -> None:
    """Raise AnotherProcess unless the file holds the processes it held before."""
    bundle = definitions.read({diagram.resource: xml})
    if not bundle.processes:
        # It cannot be read: the problems say why.
        return
    before = definitions.read(
        {diagram.resource: definitions.diagram(connection, diagram.definition_id)}
    )
    wanted = {process.key for _, process in before.processes}
    if {process.key for _, process in bundle.processes} != wanted:
        named = "、".join(sorted(wanted))
        raise AnotherProcess(
            f"流程编号须保持为“{named}”，不能改动。", process=diagram.key
        )


def _is_deployed(connection: sa.Connection, process: str) -> bool:
    key = tables.definition.c.key
    return bool(connection.scalar(sa.select(sa.exists().where(key == process))))


def _newest(connection: sa.Connection, process: str, handled_by: str) -> Diagram:
    definition_id = definitions.latest(connection, process)
    definition, deployment = tables.definition.c, tables.deployment.c
    row = connection.execute(
        sa.select(
            definition.name,
            definition.version,
            definition.resource,
            deployment.deployed_at,
            deployment.deployed_by,
        )
        .join(tables.deployment, deployment.id == definition.deployment_id)
        .where(definition.id == definition_id)
    ).one()
    bundle = definitions.read(
        {row.resource: definitions.diagram(connection, definition_id)}
    )
    return Diagram(
        definition_id=definition_id,
        key=process,
        name=row.name,
        version=row.version,
        resource=row.resource,
        published_at=row.deployed_at,
        published_by=row.deployed_by,
        calls=frozenset(
            # The only one that a matter's procedure chooses: `${handled_by(matter)}`.
            handled_by if expressions.is_expression(called) else called
            for _, read in bundle.processes
            for called in _called(read)
        ),
    )


def _called(process: model.Process) -> Iterator[str]:
    for element in process.elements.values():
        if element.called_element:
            yield element.called_element
