"""The stored form of an instance: tokens in a list, packed and compressed.

The definition is not in it. Tokens stand scope before contents, so a parent is known
by its place; SpiffWorkflow's own form loses all data when something sorts its keys
(engine-notes.md §4.3) and grows with every step.
"""

import threading

import orjson
import zstandard
from SpiffWorkflow.util.task import TaskState

from engine import errors
from engine.bpmn.game.graph import Graph
from engine.bpmn.game.surroundings import Surroundings
from engine.bpmn.game.tokens import Game
from engine.bpmn.game.tokens import Token

#: First byte of every stored state; raised when the form changes.
VERSION = b"\x01"

_STATES = {TaskState.WAITING: 0, TaskState.READY: 1, TaskState.STARTED: 2}
_BACK = {number: state for state, number in _STATES.items()}


class _Presses(threading.local):
    """A compressor and a decompressor for each thread; making them costs the most."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_presses = _Presses()


class UnreadableState(errors.DuchaError):
    """办件的内部状态无法读取。"""


def dump(game: Game) -> bytes:
    """Return the state of an instance at rest; equal states give equal bytes."""
    places: dict[str, int] = {}
    rows = []
    for place, token in enumerate(game.tokens()):
        places[token.id] = place
        parent = -1 if token.parent is None else places[token.parent.id]
        rows.append(
            [
                token.id,
                parent,
                _STATES[token._state],
                token.task_spec.name,
                token.internal_data,
                token.data,
            ]
        )
    packed = orjson.dumps([1 if game.called else 0, rows])
    return VERSION + _presses.compress(packed)


def waits(state: bytes | None) -> dict[str, tuple[str, str]]:
    """Return the open waits of a stored state: id to (kind, element id).

    Needs no graph; UnreadableState for what is no stored state.
    """
    if state is None or state[:1] != VERSION:
        raise UnreadableState
    try:
        _, rows = orjson.loads(_presses.decompress(state[1:]))
        return {
            token_id: (internal["wait"], name)
            for token_id, _, _, name, internal, _ in rows
            if "wait" in internal
        }
    except (ValueError, TypeError, zstandard.ZstdError) as error:
        raise UnreadableState from error


def load(graph: Graph, state: bytes, surroundings: Surroundings) -> Game:
    """Return the instance that `dump` stored; raise UnreadableState otherwise."""
    if state[:1] != VERSION:
        raise UnreadableState(f"办件状态的版本 {state[:1].hex()} 不认识。")
    game = Game(graph, surroundings)
    called, rows = orjson.loads(_presses.decompress(state[1:]))
    game.called = bool(called)
    tokens: list[Token] = []
    for token_id, parent, number, name, internal, data in rows:
        spec = graph.task_specs.get(name)
        if spec is None:
            raise UnreadableState(f"办件停在图中已不存在的“{name}”。", element_id=name)
        token = Token(
            game,
            spec,
            parent=tokens[parent] if parent >= 0 else None,
            state=_BACK[number],
            id=token_id,
        )
        token.internal_data = internal
        token.data = data
        tokens.append(token)
    game.task_tree = tokens[0]
    return game
