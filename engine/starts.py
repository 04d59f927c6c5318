"""Starting instances: by hand, by a message, by a signal, by a timer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine import definitions
from engine import entries
from engine import errors
from engine import handlers
from engine import history
from engine import instances
from engine import jobs
from engine import people
from engine import routing
from engine import transactions
from engine.bpmn import expressions
from engine.bpmn import model
from engine.bpmn import values
from engine.bpmn.game import timers

EMPTY: Mapping[str, Any] = {}


class MayNotStart(errors.Forbidden):
    """您的岗位不能发起这一程序。"""


def start(
    work: transactions.Transaction,
    definition_id: str,
    start_event: str | None,
    *,
    variables: Mapping[str, object] | None,
    fields: Mapping[str, object] | None,
    business_key: str | None,
    person: str | None,
) -> handlers.Started:
    """Start an instance of a definition at its none start event or the one named.

    `fields` become variables only where a form says which may; without one they
    reach the handlers alone, since nobody has said what is fit to be kept.
    NoSuchPerson when it is started by somebody who is not there, MayNotStart when
    the process names its starters and he is none of them.
    """
    definition = work.library.get(work.connection, definition_id)
    if person is not None:
        identity = people.identity(work.connection, person, work.now())
        if start_event is None:
            _require_starter(definition.process, identity)
    element = _start_element(definition, start_event)
    given = dict(variables or EMPTY)
    values.require_json(given)
    form = definition.form_of(element) if element else None
    entry = entries.accept(work, form, element, fields or EMPTY, given)
    instance = instances.start(
        work,
        definition_id,
        variables={**given, **(entry.kept if form else EMPTY)},
        business_key=business_key,
        act=transactions.Act(person=person, fields=entry.brought),
        start_event=start_event,
    )
    return handlers.Started(instance.id, instance.business_key)


def _require_starter(process: model.Process, identity: people.Identity) -> None:
    """Refuse whoever is not among the candidateStarterUsers and -Groups, if named.

    A group without a unit names whoever holds the role in any unit.
    """
    persons = _listed(process.attributes.get("candidateStarterUsers"))
    groups = _listed(process.attributes.get("candidateStarterGroups"))
    if not persons and not groups:
        return
    held = {*identity.groups}
    for principal in identity.substitutes_for:
        held |= principal.groups
    held |= {group.partition(".")[0] for group in held}
    if identity.person not in persons and held.isdisjoint(groups):
        raise MayNotStart(
            f"您的岗位不能发起“{process.name}”。",
            key=process.key,
            person=identity.person,
        )


def _listed(written: str | None) -> set[str]:
    return {one.strip() for one in (written or "").split(",") if one.strip()}


def by_message(
    work: transactions.Transaction,
    name: str,
    variables: Mapping[str, object] | None = None,
    *,
    business_key: str | None = None,
    fields: Mapping[str, object] | None = None,
    person: str | None = None,
) -> handlers.Started:
    """Start the one procedure that this message starts.

    AlreadyActive when an active instance of it bears the same business key.
    """
    found = routing.message_start(work.connection, name, business_key)
    return start(
        work,
        found.definition_id,
        found.element_id,
        variables=variables,
        fields=fields,
        business_key=business_key,
        person=person,
    )


def schedule(
    work: transactions.Transaction, definition_id: str, process: model.Process
) -> None:
    """Arm the timer start events of a new version; those before it are dropped.

    What was due already and did not run yet still starts the version that missed it.
    """
    jobs.detach_due(work.connection, _prefix(process.key), work.now())
    _arm(work, definition_id, process)


def _prefix(key: str) -> str:
    return f"start:{key}:"


def _arm(
    work: transactions.Transaction, definition_id: str, process: model.Process
) -> None:
    work.unschedule(_prefix(process.key), prefix=True)
    for element in definitions.starts(process):
        event = element.event
        if event is None or event.kind != "timer" or event.timer is None:
            continue
        written: object = event.timer.expression
        if expressions.is_expression(event.timer.expression):
            compiled = expressions.compile_juel(event.timer.expression)
            written = compiled.evaluate({}, work.functions)
        first = timers.schedule(event.timer.kind, written, work.now())
        _schedule_one(work, process.key, definition_id, element.id, first)


def rearm(work: transactions.Transaction) -> None:
    """Count every timer start event from now on, as if all were deployed now."""
    for definition_id in jobs.armed_definitions(work.connection):
        definition = work.library.get(work.connection, definition_id)
        _arm(work, definition_id, definition.process)


def _schedule_one(
    work: transactions.Transaction,
    key: str,
    definition_id: str,
    element_id: str,
    firing: timers.Schedule | None,
) -> None:
    if firing is None:
        return
    armed_at = firing.armed_at.isoformat() if firing.armed_at else None
    new = jobs.row(
        "start",
        firing.due_at,
        work.now(),
        key=f"{_prefix(key)}{element_id}",
        payload={
            "definition_id": definition_id,
            "element_id": element_id,
            "key": key,
            "cycle": [firing.cycle, firing.number, armed_at],
            "due_at": firing.due_at.isoformat(),
        },
    )
    jobs.schedule(work.connection, new)


def begin(work: transactions.Transaction, job: jobs.Job) -> None:
    """Start an instance by a timer or signal start event.

    A cycle that was due several times while nobody looked starts one instance, and
    its history says how many firings that stands for.
    """
    payload = job.payload
    started = start(
        work,
        payload["definition_id"],
        payload["element_id"],
        variables=payload.get("variables"),
        fields=None,
        business_key=None,
        person=None,
    )
    if "cycle" in payload:
        cycle, number, armed_at = payload["cycle"]
        fired = timers.Schedule(
            datetime.fromisoformat(payload["due_at"]),
            cycle,
            number,
            datetime.fromisoformat(armed_at) if armed_at else None,
        )
        ahead, missed = timers.upcoming(fired, work.now())
        if missed:
            event = history.Event("timer_fired", details={"missed": missed})
            instances.note(work, started.instance_id, event)
        if payload.get("replaced"):
            return
        _schedule_one(
            work,
            payload["key"],
            payload["definition_id"],
            payload["element_id"],
            ahead,
        )


def _start_element(
    definition: definitions.Definition, start_event: str | None
) -> model.Element | None:
    found = {element.id: element for element in definitions.starts(definition.process)}
    if start_event is None:
        plain = [
            element
            for element in found.values()
            if element.event is None or element.event.kind == "none"
        ]
        return plain[0] if plain else None
    if start_event not in found:
        raise errors.Invalid(f"流程“{definition.name}”没有开始事件“{start_event}”。")
    return found[start_event]
