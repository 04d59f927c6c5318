"""Every command: one transaction that either happens whole or not at all."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from engine import assignments
from engine import clock as clocks
from engine import co_signing
from engine import database
from engine import definitions
from engine import deployments
from engine import due_dates
from engine import entries
from engine import errors
from engine import external_tasks
from engine import handlers
from engine import history
from engine import incidents
from engine import instances
from engine import job_kinds
from engine import jobs
from engine import messages
from engine import migration
from engine import people
from engine import previews
from engine import relocation
from engine import returns
from engine import starts
from engine import statements
from engine import suspension
from engine import transactions
from engine import user_tasks
from engine import withdrawals
from engine import workdays
from engine.bpmn import values
from engine.bpmn.game import tokens
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
        return deployments.deploy(self, files, strict=strict, person=person)

    def judge(self, files: Mapping[str, bytes]) -> tuple[definitions.Located, ...]:
        """Return what `deploy` would find wrong; nothing is written."""
        return tuple(deployments.judged(self, files).problems)

    def rearm_timers(self) -> None:
        """Count every timer start event from now on: an office that opens today."""
        starts.rearm(self)

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
        return starts.start(
            self,
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
        return starts.by_message(
            self,
            name,
            variables,
            business_key=business_key,
            fields=fields,
            person=person,
        )

    def terminate(self, instance_id: str, reason: str, person: str | None) -> None:
        """End an instance that no other one called, and all that it called."""
        if not reason.strip():
            raise errors.Invalid(fields={"reason": ["请写明终止的理由。"]})
        suspension.end_rest(self.connection, instance_id)
        instance = instances.load(self, instance_id)
        instances.cancel(self, instance, reason, transactions.Act(person=person))

    def suspend(self, instance_id: str, reason: str, person: str | None) -> None:
        """Let an instance that no other one called rest, with all that it called.

        No command is taken and no job runs until `resume`; deadlines stand still.
        """
        suspension.suspend(self, instance_id, reason, person)

    def resume(self, instance_id: str, person: str | None) -> None:
        """Let a suspended instance go on; due times move by the time it rested."""
        suspension.resume(self, instance_id, person)

    def refresh_due_dates(self, root_id: str) -> int:
        """Ask again when open tasks are due whose due date stands in a record."""
        return due_dates.refresh(self, root_id)

    def move_token(
        self,
        instance_id: str,
        source: str,
        target: str,
        reason: str,
        person: str | None,
    ) -> tuple[str, ...]:
        """Move a token to an element of its scope or of one around it (跳转).

        `source`: the id of a token or user task, or of the element where it stands.
        Branches that cannot stand beside the target end. Returns the user tasks
        opened; CannotMove tells why not.
        """
        return relocation.move_token(
            self, instance_id, source, target, reason=reason, person=person
        )

    def add_cosigner(
        self,
        instance_id: str,
        element_id: str,
        value: object,
        person: str | None,
        *,
        beside: str | None = None,
    ) -> tuple[str, ...]:
        """Add a round to a running multi-instance, for this element variable (加签).

        A sequential round comes last. Where the element runs several times, `beside`
        names one of its open user tasks. Returns the user tasks opened.
        """
        return co_signing.add(
            self, instance_id, element_id, value, person=person, beside=beside
        )

    def remove_cosigner(
        self,
        instance_id: str,
        element_id: str,
        value: object,
        person: str | None,
        *,
        beside: str | None = None,
    ) -> None:
        """Remove the open or coming round of a running multi-instance (减签).

        The completion condition is asked again. CannotCosign for who has signed
        already, and for the last of all.
        """
        co_signing.remove(
            self, instance_id, element_id, value, person=person, beside=beside
        )

    def preview(
        self, instance_id: str, command: Callable[[], object]
    ) -> previews.Preview:
        """Return what a command of this unit of work would do, and undo it.

        `work.preview(id, lambda: work.return_task(…))` says which branches, user
        tasks, timers and instances would end, open or change; it refuses what the
        command refuses.
        """
        return previews.preview(self, instance_id, command)

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
        return dict(instances.look(self, instance_id).variables)

    def active_elements(self, instance_id: str) -> tuple[str, ...]:
        """Return the elements in which tokens of a running instance stand."""
        return instances.look(self, instance_id).active_elements

    def plan_migration(
        self,
        instance_ids: Iterable[str],
        to: int,
        mapping: Mapping[str, str] | None = None,
        *,
        restart_timers: bool = False,
    ) -> list[migration.Verdict]:
        """Say of each instance whether `migrate` would move it, and why not.

        Nothing changes.
        """
        return migration.plan(
            self,
            instance_ids,
            to,
            mapping=mapping or {},
            restart_timers=restart_timers,
        )

    def migrate(
        self,
        instance_id: str,
        to: int,
        mapping: Mapping[str, str] | None = None,
        *,
        person: str | None,
        restart_timers: bool = False,
    ) -> migration.Verdict:
        """Let a running instance go on in version `to` of its process.

        `mapping` leads from element ids to those of that version, where they differ.
        Timers that are drawn otherwise keep their due time unless they are
        restarted. Obstructed tells every obstacle, and nothing has changed.
        """
        return migration.migrate(
            self,
            instance_id,
            to,
            mapping=mapping or {},
            restart_timers=restart_timers,
            person=person,
        )

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
        found_person, found_task = statements.ask(
            self.connection,
            people.who(person, self.now()),
            instances.of_task(task_id),
        )
        identity = people.identified(person, found_person)
        instance, task = instances.load_by_task(self, task_id, found_task)
        on_behalf_of = user_tasks.authority(self.connection, task, identity)
        user_tasks.require_undelegated(task)
        form = instance.definition.forms.get(task.form_key) if task.form_key else None
        element = instance.definition.process.elements[task.element_id]
        seen = instance.game.variables_at(task_id)
        entry = entries.accept(self, form, element, fields or EMPTY, seen)
        act = transactions.Act(
            person=person,
            on_behalf_of=on_behalf_of,
            task_id=task_id,
            fields=entry.brought,
        )
        event = history.Event(
            "task_completed",
            element_id=task.element_id,
            task_id=task_id,
            person=person,
            on_behalf_of=on_behalf_of,
            details={"name": task.name, "fields": entry.kept},
        )
        opened = instances.move(
            self, instance, act, event, lambda game: game.complete(task_id, entry.kept)
        )
        return Completed(instance.id, instance.root_id, opened)

    def claim_task(self, task_id: str, person: str) -> None:
        """Take a task that is offered to several for oneself."""
        identity = people.identity(self.connection, person, self.now())
        task = user_tasks.get(self.connection, task_id)
        on_behalf_of = user_tasks.authority(self.connection, task, identity)
        # Locks go from the instance to its rows.
        self._record_of(task, "task_claimed", person, on_behalf_of)
        user_tasks.claim(self.connection, task, on_behalf_of or person)

    def release_task(self, task_id: str, person: str) -> None:
        """Give a task that one has claimed back to its candidates."""
        identity = people.identity(self.connection, person, self.now())
        task = user_tasks.get(self.connection, task_id)
        on_behalf_of = user_tasks.stood_in_for(task, identity)
        self._record_of(task, "task_released", person, on_behalf_of)
        user_tasks.release(self.connection, task, on_behalf_of or person)

    def assign_task(self, task_id: str, to: str, person: str | None) -> None:
        """Give a task to a person, whoever has it now (指派)."""
        assignments.assign(self, task_id, to, person)

    def transfer_task(self, task_id: str, to: str, person: str, reason: str) -> None:
        """Give a task that one may complete to somebody else, for good (转办)."""
        assignments.transfer(self, task_id, to, person, reason)

    def delegate_task(self, task_id: str, to: str, person: str, question: str) -> None:
        """Ask another for an answer; the task stays one's own, and waits (委托)."""
        assignments.delegate(self, task_id, to, person, question)

    def resolve_task(self, task_id: str, person: str, answer: str) -> None:
        """Answer a delegated task, which goes back to its holder (答复)."""
        assignments.resolve(self, task_id, person, answer)

    def return_targets(self, task_id: str) -> tuple[returns.Target, ...]:
        """Return the earlier user tasks a task can be returned to, previous first."""
        return returns.targets(self, task_id)

    def return_task(
        self,
        task_id: str,
        person: str,
        reason: str,
        *,
        to: str = returns.PREVIOUS,
        straight: bool = False,
    ) -> returns.Returned:
        """Return a task to an earlier one, for the person who completed that (退回).

        `to`: `previous`, `starter` or the id of an element completed before. With
        `straight`, completing that one leads straight back to this task and person.
        """
        return returns.return_task(
            self, task_id, person, to=to, reason=reason, straight=straight
        )

    def withdraw_task(self, task_id: str, person: str) -> tuple[str, ...]:
        """Open a task again that one has completed, if nobody went on from it (撤回).

        Returns the user tasks opened; CannotWithdraw tells why not.
        """
        return withdrawals.withdraw(self, task_id, person)

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

    # -- messages and signals ---------------------------------------------------

    def correlate(
        self,
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

        `fields` reach the handlers that run, `variables` become variables; the
        receiver must have the variables of `matching`. NobodyWaits and SeveralWait
        otherwise; with `keep_for` a message that nobody waits for is kept so long
        for whoever comes (0). A `message_id` is taken once: the same again is no
        error (0). A message from a handler to an instance that is moving is
        delivered right after this transaction.
        """
        return messages.correlate(
            self,
            name,
            business_key=business_key,
            instance_id=instance_id,
            matching=matching,
            variables=variables,
            fields=fields,
            person=person,
            keep_for=keep_for,
            message_id=message_id,
        )

    def trigger(
        self,
        instance_id: str,
        element_id: str,
        variables: Mapping[str, object],
        person: str | None,
    ) -> None:
        """Let a waiting receive task go on, whatever message it names."""
        messages.trigger(self, instance_id, element_id, variables, person)

    def signal(self, name: str, variables: Mapping[str, object] | None = None) -> int:
        """Tell every instance and start event that waits for a signal; say how many.

        Each hears it in a transaction of its own, right after this one.
        """
        return messages.signal(self, name, variables)

    # -- work of other programs ---------------------------------------------------

    def fetch_and_lock(
        self, worker: str, topics: Sequence[external_tasks.Topic], most: int = 10
    ) -> list[external_tasks.ExternalTask]:
        """Lock external tasks of the topics for a worker and return them."""
        return external_tasks.fetch_and_lock(self, worker, topics, most)

    def external_task(self, task_id: str) -> external_tasks.ExternalTask:
        """Return an external task as it stands; NoSuchExternalTask otherwise."""
        return external_tasks.get(self, task_id)

    def lock_external(self, task_id: str, worker: str, lock_for: timedelta) -> None:
        """Lock one external task that nobody holds; Taken otherwise."""
        external_tasks.lock(self, task_id, worker, lock_for)

    def complete_external(
        self,
        task_id: str,
        worker: str,
        variables: Mapping[str, object] | None = None,
        local: Mapping[str, object] | None = None,
    ) -> tuple[str, ...]:
        """Report an external task as done; return the user tasks that opened.

        NotYours when another worker holds it, as in all that follow.
        """
        return external_tasks.complete(self, task_id, worker, variables, local)

    def fail_external(
        self,
        task_id: str,
        worker: str,
        message: str,
        *,
        details: str | None = None,
        attempts_left: int | None = None,
        retry_after: timedelta = timedelta(),
    ) -> None:
        """Report that an external task failed; an incident at no attempts left."""
        external_tasks.fail(
            self,
            task_id,
            worker,
            message,
            details=details,
            attempts_left=attempts_left,
            retry_after=retry_after,
        )

    def throw_external(
        self,
        task_id: str,
        worker: str,
        code: str,
        message: str = "",
        variables: Mapping[str, object] | None = None,
    ) -> None:
        """Throw a BPMN error at an external task, for a boundary event to catch."""
        external_tasks.throw_error(self, task_id, worker, code, message, variables)

    def extend_lock(self, task_id: str, worker: str, lock_for: timedelta) -> None:
        """Let the worker who holds an external task hold it for so long from now."""
        external_tasks.extend_lock(self, task_id, worker, lock_for)

    def unlock_external(self, task_id: str) -> None:
        """Let whoever comes first fetch an external task, whoever holds it."""
        external_tasks.unlock(self, task_id)

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

    def move_job(
        self, job_id: str, due_at: datetime, person: str | None, reason: str
    ) -> None:
        """Have a timer or another dated job run at another time.

        NoSuchJob when it is settled, Conflict when it is being run or suspended.
        """
        if not reason.strip():
            raise errors.Invalid(fields={"reason": ["请写明改期的理由。"]})
        dated = jobs.dated(self.connection, job_id)
        moment = clocks.utc(due_at)
        if dated.instance_id is not None:
            details = {
                "from": dated.due_at.isoformat(),
                "to": moment.isoformat(),
                "reason": reason,
                "kind": dated.kind,
            }
            event = history.Event("job_moved", person=person, details=details)
            instances.note(self, dated.instance_id, event)
        if not jobs.move(self.connection, job_id, moment, self.now()):
            raise errors.Conflict("这一任务正在执行或已暂停，不能改期。", job_id=job_id)

    def run_job(self, job_id: str) -> bool:
        """Run one job now, due or not; False when it is settled or in other hands."""
        job = jobs.lease(self.connection, job_id, self.now(), self.worker)
        return job is not None and self.run(job)

    def run(self, job: jobs.Job) -> bool:
        """Run a claimed job and settle it; False when it is no longer ours."""
        return job_kinds.run(self, job)

    # -- incidents --------------------------------------------------------------

    def retry_incident(self, incident_id: str, person: str | None) -> None:
        """Try again what failed; the incident is resolved, a new failure opens anew."""
        incident = incidents.get(self.connection, incident_id)
        if incident["instance_id"] is not None:
            suspension.require_running(self.connection, incident["instance_id"])
        if incident["kind"] in ("failed", "call"):
            self._try_again(incident, person)
        incidents.resolve(self.connection, self.now(), person, incident_id=incident_id)
        if incident["kind"] == "job":
            jobs.revive(self.connection, incident["job_id"], self.now())

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
