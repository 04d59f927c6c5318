"""Matters that leaders assign (领导交办): progress as often as they demanded it."""

from collections.abc import Mapping

from engine import handlers
from processes.supervision.elements.registration import matter_of
from processes.supervision.undertakings import progress


def install(registry: handlers.Registry) -> None:
    """Register the handlers of this part."""
    registry.handler("plan_progress")(plan_progress)
    registry.handler("cancel_progress")(cancel_progress)


def plan_progress(call: handlers.Call) -> Mapping[str, object]:
    """Plan when each unit reports its progress (两类反馈：进度与结果)."""
    every = str(call.variables.get("progress_every") or progress.NONE)
    return {
        "progress": [
            {
                "undertaking": one.undertaking,
                "unit": one.unit,
                "opens_at": one.opens_at.isoformat(timespec="seconds"),
            }
            for one in progress.plan(call.work, matter_of(call), every)
        ]
    }


def cancel_progress(call: handlers.Call) -> None:
    """Ask for no more progress: the result has been accepted."""
    progress.cancel(call.work, matter_of(call))
