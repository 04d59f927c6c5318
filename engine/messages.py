"""Messages to one, signals to all."""

from collections.abc import Mapping
from typing import Any

from engine import history
from engine import instances
from engine import jobs
from engine import routing
from engine import starts
from engine import transactions
from engine.bpmn import values

EMPTY: Mapping[str, Any] = {}


def correlate(
    work: transactions.Transaction,
    name: str,
    *,
    business_key: str | None = None,
    instance_id: str | None = None,
    variables: Mapping[str, object] | None = None,
    fields: Mapping[str, object] | None = None,
    person: str | None = None,
) -> int:
    """Deliver a message to the one instance that waits for it; return 1.

    `fields` reach the handlers that run, `variables` become variables.
    NobodyWaits and SeveralWait otherwise. A message from a handler to an
    instance that is moving is delivered right after this transaction.
    """
    given = dict(variables or EMPTY)
    values.require_json(given)
    to = routing.receiver(
        work.connection,
        name,
        business_key=business_key,
        instance_id=instance_id,
        variables=given,
    )
    known = work.instances.get(to.instance_id)
    if known is not None and known.moving:
        payload = {
            "name": name,
            "business_key": business_key,
            "variables": given,
            "from": to.instance_id,
        }
        _promptly(work, "message", payload, to)
        return 1
    act = transactions.Act(person=person, fields={**given, **(fields or EMPTY)})
    deliver(work, to, "message_correlated", name, given, act)
    return 1


def trigger(
    work: transactions.Transaction,
    instance_id: str,
    element_id: str,
    variables: Mapping[str, object],
    person: str | None,
) -> None:
    """Let a waiting receive task go on, whatever message it names."""
    given = dict(variables)
    values.require_json(given)
    instance = instances.load(work, instance_id)
    found = [
        wait_id
        for wait_id, wait in instance.game.waits.items()
        if wait == ("receive", element_id)
    ]
    if not found:
        raise routing.NobodyWaits(instance_id=instance_id, element_id=element_id)
    event = history.Event(
        "receive_task_triggered",
        element_id=element_id,
        person=person,
        details={"variables": given},
    )
    act = transactions.Act(person=person)
    instances.move(
        work, instance, act, event, lambda game: game.complete(found[0], given)
    )


def signal(
    work: transactions.Transaction,
    name: str,
    variables: Mapping[str, object] | None = None,
) -> int:
    """Tell every instance and start event that waits for a signal; say how many.

    Each hears it in a transaction of its own, right after this one.
    """
    given = dict(variables or EMPTY)
    values.require_json(given)
    receivers = routing.listeners(work.connection, name)
    for to in receivers:
        _promptly(work, "signal", {"variables": given}, to)
    begins = routing.starts(work.connection, "signal", name)
    for found in begins:
        begun = {
            "definition_id": found.definition_id,
            "element_id": found.element_id,
        }
        _promptly(work, "start", {**begun, "variables": given}, None)
    return len(receivers) + len(begins)


def _promptly(
    work: transactions.Transaction,
    kind: str,
    payload: Mapping[str, object],
    to: routing.Receiver | None,
) -> None:
    new = jobs.row(
        kind,
        work.now(),
        work.now(),
        instance_id=to.instance_id if to else None,
        wait_id=to.wait_id if to else None,
        payload=payload,
        worker=work.worker,
    )
    jobs.add(work.connection, [new])
    work.prompt.append(new["id"])


def deliver(
    work: transactions.Transaction,
    to: routing.Receiver,
    type_: str,
    name: str,
    variables: Mapping[str, object],
    act: transactions.Act,
) -> None:
    """Let the receiver's token go on; `type_` is the history's word for it."""
    instance = instances.load(work, to.instance_id)
    element_id = instance.game.tasks[to.wait_id].element.id
    event = history.Event(
        type_,
        element_id=element_id,
        person=act.person,
        details={"name": name, "variables": dict(variables)},
    )
    instances.move(
        work,
        instance,
        act,
        event,
        lambda game: game.deliver(to.wait_id, variables),
    )


def hand_on(work: transactions.Transaction, job: jobs.Job) -> None:
    """Give a message that an instance threw to whoever waits for it."""
    name, given = job.payload["name"], job.payload["variables"]
    business_key = job.payload["business_key"]
    try:
        correlate(work, name, business_key=business_key, variables=given)
    except routing.NobodyWaits:
        if not routing.starts(work.connection, "message", name):
            raise
        starts.by_message(work, name, given, business_key=business_key)
