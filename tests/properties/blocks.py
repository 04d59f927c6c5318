"""Structured diagrams as values: every block has one way in and one way out.

What is composed of such blocks is sound: it can always be driven to its end. All
choices hang on the one variable `x`, a whole number that every act may set.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

#: Values of `x` with a meaning of their own; gateways look at its remainders.
CALM, BROKEN, LEAVING = 1, 5, 7
#: What acts set it to; what has a meaning comes more often.
VALUES = (0, 1, 2, 3, 4, 5, 5, 6, 7, 7, 7, 8, 9)

WAITING_LEAVES = ("user_task", "receive", "external", "message", "signal", "timer")
PASSING_LEAVES = ("counts", "breaks", "link")
LISTENING = ("message", "timer", "signal")


@dataclass(frozen=True)
class Loop:
    """A multi-instance or standard loop; `enough` rounds complete it early."""

    kind: str
    rounds: int
    enough: int | None = None


@dataclass(frozen=True)
class Guard:
    """A boundary event; the way from an interrupting one joins the normal way out."""

    id: str
    kind: str
    interrupting: bool
    way: "Block"
    #: how often a timer that does not interrupt fires
    firings: int = 1


@dataclass(frozen=True)
class Handler:
    """An event sub-process."""

    id: str
    kind: str
    interrupting: bool
    body: "Block"


@dataclass(frozen=True)
class Leaf:
    """A task or intermediate event."""

    id: str
    kind: str
    loop: Loop | None = None
    guards: tuple[Guard, ...] = ()
    #: asyncBefore
    later: bool = False


@dataclass(frozen=True)
class Sub:
    """A sub-process."""

    id: str
    body: "Block"
    loop: Loop | None = None
    guards: tuple[Guard, ...] = ()
    handlers: tuple[Handler, ...] = ()
    later: bool = False


@dataclass(frozen=True)
class Call:
    """A call of the other process."""

    id: str
    loop: Loop | None = None
    guards: tuple[Guard, ...] = ()
    later: bool = False


@dataclass(frozen=True)
class Sequence:
    """One after the other."""

    parts: tuple["Block", ...]


@dataclass(frozen=True)
class Split:
    """A gateway that splits and one that joins: exclusive, parallel or inclusive."""

    id: str
    kind: str
    parts: tuple["Block", ...]


@dataclass(frozen=True)
class Race:
    """An event-based gateway: the first event decides."""

    id: str
    arms: tuple[tuple[Leaf, "Block"], ...]


@dataclass(frozen=True)
class Repeat:
    """A way back, taken while `x` is even; the task at its end keeps it from racing."""

    id: str
    body: "Block"
    last: Leaf


@dataclass(frozen=True)
class Leave:
    """Where `x` says so, an error, terminate or escalation instead of going on."""

    id: str
    kind: str


Block = Leaf | Sub | Call | Sequence | Split | Race | Repeat | Leave
Activity = Leaf | Sub | Call


def chosen(split: Split, x: int) -> tuple[int, ...]:
    """Return which parts of a split are taken; the last one is the default."""
    last = len(split.parts) - 1
    if split.kind == "parallel":
        return tuple(range(last + 1))
    held = tuple(part for part in range(last) if x % (part + 2) == 0)
    if split.kind == "exclusive":
        held = held[:1]
    return held or (last,)


@dataclass
class _Sketch:
    """Draws blocks and numbers their elements."""

    draw: st.DrawFn
    #: only waits that a command can tell apart when there are several of one element
    by_commands: bool
    #: whether it may call the other process
    calls: bool = True
    count: int = 0

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def some(self, *values: object) -> object:
        return self.draw(st.sampled_from(values))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def block(self, depth: int, many: bool, errors: bool) -> Block:
        """Draw a block; `many`: several may be open at once; `errors`: caught."""
        if depth == 0:
            return self.leaf(0, many, errors)
        draw = self.some(
            self.leaf,
            self.sub,
            self.call if self.calls else self.leaf,
            self.sequence,
            self.split,
            self.split,
            self.race,
            self.repeat,
            self.leave,
        )
        return draw(depth - 1, many, errors)  # type: ignore[operator]

    def leaf(self, depth: int, many: bool, errors: bool) -> Block:
        kinds = ("user_task", "user_task", *WAITING_LEAVES, *PASSING_LEAVES)
        kind = str(self.some(*kinds))
        if many and self.by_commands and kind in ("receive", "message", "signal"):
            kind = "user_task"
        named = self.fresh(kind)
        if kind not in ("user_task", "receive", "external", "counts", "breaks"):
            return Leaf(named, kind)
        loop = self.loop()
        if loop and self.by_commands and kind == "receive":
            loop = None
        waits = kind in ("user_task", "receive", "external")
        guards = self.guards(depth, many, errors, False) if waits else ()
        return Leaf(named, kind, loop, guards, self.number(0, 5) == 5)

    def sub(self, depth: int, many: bool, errors: bool) -> Block:
        named, loop = self.fresh("sub"), self.loop()
        inner = many or loop is not None
        caught = self.number(0, 1) == 1
        body = self.block(depth, inner, errors or caught)
        if caught:
            both = (body, self.leave(depth, inner, True))
            body = Sequence(both if self.number(0, 2) else both[::-1])
        guards = self.guards(depth, many, errors, caught)
        handlers = tuple(
            Handler(
                self.fresh("handler"),
                "timer" if inner and self.by_commands else str(self.some(*LISTENING)),
                self.number(0, 1) == 1,
                self.block(max(depth - 1, 0), True, errors or caught),
            )
            for _ in range(max(self.number(-2, 2), 0))
        )
        return Sub(named, body, loop, guards, handlers, self.number(0, 5) == 5)

    def call(self, depth: int, many: bool, errors: bool) -> Block:
        loop, guards = self.loop(), self.guards(depth, many, errors, True)
        return Call(self.fresh("call"), loop, guards, self.number(0, 5) == 5)

    def sequence(self, depth: int, many: bool, errors: bool) -> Block:
        length = self.number(2, 4)
        return Sequence(tuple(self.block(depth, many, errors) for _ in range(length)))

    def split(self, depth: int, many: bool, errors: bool) -> Block:
        kind = str(self.some("exclusive", "parallel", "inclusive"))
        width = self.number(2, 3)
        parts = tuple(self.block(depth, many, errors) for _ in range(width))
        return Split(self.fresh("gate"), kind, parts)

    def race(self, depth: int, many: bool, errors: bool) -> Block:
        kinds = ("timer",) if many and self.by_commands else (*LISTENING, "receive")
        arms = []
        for _ in range(self.number(2, 3)):
            kind = str(self.some(*kinds))
            first = Leaf(self.fresh(kind), kind)
            arms.append((first, self.block(depth, many, errors)))
        return Race(self.fresh("race"), tuple(arms))

    def repeat(self, depth: int, many: bool, errors: bool) -> Block:
        body = self.block(depth, many, errors)
        last = Leaf(self.fresh("user_task"), "user_task")
        return Repeat(self.fresh("again"), body, last)

    def leave(self, depth: int, many: bool, errors: bool) -> Block:
        kinds = ("error", "escalation", "error", "escalation") if errors else ()
        return Leave(self.fresh("leave"), str(self.some(*kinds, "terminate")))

    def loop(self) -> Loop | None:
        if self.number(0, 2) < 2:
            return None
        kind = str(self.some("parallel", "sequential", "standard"))
        rounds = self.number(1, 3)
        enough = self.number(1, 3) if kind != "standard" and rounds > 1 else None
        return Loop(kind, rounds, enough)

    def guards(
        self, depth: int, many: bool, errors: bool, caught: bool
    ) -> tuple[Guard, ...]:
        """Draw boundary events; `caught`: one for errors, one for escalations."""
        kinds = [str(self.some(*LISTENING)) for _ in range(self.number(-2, 2))]
        if many and self.by_commands:
            kinds = ["timer" for _ in kinds]
        if caught:
            kinds += ["error", "escalation"]
        guards = []
        for kind in kinds:
            stops = kind == "error" or self.number(0, 1) == 1
            way = (
                self.block(max(depth - 1, 0), many, errors)
                if stops
                else self.aside(max(depth - 1, 0), errors)
            )
            firings = self.number(1, 3)
            guards.append(Guard(self.fresh(kind), kind, stops, way, firings))
        return tuple(guards)

    def aside(self, depth: int, errors: bool) -> Block:
        """Draw what may be open several times in one scope: one activity."""
        if depth == 0:
            return Leaf(self.fresh("user_task"), "user_task")
        return Sub(self.fresh("sub"), self.block(depth - 1, True, errors))


@st.composite
def blocks(
    draw: st.DrawFn, depth: int = 4, by_commands: bool = False, calls: bool = True
) -> Block:
    """Draw the body of a process."""
    sketch = _Sketch(draw, by_commands, calls)
    return sketch.block(depth, False, False)


def parts_of(block: Block) -> Iterator[Block]:
    """Yield a block and all blocks in it."""
    yield block
    inside: list[Block] = []
    match block:
        case Sequence(parts) | Split(_, _, parts):
            inside = list(parts)
        case Race(_, arms):
            inside = [part for arm in arms for part in arm]
        case Repeat(_, body, last):
            inside = [body, last]
        case Sub():
            inside = [block.body, *(handler.body for handler in block.handlers)]
    if isinstance(block, Leaf | Sub | Call):
        inside += [guard.way for guard in block.guards]
    for part in inside:
        yield from parts_of(part)
