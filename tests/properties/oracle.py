"""A second reading of BPMN 2.0: what blocks do, without tokens, joins or pruning.

It knows no diagram: a block says by itself what it waits for and when it is over, and
everything that ever began stays in the record. Whatever the engine and this page agree
on, two quite different ways of reading the standard agree on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field

from tests.properties import blocks


@dataclass(eq=False)
class Piece:
    """Something that began: open, or over for good."""

    what: str
    block: blocks.Block | blocks.Guard | blocks.Handler | None
    parent: "Piece | None"
    open: bool = True
    wait: tuple[str, str] | None = None
    children: list["Piece"] = field(default_factory=list)
    #: of a split or loop: how many parts there will be, how many are over
    expected: int = 0
    completed: int = 0
    #: of a timer: how often it still fires
    firings: int = 1
    #: of an activity: its boundary event fired; of a scope: its event sub-process
    interrupted: bool = False


class Oracle:
    """One instance."""

    def __init__(self, body: blocks.Block, x: int) -> None:
        """Begin."""
        self.x = x
        self.n = 0
        self.ended: str | None = None
        self._joined: list[Piece] = []
        self.root = Piece("scope", None, None)
        self._begin(body, self.root)
        self._rest()

    @property
    def waits(self) -> list[tuple[str, str]]:
        """The kinds and elements that wait, sorted."""
        return sorted(piece.wait for piece in _open(self.root) if piece.wait)

    def act(self, kind: str, element: str, number: int, x: int | None) -> None:
        """Let the wait of this number among its equals be over."""
        wait = (kind, element)
        piece = [p for p in _open(self.root) if p.wait == wait][number]
        if x is not None:
            self.x = x
        if kind == "async":
            piece.wait = None
            self._enter(piece)
        elif kind == "failed":
            if self.x != blocks.BROKEN:
                self._over(piece)
        elif piece.what == "guard":
            self._fire_guard(piece)
        elif piece.what == "handler":
            self._fire_handler(piece)
        elif piece.what == "arm":
            self._win(piece)
        else:
            self._over(piece)
        self._rest()

    def fail_call(self, element: str, number: int) -> None:
        """Let a called instance end by the error that is caught."""
        wait = ("call", element)
        piece = [p for p in _open(self.root) if p.wait == wait][number]
        self._throw(piece, "error")
        self._rest()

    # -- beginning ---------------------------------------------------------------

    def _begin(self, block: blocks.Block, parent: Piece) -> None:
        piece = Piece("block", block, parent)
        parent.children.append(piece)
        match block:
            case blocks.Sequence(parts):
                self._begin(parts[0], piece)
            case blocks.Split():
                taken = blocks.chosen(block, self.x)
                piece.expected = len(taken)
                for part in taken:
                    if piece.open:
                        self._begin(block.parts[part], piece)
            case blocks.Race(_, arms):
                for first, _ in arms:
                    arm = Piece("arm", first, piece)
                    kind = "message" if first.kind == "receive" else first.kind
                    arm.wait = (kind, first.id)
                    piece.children.append(arm)
            case blocks.Repeat(_, body, _):
                self._begin(body, piece)
            case blocks.Leave(_, kind):
                self._leave(piece, kind)
            case blocks.Leaf(name, kind) if kind not in (*blocks.PASSING_LEAVES,):
                if kind in ("message", "signal", "timer"):
                    piece.wait = (kind, name)
                else:
                    self._arrive(piece, block)
            case blocks.Leaf(_, "link"):
                self._over(piece)
            case blocks.Leaf() | blocks.Sub() | blocks.Call():
                self._arrive(piece, block)

    def _arrive(self, piece: Piece, activity: blocks.Activity) -> None:
        piece.what = "activity"
        if activity.later:
            piece.wait = ("async", activity.id)
        else:
            self._enter(piece)

    def _enter(self, piece: Piece) -> None:
        activity = _activity(piece)
        for guard in activity.guards:
            if guard.kind in blocks.LISTENING:
                listener = Piece("guard", guard, piece, wait=(guard.kind, guard.id))
                listener.firings = 1 if guard.interrupting else guard.firings
                piece.children.append(listener)
        loop = activity.loop
        if loop is not None and loop.kind == "parallel":
            piece.expected = loop.rounds
            # All rounds stand before the first one moves.
            rounds = [self._stand(piece) for _ in range(loop.rounds)]
        else:
            piece.expected = 1 if loop is None else loop.rounds
            rounds = [self._stand(piece)]
        for one in rounds:
            if one.open:
                self._work(one)

    def _stand(self, activity: Piece) -> Piece:
        one = Piece("round", activity.block, activity)
        activity.children.append(one)
        return one

    def _work(self, one: Piece) -> None:
        block = _activity(one)
        if isinstance(block, blocks.Sub):
            one.what = "scope"
            for handler in block.handlers:
                wait = (handler.kind, f"{handler.id}_start")
                listener = Piece("handler", handler, one, wait=wait)
                repeats = handler.kind == "timer" and not handler.interrupting
                listener.firings = 2 if repeats else 1
                one.children.append(listener)
            self._begin(block.body, one)
        elif isinstance(block, blocks.Call):
            one.wait = ("call", block.id)
        elif block.kind == "counts":
            self.n += 1
            self._over(one)
        elif block.kind == "breaks" and self.x != blocks.BROKEN:
            self._over(one)
        else:
            kind = "failed" if block.kind == "breaks" else block.kind
            one.wait = (kind, block.id)

    # -- ending ------------------------------------------------------------------

    def _over(self, piece: Piece) -> None:
        self._close(piece)
        parent = piece.parent
        if parent is None:
            self.ended = self.ended or "completed"
        elif parent.what == "scope":
            self._settle(parent)
        elif parent.what == "activity" and parent.interrupted:
            self._over(parent)
        elif parent.what == "activity":
            self._count(parent)
        else:
            self._go_on(parent)

    def _settle(self, scope: Piece) -> None:
        if not any(c.open and c.what != "handler" for c in scope.children):
            self._over(scope)

    def _count(self, activity: Piece) -> None:
        """Count a completed round (BPMN 2.0 §13.3.6, §13.3.7)."""
        loop = _activity(activity).loop
        activity.completed += 1
        enough = loop is not None and loop.enough and activity.completed >= loop.enough
        if enough or activity.completed >= activity.expected:
            self._over(activity)
        elif loop is not None and loop.kind != "parallel":
            self._work(self._stand(activity))

    def _go_on(self, piece: Piece) -> None:
        piece.completed += 1
        match piece.block:
            case blocks.Sequence(parts) if piece.completed < len(parts):
                self._begin(parts[piece.completed], piece)
            case blocks.Split(_, kind):
                if piece.completed == piece.expected and kind == "inclusive":
                    self._joined.append(piece)
                elif piece.completed == piece.expected or kind == "exclusive":
                    self._over(piece)
            case blocks.Repeat(_, body, last):
                if piece.completed % 2 == 1:
                    self._begin(last, piece)
                elif self.x % 2 == 0:
                    self._begin(body, piece)
                else:
                    self._over(piece)
            case _:
                self._over(piece)

    def _rest(self) -> None:
        # An inclusive join is looked at when everything else rests.
        while self._joined and self.ended is None:
            piece = self._joined.pop(0)
            if piece.open:
                self._over(piece)

    def _close(self, piece: Piece) -> None:
        piece.open = False
        piece.wait = None
        for child in piece.children:
            if child.open:
                self._close(child)

    # -- events ------------------------------------------------------------------

    def _fire_guard(self, listener: Piece) -> None:
        guard, activity = listener.block, listener.parent
        assert isinstance(guard, blocks.Guard)
        assert activity is not None
        if not guard.interrupting:
            self._fired(listener, guard.kind)
        self._take(activity, guard)

    def _take(self, activity: Piece, guard: blocks.Guard) -> None:
        """Go the way of a boundary event (BPMN 2.0 §10.5.4)."""
        if guard.interrupting:
            for child in activity.children:
                self._close(child)
            activity.wait = None
            activity.interrupted = True
            self._begin(guard.way, activity)
        else:
            self._begin(guard.way, _scope_of(activity))

    def _fired(self, listener: Piece, kind: str) -> None:
        listener.firings -= 1
        if kind == "timer" and listener.firings == 0:
            self._close(listener)

    def _fire_handler(self, listener: Piece) -> None:
        """Run an event sub-process (BPMN 2.0 §13.5.4)."""
        handler, scope = listener.block, listener.parent
        assert isinstance(handler, blocks.Handler)
        assert scope is not None
        if handler.interrupting:
            for child in scope.children:
                self._close(child)
        else:
            self._fired(listener, handler.kind)
        inside = Piece("scope", None, scope)
        scope.children.append(inside)
        self._begin(handler.body, inside)

    def _win(self, arm: Piece) -> None:
        race = arm.parent
        assert race is not None
        assert isinstance(race.block, blocks.Race)
        for child in race.children:
            self._close(child)
        (way,) = [block for first, block in race.block.arms if first is arm.block]
        self._begin(way, race)

    def _leave(self, piece: Piece, kind: str) -> None:
        if self.x != blocks.LEAVING:
            self._over(piece)
        elif kind == "escalation":
            self._throw(piece, "escalation")
            if piece.open:
                self._over(piece)
        elif kind == "error":
            self._throw(piece, "error")
        else:
            scope = _scope_of(piece)
            if scope.parent is None:
                self.ended = "terminated"
            self._over(scope)

    def _throw(self, piece: Piece, kind: str) -> None:
        """Go to the nearest activity around that catches it (BPMN 2.0 §10.5.7)."""
        around = piece.parent
        while around is not None:
            if around.what == "activity" and not around.interrupted:
                for guard in _activity(around).guards:
                    if guard.kind == kind:
                        self._take(around, guard)
                        return
            around = around.parent
        raise AssertionError(f"nothing catches the {kind}")


def _open(piece: Piece) -> Iterator[Piece]:
    if piece.open:
        yield piece
        for child in piece.children:
            yield from _open(child)


def _activity(piece: Piece) -> blocks.Activity:
    assert isinstance(piece.block, blocks.Leaf | blocks.Sub | blocks.Call)
    return piece.block


def _scope_of(piece: Piece) -> Piece:
    around = piece.parent
    while around is not None and around.what != "scope":
        around = around.parent
    assert around is not None
    return around
