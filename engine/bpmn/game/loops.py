"""Standard loops and multi-instances: a body token with one child per round.

BPMN 2.0 §10.3.8, §13.3.6-7. The body keeps the counters that Camunda 7 names
`nrOfInstances`, `nrOfCompletedInstances`, `nrOfActiveInstances`; a round has its
`loopCounter` and element variable as its own variables.
"""

from typing import TYPE_CHECKING
from uuid import uuid4

from SpiffWorkflow.util.task import TaskState

from engine import errors
from engine.bpmn import expressions
from engine.bpmn import model

if TYPE_CHECKING:
    from engine.bpmn.game.tokens import Game
    from engine.bpmn.game.tokens import Token

#: More rounds at once than any office has units (engine-notes.md §9.9).
MAXIMUM_ROUNDS = 1000


class LoopError(errors.DuchaError):
    """多实例或循环的设置无法执行。"""


class Loops:
    """The loops of one game."""

    def __init__(self, game: "Game") -> None:
        self.game = game

    def open(self, token: "Token") -> bool | None:
        """Turn a token into the body of its activity's loop; True when empty."""
        game = self.game
        loop = _loop(token)
        if loop.kind == "standard":
            first = not loop.test_before or self._again(token, loop, 0)
            count, items = (1 if first else 0), None
        else:
            items = self._items(token, loop)
            count = len(items)
        token.internal_data["body"] = 1
        game.activities.begin(token)
        if loop.kind != "standard":
            token.data["nrOfInstances"] = count
            token.data["nrOfCompletedInstances"] = 0
            token.data["nrOfActiveInstances"] = 0
        if count == 0:
            if loop.result_variable is not None:
                game.assign(token.parent, {loop.result_variable: []})
            return True
        if loop.kind == "parallel":
            token.data["nrOfActiveInstances"] = count
            given = items or []
            rounds = [self.round(token, i, given[i]) for i in range(count)]
            for child in reversed(rounds):
                game.push(child)
        else:
            if items is not None:
                token.internal_data["items"] = items
                token.data["nrOfActiveInstances"] = 1
            game.push(self.round(token, 0, items[0] if items else None))
        return None

    def completed(self, token: "Token") -> None:
        """Count a completed round; open the next or finish the body."""
        game = self.game
        body = token.parent
        loop = _loop(token)
        number = token.internal_data["i"]
        if loop.kind == "standard":
            more = self._again(token, loop, number + 1)
            self._end_round(token)
            if more:
                game.push(self.round(body, number + 1, None))
            else:
                game.finish(body)
            return
        completed = body.data["nrOfCompletedInstances"] + 1
        active = body.data["nrOfActiveInstances"] - 1
        counters = {
            "nrOfCompletedInstances": completed,
            "nrOfActiveInstances": active,
        }
        # The condition is asked before anything is counted: should it fail, the
        # round can complete again.
        enough = loop.completion_condition is not None and game.holds(
            loop.completion_condition, dict(game.seen_from(token)) | counters
        )
        body.data.update(counters)
        if loop.result_item is not None:
            results = body.internal_data.setdefault("results", [])
            results.append([number, token.data[loop.result_item]])
        self._end_round(token)
        if enough or completed >= body.data["nrOfInstances"]:
            self.end(body)
        elif loop.kind == "sequential":
            body.data["nrOfActiveInstances"] = 1
            items = body.internal_data["items"]
            game.push(self.round(body, number + 1, items[number + 1]))

    def end(self, body: "Token") -> None:
        """Finish a loop of which enough is done; open rounds go."""
        for child in self.game.children_of(body):
            if child.iteration:
                self.game.remove(child)
        loop = _loop(body)
        if loop.kind != "standard":
            body.data["nrOfActiveInstances"] = 0
        self._collect(body, loop)
        self.game.finish(body)

    def _collect(self, body: "Token", loop: model.Loop) -> None:
        # In the order of the collection, whoever was first; of completed rounds only.
        if loop.result_variable is not None:
            results = sorted(body.internal_data.pop("results", ()), key=lambda r: r[0])
            self.game.assign(
                body.parent, {loop.result_variable: [value for _, value in results]}
            )

    def _end_round(self, token: "Token") -> None:
        self.game.report_left(token)
        self.game.remove(token)

    def round(self, body: "Token", number: int, value: object) -> "Token":
        """Return a new round of a loop, whose element variable is `value`."""
        token: Token = type(body)(
            self.game,
            body.task_spec,
            parent=body,
            state=TaskState.WAITING,
            id=uuid4().hex,
        )
        token.internal_data = {"i": number}
        token.data["loopCounter"] = number
        loop = _loop(body)
        if loop.element_variable and loop.collection:
            token.data[loop.element_variable] = value
        if loop.result_item is not None:
            # A variable of the round: what is written to it stays with the round.
            token.data[loop.result_item] = None
        return token

    def _items(self, token: "Token", loop: model.Loop) -> list[object]:
        game = self.game
        where = f"“{token.element.name or token.element.id}”（{token.element.id}）"
        if loop.collection is not None:
            if expressions.is_expression(loop.collection):
                value = game.evaluate(loop.collection, token)
            else:
                value = game.evaluate("${" + loop.collection + "}", token)
            if isinstance(value, str) or not isinstance(value, list | tuple):
                raise LoopError(f"{where} 的多实例集合应是列表，现为“{value}”。")
            items = list(value)
        else:
            count = game.evaluate(loop.cardinality or "", token)
            items = list(range(_whole(count, where)))
        if len(items) > MAXIMUM_ROUNDS:
            raise LoopError(f"{where} 的多实例有 {len(items)} 个，上限 1000 个。")
        return items

    def _again(self, token: "Token", loop: model.Loop, rounds: int) -> bool:
        where = f"“{token.element.name or token.element.id}”（{token.element.id}）"
        if loop.maximum is not None:
            maximum = self.game.evaluate(loop.maximum, token)
            if rounds >= _whole(maximum, where):
                return False
        if loop.condition is None:
            return loop.maximum is not None
        seen = dict(self.game.seen_from(token)) | {"loopCounter": rounds}
        return self.game.holds(loop.condition, seen)


def _loop(token: "Token") -> model.Loop:
    loop = token.element.loop
    if loop is None:
        raise LoopError(element_id=token.element.id)
    return loop


def _whole(value: object, where: str) -> int:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return min(value, MAXIMUM_ROUNDS + 1)
    raise LoopError(f"{where} 的循环次数应是非负整数，现为“{value}”。")
