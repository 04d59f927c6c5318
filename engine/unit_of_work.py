"""Every command: one transaction that either happens whole or not at all."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import database
from engine import definitions
from engine import errors
from engine import handlers
from engine import history
from engine import incidents
from engine import instances
from engine import jobs
from engine import people
from engine import routing
from engine import transactions
from engine import user_tasks
from engine import workdays
from engine.bpmn import expressions
from engine.bpmn import model
from engine.bpmn import submissions
from engine.bpmn import timers
from engine.bpmn import tokens
from engine.bpmn import values
from engine.tables import idempotency
from engine.tables import outbox

EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Completed:
    """What completing a user task led to."""

    instance_id: str
    root_id: str
    #: The user tasks that opened in the same instance.
    opened: tuple[str, ...]


class DifferentRequest(errors.Invalid):
    """同一个请求编号已用于另一个请求。"""


class UnitOfWork:
    """One transaction; what it does is there for others once it has committed."""

    def __init__(
        self,
        connection: sa.Connection,
        *,
        at: datetime,
        calendar: workdays.Calendar,
        registry: handlers.Registry,
        library: definitions.Library,
        worker: str,
    ) -> None:
        """Belong to a connection in whose transaction everything happens."""
        self.connection = connection
        self.calendar = calendar
        self.registry = registry
        self.library = library
        self.worker = worker
        self.instances: dict[str, transactions.Instance] = {}
        self.prompt: list[str] = []
        self._at = at
        self._functions: Mapping[str, Callable[..., object]] | None = None

    def now(self) -> datetime:
        """Return the moment of the transaction, the same at every call."""
        return self._at

    @property
    def functions(self) -> Mapping[str, Callable[..., object]]:
        """The functions that expressions may call."""
        if self._functions is None:
            bound = {
                name: partial(function, self)
                for name, function in self.registry.work_functions.items()
            }
            self._functions = {
                **workdays.functions(self.calendar, self),
                **self.registry.functions,
                **bound,
            }
        return self._functions

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside, in memory too, when it raises."""
        moving = {i.id: len(i.events) for i in self.instances.values() if i.moving}
        prompt = len(self.prompt)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException as error:
            del self.prompt[prompt:]
            # What rested may have been saved inside: it is loaded anew when needed.
            self.instances = {i: self.instances[i] for i in moving}
            for instance_id, events in moving.items():
                del self.instances[instance_id].events[events:]
            if isinstance(error, SystemExit):
                raise RuntimeError("处理程序试图结束整个程序。") from error
            raise

    # -- procedures -------------------------------------------------------------

    def deploy(
        self,
        files: Mapping[str, bytes],
        *,
        strict: bool = False,
        person: str | None = None,
    ) -> definitions.Deployment:
        """Deploy .bpmn, .form and .dmn files together, all or none.

        Raises DeploymentRefused for any error; with `strict` for warnings too.
        """
        bundle = definitions.read(files)
        definitions.judge(
            bundle,
            self.registry,
            functions=self.functions,
            known=definitions.known(self.connection),
        )
        severities = {located.problem.severity for located in bundle.problems}
        if "error" in severities or (strict and severities):
            raise definitions.DeploymentRefused(tuple(bundle.problems))
        deployment = definitions.deploy(
            self.connection, bundle, files, self.now(), person
        )
        processes = {process.key: process for _, process in bundle.processes}
        for deployed in deployment.definitions:
            if deployed.new:
                process = processes[deployed.key]
                definitions.listen(self.connection, deployed, process)
                self._schedule_starts(deployed, process)
        return deployment

    def _schedule_starts(
        self, deployed: definitions.Deployed, process: model.Process
    ) -> None:
        self.unschedule(f"start:{deployed.key}:", prefix=True)
        for element in definitions.starts(process):
            event = element.event
            if event is None or event.kind != "timer" or event.timer is None:
                continue
            written: object = event.timer.expression
            if expressions.is_expression(event.timer.expression):
                compiled = expressions.compile_juel(event.timer.expression)
                written = compiled.evaluate({}, self.functions)
            first = timers.schedule(event.timer.kind, written, self.now())
            self._schedule_start(deployed.key, deployed.id, element.id, first)

    def _schedule_start(
        self,
        key: str,
        definition_id: str,
        element_id: str,
        schedule: timers.Schedule | None,
    ) -> None:
        if schedule is None:
            return
        armed_at = schedule.armed_at.isoformat() if schedule.armed_at else None
        new = jobs.row(
            "start",
            schedule.due_at,
            self.now(),
            key=f"start:{key}:{element_id}",
            payload={
                "definition_id": definition_id,
                "element_id": element_id,
                "key": key,
                "cycle": [schedule.cycle, schedule.number, armed_at],
                "due_at": schedule.due_at.isoformat(),
            },
        )
        jobs.schedule(self.connection, new)

    # -- instances --------------------------------------------------------------

    def start(
        self,
        key: str,
        *,
        variables: Mapping[str, object] | None = None,
        fields: Mapping[str, object] | None = None,
        business_key: str | None = None,
        person: str | None = None,
        start_event: str | None = None,
    ) -> handlers.Started:
        """Start an instance of the newest version of a procedure.

        `fields` go through the form of the start event, if it has one.
        """
        return self._start(
            definitions.latest(self.connection, key),
            start_event,
            variables=variables,
            fields=fields,
            business_key=business_key,
            person=person,
        )

    def start_by_message(
        self,
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
        found = routing.message_start(self.connection, name, business_key)
        return self._start(
            found.definition_id,
            found.element_id,
            variables=variables,
            fields=fields,
            business_key=business_key,
            person=person,
        )

    def _start(
        self,
        definition_id: str,
        start_event: str | None,
        *,
        variables: Mapping[str, object] | None,
        fields: Mapping[str, object] | None,
        business_key: str | None,
        person: str | None,
    ) -> handlers.Started:
        definition = self.library.get(self.connection, definition_id)
        element = _start_element(definition, start_event)
        given = dict(variables or EMPTY)
        values.require_json(given)
        form = definition.form_of(element) if element else None
        seen = self._with_choices(form, element, given)
        brought = self._accepted(form, fields or EMPTY, seen)
        instance = instances.start(
            self,
            definition_id,
            variables={**given, **_kept(form, brought)},
            business_key=business_key,
            act=transactions.Act(person=person, fields=brought),
            start_event=start_event,
        )
        return handlers.Started(instance.id, instance.business_key)

    def terminate(self, instance_id: str, reason: str, person: str | None) -> None:
        """End an instance that no other one called, and all that it called."""
        if not reason.strip():
            raise errors.Invalid(fields={"reason": ["请写明终止的理由。"]})
        instance = instances.load(self, instance_id)
        if instance.parent_id is not None:
            raise errors.Refused(
                "这是被调用的办件，请终止调用它的上级办件。",
                instance_id=instance_id,
                root_id=instance.root_id,
            )
        instances.cancel(self, instance, reason, transactions.Act(person=person))

    def correct_variables(
        self, instance_id: str, variables: Mapping[str, object], person: str | None
    ) -> None:
        """Set variables of a running instance; conditional events react."""
        given = dict(variables)
        values.require_json(given)
        instance = instances.load(self, instance_id)
        event = history.Event(
            "variables_corrected", person=person, details={"variables": given}
        )
        act = transactions.Act(person=person)
        instances.move(
            self, instance, act, event, lambda game: game.set_variables(given)
        )

    def variables(self, instance_id: str) -> dict[str, object]:
        """Return the process variables of a running instance."""
        return dict(instances.load(self, instance_id).game.variables)

    def active_elements(self, instance_id: str) -> tuple[str, ...]:
        """Return the elements in which tokens of a running instance stand."""
        return instances.load(self, instance_id).game.active_elements

    def set_business_key(self, instance_id: str, business_key: str) -> None:
        """Give the instance and its open tasks this business key."""
        instances.rename(self, instance_id, business_key)

    def note(
        self,
        instance_id: str,
        type: str,
        details: Mapping[str, object],
        *,
        person: str | None = None,
    ) -> None:
        """Append an event to the instance's history."""
        event = history.Event(type, person=person, details=details)
        instances.note(self, instance_id, event)

    # -- user tasks -------------------------------------------------------------

    def complete_task(
        self, task_id: str, person: str, fields: Mapping[str, object] | None = None
    ) -> Completed:
        """Complete a user task for oneself, or for whom one stands in.

        `fields` go through the task's form; those it keeps for the record reach the
        complete listener only. AlreadyClosed names who was first.
        """
        identity = people.identity(self.connection, person, self.now())
        instance, task = instances.load_by_task(self, task_id)
        on_behalf_of = user_tasks.authority(self.connection, task, identity)
        form = instance.definition.forms.get(task.form_key) if task.form_key else None
        element = instance.definition.process.elements[task.element_id]
        seen = self._with_choices(form, element, instance.game.variables_at(task_id))
        brought = self._accepted(form, fields or EMPTY, seen)
        kept = _kept(form, brought)
        act = transactions.Act(
            person=person,
            on_behalf_of=on_behalf_of,
            task_id=task_id,
            fields=brought,
        )
        event = history.Event(
            "task_completed",
            element_id=task.element_id,
            task_id=task_id,
            person=person,
            on_behalf_of=on_behalf_of,
            details={"name": task.name, "fields": kept},
        )
        opened = instances.move(
            self, instance, act, event, lambda game: game.complete(task_id, kept)
        )
        return Completed(instance.id, instance.root_id, opened)

    def claim_task(self, task_id: str, person: str) -> None:
        """Take a task that is offered to several for oneself."""
        identity = people.identity(self.connection, person, self.now())
        task = user_tasks.get(self.connection, task_id)
        on_behalf_of = user_tasks.authority(self.connection, task, identity)
        user_tasks.claim(self.connection, task, person)
        self._record_of(task, "task_claimed", person, on_behalf_of)

    def release_task(self, task_id: str, person: str) -> None:
        """Give a task that one has claimed back to its candidates."""
        task = user_tasks.get(self.connection, task_id)
        user_tasks.release(self.connection, task, person)
        self._record_of(task, "task_released", person, None)

    def _record_of(
        self,
        task: user_tasks.UserTask,
        type_: str,
        person: str,
        on_behalf_of: str | None,
    ) -> None:
        event = history.Event(
            type_,
            element_id=task.element_id,
            task_id=task.id,
            person=person,
            on_behalf_of=on_behalf_of,
        )
        instances.note(self, task.instance_id, event)

    def _with_choices(
        self,
        form: submissions.Form | None,
        element: model.Element | None,
        variables: Mapping[str, object],
    ) -> Mapping[str, object]:
        """Return the variables and beside them what the form's fields offer."""
        if form is None or element is None:
            return variables
        names = form.sources()
        return {**variables, **self.registry.offered(names, self, element, variables)}

    def _accepted(
        self,
        form: submissions.Form | None,
        fields: Mapping[str, object],
        context: Mapping[str, object],
    ) -> dict[str, object]:
        """Return the fields that may enter; Invalid names those that may not."""
        values.require_json(dict(fields), place="填写的内容")
        if form is None:
            return dict(fields)
        submission = form.validate(fields, context, now=self.now())
        if submission.errors:
            raise errors.Invalid(fields=submission.errors)
        return submission.values

    # -- messages and signals ---------------------------------------------------

    def correlate(
        self,
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
            self.connection,
            name,
            business_key=business_key,
            instance_id=instance_id,
            variables=given,
        )
        known = self.instances.get(to.instance_id)
        if known is not None and known.moving:
            payload = {
                "name": name,
                "business_key": business_key,
                "variables": given,
                "from": to.instance_id,
            }
            self._promptly("message", payload, to)
            return 1
        act = transactions.Act(person=person, fields={**given, **(fields or EMPTY)})
        self._deliver(to, "message_correlated", name, given, act)
        return 1

    def trigger(
        self,
        instance_id: str,
        element_id: str,
        variables: Mapping[str, object],
        person: str | None,
    ) -> None:
        """Let a waiting receive task go on, whatever message it names."""
        given = dict(variables)
        values.require_json(given)
        instance = instances.load(self, instance_id)
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
            self, instance, act, event, lambda game: game.complete(found[0], given)
        )

    def signal(self, name: str, variables: Mapping[str, object] | None = None) -> int:
        """Tell every instance and start event that waits for a signal; say how many.

        Each hears it in a transaction of its own, right after this one.
        """
        given = dict(variables or EMPTY)
        values.require_json(given)
        receivers = routing.listeners(self.connection, name)
        for to in receivers:
            self._promptly("signal", {"variables": given}, to)
        starts = routing.starts(self.connection, "signal", name)
        for found in starts:
            begun = {
                "definition_id": found.definition_id,
                "element_id": found.element_id,
            }
            self._promptly("start", {**begun, "variables": given}, None)
        return len(receivers) + len(starts)

    def _promptly(
        self, kind: str, payload: Mapping[str, object], to: routing.Receiver | None
    ) -> None:
        new = jobs.row(
            kind,
            self.now(),
            self.now(),
            instance_id=to.instance_id if to else None,
            wait_id=to.wait_id if to else None,
            payload=payload,
            worker=self.worker,
        )
        jobs.add(self.connection, [new])
        self.prompt.append(new["id"])

    def _deliver(
        self,
        to: routing.Receiver,
        type_: str,
        name: str,
        variables: Mapping[str, object],
        act: transactions.Act,
    ) -> None:
        instance = instances.load(self, to.instance_id)
        element_id = instance.game.tasks[to.wait_id].element.id
        event = history.Event(
            type_,
            element_id=element_id,
            person=act.person,
            details={"name": name, "variables": dict(variables)},
        )
        instances.move(
            self,
            instance,
            act,
            event,
            lambda game: game.deliver(to.wait_id, variables),
        )

    # -- jobs -------------------------------------------------------------------

    def schedule(
        self,
        handler: str,
        due_at: datetime,
        payload: Mapping[str, object],
        *,
        key: str | None = None,
        instance_id: str | None = None,
    ) -> bool:
        """Have a registered job run at `due_at`; False if `key` is scheduled."""
        if handler not in self.registry.jobs:
            raise handlers.NoHandler(name=handler)
        new = jobs.row(
            "handler",
            due_at,
            self.now(),
            handler=handler,
            payload=payload,
            key=key,
            instance_id=instance_id,
        )
        return jobs.schedule(self.connection, new)

    def unschedule(self, key: str, *, prefix: bool = False) -> int:
        """Drop the job with this key, or all whose key begins so; say how many."""
        return jobs.unschedule(self.connection, key, prefix=prefix)

    def send(
        self,
        channel: str,
        recipient: str,
        payload: Mapping[str, object],
        *,
        key: str,
        instance_id: str | None = None,
    ) -> bool:
        """Put a message into the outbox; False if `key` was sent before."""
        message_id = uuid4().hex
        new = {
            "id": message_id,
            "channel": channel,
            "recipient": recipient,
            "payload": payload,
            "key": key,
            "instance_id": instance_id,
            "created_at": self.now(),
            "attempts": 0,
        }
        if not database.insert_once(self.connection, outbox, "key", new):
            return False
        job = jobs.row(
            "outbox",
            self.now(),
            self.now(),
            payload={"outbox_id": message_id},
            instance_id=instance_id,
        )
        jobs.add(self.connection, [job])
        return True

    def run_job(self, job_id: str) -> bool:
        """Run one job now, due or not; False when it is settled or in other hands."""
        job = jobs.lease(self.connection, job_id, self.now(), self.worker)
        return job is not None and self.run(job)

    def run(self, job: jobs.Job) -> bool:
        """Run a claimed job and settle it; False when it is no longer ours."""
        instance = None
        if job.instance_id is not None and job.wait_id is not None:
            # Locks go from the instance to the job, as in the commands of persons.
            instance = self._active(job.instance_id)
        if not jobs.settle(self.connection, job):
            return False
        if job.wait_id is not None:
            if instance is not None and job.wait_id in instance.game.waits:
                self._continue(instance, job, job.wait_id)
        elif job.kind == "message":
            self._hand_message(job)
        elif job.kind == "start":
            self._begin(job)
        elif job.handler is not None:
            self.registry.jobs[job.handler](self, job.payload)
        return True

    def _active(self, instance_id: str) -> transactions.Instance | None:
        try:
            return instances.load(self, instance_id)
        except instances.Over:
            return None

    def _continue(
        self, instance: transactions.Instance, job: jobs.Job, wait_id: str
    ) -> None:
        element_id = instance.game.waits[wait_id][1]
        if job.kind == "hand_over":
            instances.take_over(self, instance, wait_id, job.payload)
            return
        if job.kind in ("signal", "message"):
            to = routing.Receiver(wait_id, instance.id)
            given = job.payload["variables"]
            name = job.payload.get("name", "")
            act = transactions.Act(fields=given)
            self._deliver(to, f"{job.kind}_correlated", name, given, act)
            return
        act = transactions.Act(
            attempts_left=job.attempts_left if job.kind == "retry" else None
        )
        event = history.Event(_PAST[job.kind], element_id=element_id)

        def motion(game: tokens.Game) -> None:
            if job.kind == "timer":
                game.fire(wait_id)
            else:
                game.resume(wait_id)

        instances.move(self, instance, act, event, motion)

    def _hand_message(self, job: jobs.Job) -> None:
        """Give a message that an instance threw to whoever waits for it."""
        name, given = job.payload["name"], job.payload["variables"]
        business_key = job.payload["business_key"]
        try:
            self.correlate(name, business_key=business_key, variables=given)
        except routing.NobodyWaits:
            if not routing.starts(self.connection, "message", name):
                raise
            self.start_by_message(name, given, business_key=business_key)

    def _begin(self, job: jobs.Job) -> None:
        """Start an instance by a timer or signal start event."""
        payload = job.payload
        self._start(
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
            self._schedule_start(
                payload["key"],
                payload["definition_id"],
                payload["element_id"],
                timers.following(fired),
            )

    # -- incidents --------------------------------------------------------------

    def retry_incident(self, incident_id: str, person: str | None) -> None:
        """Try again what failed; the incident is resolved, a new failure opens anew."""
        incident = incidents.get(self.connection, incident_id)
        if incident["kind"] == "job":
            jobs.revive(self.connection, incident["job_id"], self.now())
        elif incident["kind"] in ("failed", "call"):
            self._try_again(incident, person)
        incidents.resolve(self.connection, self.now(), person, incident_id=incident_id)

    def _try_again(self, incident: sa.RowMapping, person: str | None) -> None:
        instance = instances.load(self, incident["instance_id"])
        wait_id = incident["wait_id"]
        event = history.Event(
            "incident_retried", element_id=incident["element_id"], person=person
        )

        def motion(game: tokens.Game) -> None:
            if incident["kind"] == "call":
                game.activities.open_call(game.tasks[wait_id])
            else:
                game.resume(wait_id)

        incidents.resolve(
            self.connection, self.now(), person, incident_id=incident["id"]
        )
        instances.move(self, instance, transactions.Act(person=person), event, motion)

    def annotate_incident(self, incident_id: str, text: str) -> None:
        """Write beside the incident what is known about it."""
        incidents.annotate(self.connection, incident_id, text)

    # -- requests that come again -----------------------------------------------

    def once(
        self, key: str, request_hash: str, act: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """Act, or return the answer of the time before to the same request.

        DifferentRequest when the key was used for another one.
        """
        new = {
            "key": key,
            "request_hash": request_hash,
            "response": {},
            "created_at": self.now(),
        }
        if database.insert_once(self.connection, idempotency, "key", new):
            response = act()
            self.connection.execute(
                idempotency.update()
                .where(idempotency.c.key == key)
                .values(response=response)
            )
            return response
        stored = self.connection.execute(
            sa.select(idempotency).where(idempotency.c.key == key)
        ).one()
        if stored.request_hash != request_hash:
            raise DifferentRequest(key=key)
        answer: Mapping[str, Any] = stored.response
        return answer


_PAST = {
    "timer": "timer_fired",
    "async": "element_continued",
    "retry": "element_retried",
}


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


def _kept(
    form: submissions.Form | None, brought: Mapping[str, object]
) -> dict[str, object]:
    """Return the fields that become variables: not those of the record alone."""
    record = form.record_keys if form else ()
    return {name: value for name, value in brought.items() if name not in record}
