"""Messages to one, signals to all."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine import early_messages
from engine import history
from engine import instances
from engine import jobs
from engine import routing
from engine import starts
from engine import transactions
from engine import user_tasks
from engine.bpmn import values

EMPTY: Mapping[str, Any] = {}


def correlate(
    work: transactions.Transaction,
    name: str,
    *,
    business_key: str | None = None,
    instance_id: str | None = None,
    matching: Mapping[str, object] | None = None,
    variables: Mapping[str, object] | None = None,
    fields: Mapping[str, object] | None = None,
    person: str | None = None,
    keep_for: timedelta | None = None,
    message_id: str | None = None,
) -> int:
    """Deliver a message to the one instance that waits for it; return 1.

    `fields` reach the handlers that run, `variables` become variables; `matching`
    names variables that the receiver must have. NobodyWaits and SeveralWait
    otherwise; with `keep_for` a message that nobody waits for yet is kept so long
    (0). A `message_id` is taken once, the second time is no error (0). A message
    from a handler to an instance that is moving is delivered right after this
    transaction.
    """
    given = dict(variables or EMPTY)
    values.require_json(given)
    message = early_messages.Message(
        name,
        business_key,
        instance_id,
        dict(matching or EMPTY),
        given,
        dict(fields or EMPTY),
        person,
    )
    if message_id is not None and not early_messages.take(
        work.connection, message_id, work.now()
    ):
        return 0
    found = _receivers(work, message)
    if not found and keep_for is not None:
        values.require_json(message.fields)
        values.require_json(message.matching)
        looks = early_messages.keep(
            work.connection, message, work.now(), keep_for, work.worker
        )
        work.prompt.append(looks)
        return 0
    to = routing.only(found, name, business_key)
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
    act = transactions.Act(person=person, fields={**given, **message.fields})
    deliver(work, to, "message_correlated", name, given, act)
    return 1


def _receivers(
    work: transactions.Transaction, message: early_messages.Message
) -> list[routing.Receiver]:
    """Return who waits for a message; the only one's instance is locked."""
    gone: set[str] = set()
    while True:
        found = routing.receivers(
            work.connection,
            message.name,
            business_key=message.business_key,
            instance_id=message.instance_id,
            variables=message.variables,
        )
        waiting = [
            to
            for to in found
            if to.wait_id not in gone and _matches(work, to, message.matching)
        ]
        if len(waiting) != 1 or _waits(work, waiting[0], message.matching):
            return waiting
        # Another transaction was first; what waits now may be another token.
        gone.add(waiting[0].wait_id)


def _matches(
    work: transactions.Transaction,
    to: routing.Receiver,
    matching: Mapping[str, object],
) -> bool:
    if not matching:
        return True
    try:
        game = instances.look(work, to.instance_id)
    except instances.NoSuchInstance:
        return False
    if to.wait_id not in game.waits:
        return False
    seen = game.variables_at(to.wait_id)
    return all(name in seen and seen[name] == v for name, v in matching.items())


def _waits(
    work: transactions.Transaction,
    to: routing.Receiver,
    matching: Mapping[str, object],
) -> bool:
    """Say whether the token waits, now that its instance is locked."""
    try:
        instance = instances.load(work, to.instance_id)
    except instances.Over:
        return False
    return to.wait_id in instance.game.waits and _matches(work, to, matching)


def take_up(work: transactions.Transaction, job: jobs.Job) -> None:
    """Deliver a message that was kept, if exactly one waits for it by now."""
    message_id = job.payload["id"]
    kept = early_messages.get(work.connection, message_id)
    if kept is None:
        return
    message, received_at = kept
    try:
        found = _receivers(work, message)
    except user_tasks.Suspended:
        early_messages.look_later(work.connection, message_id, work.now())
        return
    if len(found) != 1:
        return
    early_messages.drop(work.connection, message_id)
    act = transactions.Act(
        person=message.person, fields={**message.variables, **message.fields}
    )
    deliver(
        work,
        found[0],
        "message_correlated",
        message.name,
        message.variables,
        act,
        received_at=received_at.isoformat(),
    )


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
    **more: object,
) -> None:
    """Let the receiver's token go on; `type_` is the history's word for it.

    `more` is what else the history shall keep.
    """
    instance = instances.load(work, to.instance_id)
    element_id = instance.game.tasks[to.wait_id].element.id
    event = history.Event(
        type_,
        element_id=element_id,
        person=act.person,
        details={"name": name, "variables": dict(variables), **more},
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
