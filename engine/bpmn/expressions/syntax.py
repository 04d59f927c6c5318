"""The syntax tree of expressions, and the error that tells where one is wrong.

Operators arrive here under one spelling for both surfaces: `==`, `eq` and `=` are
all `=`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import DuchaError

SUBJECT = "?"
"""The name under which a unary test finds the value it judges (DMN 1.3 §10.3.2)."""


class ExpressionError(DuchaError):
    """An expression cannot be read or evaluated.

    `source` is the whole text, `column` counts characters from 1 (0: nowhere in
    particular), `reason` is a Chinese sentence.
    """

    def __init__(self, source: str, column: int, reason: str) -> None:
        self.source, self.column, self.reason = source, column, reason
        place = f"第 {column} 列" if column else ""
        shown = source if len(source) <= 80 else source[:80] + "…"
        where = f"表达式“{shown}”{place}：" if source else ""
        super().__init__(where + reason)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; `column` is where it begins."""

    column: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, a text, true, false or null."""

    value: object


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`target.key`."""

    target: Node
    key: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`target[index]`."""

    target: Node
    index: Node


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `not x` or `empty x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic or comparison of two operands."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`and` or `or` of two or more operands, evaluated only as far as needed."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`a ? b : c`, `if a then b else c`."""

    condition: Node
    consequence: Node
    alternative: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A call of a function by its name."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Join(Node):
    """Text with expressions in it."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Listing(Node):
    """A FEEL list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Range(Node):
    """A FEEL interval; only a test, never a value."""

    low: Node
    high: Node
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """A test such as `> 5`, without its left side."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Holds(Node):
    """A test that speaks of `?` itself, such as `? > 1 and ? < 5`."""

    condition: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """True when the subject passes one of the tests."""

    subject: Node
    tests: tuple[Node, ...]


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node of the tree with its height from the root, 1 for the root."""
    waiting = [(root, 1)]
    while waiting:
        node, height = waiting.pop()
        yield node, height
        for name in node.__match_args__:
            value = getattr(node, name)
            parts = value if isinstance(value, tuple) else (value,)
            waiting += [(part, height + 1) for part in parts if isinstance(part, Node)]
