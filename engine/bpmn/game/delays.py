"""Timers that fall due later because the clock of their instance stood still."""

from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from engine.bpmn.game import timers

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game

#: Returns the later moment of one that was written so in the diagram.
Later = Callable[[str, datetime], datetime]


def delay(
    game: "Game", due: Mapping[str, datetime], later: Later
) -> dict[str, datetime]:
    """Return when the timers of these waits are due now; cycles count on from there.

    A cycle written as cron keeps its hours: it fires next when they come.
    """
    moved: dict[str, datetime] = {}
    for wait_id, due_at in due.items():
        token = game.tasks[wait_id]
        event = token.element.event
        written = event.timer.expression if event and event.timer else ""
        cycle = token.internal_data.get("cycle")
        if cycle is not None and not cycle[0].startswith("R"):
            now = game.surroundings.now()
            following = timers.schedule("cycle", cycle[0], now)
            moved[wait_id] = max(due_at, following.due_at) if following else due_at
        else:
            moved[wait_id] = later(written, due_at)
        if cycle is not None:
            gap = moved[wait_id] - due_at
            armed_at = datetime.fromisoformat(cycle[2])
            if cycle[0].startswith("R"):
                armed_at += gap
            cycle[2:] = [armed_at.isoformat(), moved[wait_id].isoformat()]
    return moved
