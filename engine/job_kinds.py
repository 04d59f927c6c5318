"""What each kind of job does when its time has come."""

from engine import early_messages
from engine import handlers
from engine import history
from engine import instances
from engine import jobs
from engine import messages
from engine import routing
from engine import starts
from engine import transactions
from engine import user_tasks
from engine.bpmn.game import tokens

_PAST = {
    "timer": "timer_fired",
    "async": "element_continued",
    "retry": "element_retried",
}


def run(work: transactions.Transaction, job: jobs.Job) -> bool:
    """Run a claimed job and settle it; False when it is no longer ours."""
    instance = None
    if job.instance_id is not None and job.wait_id is not None:
        # Locks go from the instance to the job, as in the commands of persons.
        try:
            instance = _active(work, job.instance_id)
        except user_tasks.Suspended:
            jobs.hold(work.connection, job)
            return True
    if not jobs.settle(work.connection, job):
        return False
    if job.wait_id is not None:
        if instance is not None and job.wait_id in instance.game.waits:
            _continue(work, instance, job, job.wait_id)
    elif job.kind == "message":
        messages.hand_on(work, job)
    elif job.kind == "take_up":
        messages.take_up(work, job)
    elif job.kind == "expiry":
        early_messages.expire(work.connection, job.payload["id"], work.now())
    elif job.kind == "start":
        starts.begin(work, job)
    else:
        _handle(work, job)
    return True


def _handle(work: transactions.Transaction, job: jobs.Job) -> None:
    function = work.registry.jobs.get(job.handler or "")
    if function is None:
        raise handlers.NoHandler(f"没有登记任务“{job.handler}”。", name=job.handler)
    function(work, job.payload)


def _active(
    work: transactions.Transaction, instance_id: str
) -> transactions.Instance | None:
    try:
        return instances.load(work, instance_id)
    except instances.Over:
        return None


def _continue(
    work: transactions.Transaction,
    instance: transactions.Instance,
    job: jobs.Job,
    wait_id: str,
) -> None:
    element_id = instance.game.waits[wait_id][1]
    if job.kind == "hand_over":
        instances.take_over(work, instance, wait_id, job.payload)
        return
    if job.kind in ("signal", "message"):
        to = routing.Receiver(wait_id, instance.id)
        given = job.payload["variables"]
        name = job.payload.get("name", "")
        act = transactions.Act(fields=given)
        messages.deliver(work, to, f"{job.kind}_correlated", name, given, act)
        return
    act = transactions.Act(
        attempts_left=job.attempts_left if job.kind == "retry" else None
    )
    missed = instance.game.events.missed(wait_id) if job.kind == "timer" else 0
    event = history.Event(
        _PAST[job.kind],
        element_id=element_id,
        details={"missed": missed} if missed else {},
    )

    def motion(game: tokens.Game) -> None:
        if job.kind == "timer":
            game.fire(wait_id)
        else:
            game.resume(wait_id)

    instances.move(work, instance, act, event, motion)
