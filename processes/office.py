"""The office as a whole: what it registers with the engine, and what it deploys."""

import operator
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from engine import clock
from engine import definitions
from engine import engine as engines
from engine import handlers
from engine import tables
from engine import workdays
from processes import procedures
from processes import spool
from processes.supervision import settings as records
from processes.supervision.deadlines import ladder
from processes.supervision.documents import documents
from processes.supervision.dossiers import grants
from processes.supervision.elements import annual
from processes.supervision.elements import approval
from processes.supervision.elements import assessing
from processes.supervision.elements import assigning
from processes.supervision.elements import bulletins
from processes.supervision.elements import closing
from processes.supervision.elements import concluding
from processes.supervision.elements import deputies
from processes.supervision.elements import inspecting
from processes.supervision.elements import instructing
from processes.supervision.elements import measuring
from processes.supervision.elements import opening
from processes.supervision.elements import passing
from processes.supervision.elements import patrols
from processes.supervision.elements import problems
from processes.supervision.elements import recording
from processes.supervision.elements import registration
from processes.supervision.elements import reporting
from processes.supervision.elements import requests
from processes.supervision.elements import scoring
from processes.supervision.elements import training
from processes.supervision.elements import undertaking
from processes.supervision.elements import waiting
from processes.supervision.escalation import escalation
from processes.supervision.forms import choices
from processes.supervision.hotline import callers
from processes.supervision.requests import clocks

CATALOG = Path(__file__).parent / "catalog"
DEPLOYED = {".bpmn", ".form", ".dmn", ".toml", documents.SUFFIX}
#: Prints a document, at once or soon.
Printing = Callable[[Callable[[], object]], object]
#: 夏邑县: the code of the area that all numbers begin with.
AREA = "411426"


@dataclass(frozen=True)
class Settings:
    """What the office must be told: its secret, where messages go, its area code."""

    secret_key: str
    #: The directory that gateways fetch outgoing messages from (see spool.py).
    outgoing: Path
    area: str = AREA


@dataclass(frozen=True)
class Deployed:
    """The newest version of a procedure."""

    key: str
    name: str
    version: int


def registry(settings: Settings) -> handlers.Registry:
    """Return a registry with everything the office's procedures name."""
    filled = handlers.Registry()
    install(filled, settings)
    return filled


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register every handler, function, job and channel of the office.

    Printing needs the engine itself: call `print_documents` once it is there.
    """
    office = records.Settings(settings.area, callers.Vault(settings.secret_key))
    registration.install(registry, office)
    opening.install(registry, office)
    approval.install(registry)
    recording.install(registry)
    passing.install(registry, office)
    undertaking.install(registry)
    requests.install(registry)
    waiting.install(registry)
    reporting.install(registry)
    closing.install(registry, office)
    assigning.install(registry)
    inspecting.install(registry)
    problems.install(registry)
    patrols.install(registry)
    instructing.install(registry)
    measuring.install(registry)
    assessing.install(registry)
    scoring.install(registry)
    bulletins.install(registry, office)
    deputies.install(registry, office)
    annual.install(registry, office)
    concluding.install(registry)
    training.install(registry)
    choices.install(registry)
    registry.job(ladder.JOB)(escalation.climb)
    registry.job(grants.JOB)(grants.lapse)
    registry.resting(clocks.rest)
    registry.file(procedures.FILE)(procedures.faults)
    registry.file(documents.SUFFIX)(documents.faults)
    for name in ("sms", "hotline", "exchange"):
        registry.channel(name)(spool.channel(settings.outgoing / name))


def print_documents(engine: engines.Engine, printing: Printing = operator.call) -> None:
    """Let the outbox print documents: outside of the transaction that issued them.

    `printing` does it, at once or beside the work.
    """

    def carry(message: handlers.Message) -> None:
        number = int(message.recipient)
        printing(lambda: documents.print_once(engine, number))

    engine.registry.channel(documents.CHANNEL)(carry)


def deploy_catalog(engine: engines.Engine) -> list[Deployed]:
    """Deploy the shipped procedures where they changed; return their versions."""
    files = catalog_files()
    with engine.begin() as work:
        if not _is_deployed(work.connection, files):
            work.deploy(files)
        definition = tables.definition.c
        rows = work.connection.execute(
            sa.select(definition.key, definition.name, definition.version).order_by(
                definition.key, definition.version
            )
        )
        newest = {row.key: Deployed(row.key, row.name, row.version) for row in rows}
    return list(newest.values())


def judge(files: Mapping[str, bytes]) -> tuple[definitions.Located, ...]:
    """Return what is wrong with files to be deployed beside the catalog.

    Needs no database: what only another deployment brought is not known here.
    """
    filled = handlers.Registry()
    install(filled, Settings(secret_key="", outgoing=Path()))
    shipped = definitions.read(catalog_files())
    bundle = definitions.read(files)
    definitions.judge(
        bundle,
        filled,
        functions={
            *filled.functions,
            *filled.work_functions,
            *workdays.functions(workdays.Calendar({}), clock.SystemClock()),
        },
        known={
            "process": {process.key for _, process in shipped.processes},
            "form": shipped.ids("form"),
            "decision": shipped.ids("decision"),
        },
    )
    return tuple(bundle.problems)


def catalog_files() -> dict[str, bytes]:
    """Return every deployable file of the catalog, by its path below it."""
    return {
        path.relative_to(CATALOG).as_posix(): path.read_bytes()
        for path in sorted(CATALOG.rglob("*"))
        if path.suffix in DEPLOYED
    }


def _is_deployed(connection: sa.Connection, files: dict[str, bytes]) -> bool:
    """Whether the newest deployment of the whole catalog holds these very files.

    What designers published since then stays in force until the program brings
    another catalog.
    """
    deployment, resource = tables.deployment.c, tables.resource.c
    last = connection.scalar(
        sa.select(deployment.id)
        .join(tables.resource, resource.deployment_id == deployment.id)
        .where(resource.name.in_(files))
        .group_by(deployment.id, deployment.number)
        .having(sa.func.count() == len(files))
        .order_by(deployment.number.desc())
        .limit(1)
    )
    rows = connection.execute(
        sa.select(resource.name, resource.content).where(resource.deployment_id == last)
    )
    return files == {row.name: bytes(row.content) for row in rows}
