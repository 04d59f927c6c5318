"""Putting procedures into force: judged whole, stored whole, or not at all."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from engine import database
from engine import definitions
from engine import starts
from engine import transactions
from engine.bpmn import expressions
from engine.bpmn import model
from engine.tables import definition as definition_table
from engine.tables import definition_resource
from engine.tables import deployment as deployment_table
from engine.tables import resource as resource_table
from engine.tables import resource_item
from engine.tables import start_event


class _Version(NamedTuple):
    id: str
    version: int
    hash: str


def deploy(
    work: transactions.Transaction,
    files: Mapping[str, bytes],
    *,
    strict: bool,
    person: str | None,
) -> definitions.Deployment:
    """Deploy the files together; DeploymentRefused for any error.

    With `strict` warnings refuse too.
    """
    bundle = judged(work, files)
    severities = {located.problem.severity for located in bundle.problems}
    if "error" in severities or (strict and severities):
        raise definitions.DeploymentRefused(tuple(bundle.problems))
    deployment = store(work.connection, bundle, files, work.now(), person)
    processes = {process.key: process for _, process in bundle.processes}
    for deployed in deployment.definitions:
        if deployed.new:
            process = processes[deployed.key]
            _listen(work.connection, deployed, process)
            starts.schedule(work, deployed.id, process)
    return deployment


def judged(
    work: transactions.Transaction, files: Mapping[str, bytes]
) -> definitions.Bundle:
    """Return the files, read and judged beside everything that is deployed."""
    bundle = definitions.read(files)
    definitions.judge(
        bundle,
        work.registry,
        functions=work.functions,
        known=known(work.connection),
    )
    return bundle


def known(connection: sa.Connection) -> dict[str, set[str]]:
    """Return the ids of processes, forms and decisions deployed so far."""
    found: dict[str, set[str]] = {"form": set(), "decision": set()}
    columns = resource_item.c
    for kind, item_id in connection.execute(sa.select(columns.kind, columns.item_id)):
        found[kind].add(item_id)
    found["process"] = set(connection.scalars(sa.select(definition_table.c.key)))
    return found


def store(
    connection: sa.Connection,
    bundle: definitions.Bundle,
    files: Mapping[str, bytes],
    at: datetime,
    person: str | None,
) -> definitions.Deployment:
    """Store a bundle that was judged; unchanged processes keep their version."""
    deployment_id = uuid4().hex
    connection.execute(
        deployment_table.insert().values(
            id=deployment_id,
            number=sa.select(
                sa.func.coalesce(sa.func.max(deployment_table.c.number), 0) + 1
            ).scalar_subquery(),
            deployed_at=at,
            deployed_by=person,
        )
    )
    hashes = {name: hashlib.sha256(files[name]).hexdigest() for name in files}
    connection.execute(
        resource_table.insert(),
        [
            {
                "deployment_id": deployment_id,
                "name": name,
                "hash": hashes[name],
                "content": content,
            }
            for name, content in files.items()
        ],
    )
    if bundle.items:
        connection.execute(
            resource_item.insert(),
            [
                {
                    "kind": kind,
                    "item_id": item_id,
                    "deployment_id": deployment_id,
                    "resource": name,
                }
                for (kind, item_id), name in bundle.items.items()
            ],
        )
    uses = {
        process.key: _used(connection, bundle, process, deployment_id)
        for _, process in bundle.processes
    }
    contents = {
        process.key: _hash(process.key, hashes[name], uses[process.key])
        for name, process in bundle.processes
    }
    last = {key: _last(connection, key) for key in contents}
    fresh = _with_callers(
        bundle,
        {
            key
            for key, before in last.items()
            if before is None or before.hash != contents[key]
        },
    )
    deployed = []
    for name, process in bundle.processes:
        before = last[process.key]
        if before is not None and process.key not in fresh:
            deployed.append(
                definitions.Deployed(before.id, process.key, before.version, new=False)
            )
            continue
        new = definitions.Deployed(
            uuid4().hex, process.key, before.version + 1 if before else 1, new=True
        )
        connection.execute(
            definition_table.insert().values(
                id=new.id,
                key=new.key,
                version=new.version,
                version_tag=process.version_tag,
                name=process.name or process.key,
                hash=contents[process.key],
                deployment_id=deployment_id,
                resource=name,
            )
        )
        if uses[process.key]:
            connection.execute(
                definition_resource.insert(),
                [
                    {
                        "definition_id": new.id,
                        "deployment_id": file[0],
                        "resource": file[1],
                    }
                    for file in sorted(uses[process.key])
                ],
            )
        deployed.append(new)
    return definitions.Deployment(
        deployment_id, tuple(deployed), tuple(bundle.problems)
    )


def _hash(key: str, diagram_hash: str, used: set[tuple[str, str, str]]) -> str:
    content = [key, diagram_hash, sorted({file[2] for file in used})]
    return hashlib.sha256(database.canonical(content)).hexdigest()


def _last(connection: sa.Connection, key: str) -> _Version | None:
    """Return the newest version of a process."""
    row = connection.execute(
        sa.select(
            definition_table.c.id, definition_table.c.version, definition_table.c.hash
        )
        .where(definition_table.c.key == key)
        .order_by(definition_table.c.version.desc())
        .limit(1)
    ).one_or_none()
    return _Version(row.id, row.version, row.hash) if row else None


def _with_callers(bundle: definitions.Bundle, fresh: set[str]) -> set[str]:
    """Add the processes that are bound to what was deployed along with them.

    Such a caller never sees a later version of what it calls: without a version of
    its own the change would reach nobody. An expression may call any of them.
    """
    fresh = set(fresh)
    bound = {
        process.key: {
            element.called_element
            for element in process.elements.values()
            if element.called_element
            and element.attributes.get("calledElementBinding") == "deployment"
        }
        for _, process in bundle.processes
    }
    while callers := {
        key
        for key, callees in bound.items()
        if key not in fresh
        and any(
            callee in fresh or (fresh and expressions.is_expression(callee))
            for callee in callees
        )
    }:
        fresh |= callers
    return fresh


def _used(
    connection: sa.Connection,
    bundle: definitions.Bundle,
    process: model.Process,
    deployment_id: str,
) -> set[tuple[str, str, str]]:
    """Return (deployment, file, hash) of the forms and decisions a process uses."""
    wanted: set[tuple[str, str]] = set()
    for element in process.elements.values():
        form = definitions.form_name(element)
        decision = element.attributes.get("decisionRef")
        if form:
            wanted.add(("form", form))
        if decision and expressions.is_expression(decision):
            # Which table it will be is only known at run time.
            wanted |= {("decision", found) for found in bundle.ids("decision")}
        elif decision:
            wanted.add(("decision", decision))
    used = set()
    for kind, item_id in wanted:
        file = connection.execute(
            sa.select(
                resource_table.c.deployment_id,
                resource_table.c.name,
                resource_table.c.hash,
            )
            .join_from(
                resource_item,
                resource_table,
                (resource_table.c.deployment_id == resource_item.c.deployment_id)
                & (resource_table.c.name == resource_item.c.resource),
            )
            .join(
                deployment_table,
                deployment_table.c.id == resource_item.c.deployment_id,
            )
            .where(resource_item.c.kind == kind, resource_item.c.item_id == item_id)
            .order_by(
                (deployment_table.c.id == deployment_id).desc(),
                deployment_table.c.number.desc(),
            )
            .limit(1)
        ).one_or_none()
        if file is not None:
            used.add((file[0], file[1], file[2]))
    return used


def _listen(
    connection: sa.Connection, new: definitions.Deployed, process: model.Process
) -> None:
    """Let the message and signal start events of the newest version start instances."""
    connection.execute(
        start_event.delete().where(start_event.c.definition_key == new.key)
    )
    rows = [
        {
            "definition_key": new.key,
            "element_id": element.id,
            "definition_id": new.id,
            "kind": element.event.kind,
            "name": element.event.name,
        }
        for element in definitions.starts(process)
        if element.event and element.event.kind in ("message", "signal")
    ]
    if rows:
        connection.execute(start_event.insert(), rows)
