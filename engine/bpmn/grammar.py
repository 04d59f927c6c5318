"""Reads expressions: text in, syntax tree out. Nothing is evaluated here.

Two surfaces share one tree. JUEL is what Camunda 7 diagrams write between `${`
and `}`; FEEL is what forms' conditions and DMN cells write. Operators arrive in
the tree under one spelling (`==`, `eq` and `=` are all `=`), so that a surface is
a table of tokens here and a table of operators in `operators`.

Bounds: 2 000 characters, a tree at most 64 high. Both are refused before any
evaluation, so that an expression costs at most as many operations as it has
characters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import NoReturn

from engine.errors import DuchaError

MAX_SOURCE = 2_000
MAX_NESTING = 64

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


@cache
def _node_fields(kind: type[Node]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node of the tree with its height from the root, 1 for the root."""
    waiting = [(root, 1)]
    while waiting:
        node, height = waiting.pop()
        yield node, height
        for name in _node_fields(type(node)):
            value = getattr(node, name)
            parts = value if isinstance(value, tuple) else (value,)
            waiting += [(part, height + 1) for part in parts if isinstance(part, Node)]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression. `kind`: number, text, name, sign or end."""

    kind: str
    word: str
    column: int


@dataclass(frozen=True, slots=True)
class Surface:
    """What distinguishes the writing of JUEL from that of FEEL."""

    tokens: re.Pattern[str]
    infix: dict[str, tuple[int, str]]
    keywords: frozenset[str]
    refused: frozenset[str]


_NUMBER = r"(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
_NAME = r"(?P<name>[^\W\d]\w*)"
_SPACE = r"(?P<space>\s+)"
_DOUBLE_QUOTED = r'"(?:[^"\\]|\\.)*"'
_SINGLE_QUOTED = r"'(?:[^'\\]|\\.)*'"

OR, AND, EQUAL, ORDER, SUM, PRODUCT, SIGN = 2, 3, 4, 5, 6, 7, 8

JUEL = Surface(
    tokens=re.compile(
        f"{_SPACE}|{_NUMBER}|{_NAME}|(?P<text>{_SINGLE_QUOTED}|{_DOUBLE_QUOTED})"
        r"|(?P<sign>&&|\|\||[=!<>]=|[<>!?:+\-*/%.,()\[\]}])",
        re.DOTALL,
    ),
    infix={
        "||": (OR, "or"), "or": (OR, "or"), "&&": (AND, "and"), "and": (AND, "and"),
        "==": (EQUAL, "="), "eq": (EQUAL, "="),
        "!=": (EQUAL, "!="), "ne": (EQUAL, "!="),
        "<": (ORDER, "<"), "lt": (ORDER, "<"), "<=": (ORDER, "<="), "le": (ORDER, "<="),
        ">": (ORDER, ">"), "gt": (ORDER, ">"), ">=": (ORDER, ">="), "ge": (ORDER, ">="),
        "+": (SUM, "+"), "-": (SUM, "-"), "*": (PRODUCT, "*"),
        "/": (PRODUCT, "/"), "div": (PRODUCT, "/"),
        "%": (PRODUCT, "%"), "mod": (PRODUCT, "%"),
    },
    keywords=frozenset(
        "and or not eq ne lt gt le ge div mod empty true false null".split()
    ),
    refused=frozenset({"instanceof"}),
)  # fmt: skip

FEEL = Surface(
    tokens=re.compile(
        f"{_SPACE}|{_NUMBER}"
        r"|(?P<words>(?:list contains|string length|starts with|ends with)(?=\s*\())"
        f"|{_NAME}|(?P<text>{_DOUBLE_QUOTED})"
        r"|(?P<sign>\.\.|\*\*|[!<>]=|[=<>?+\-*/.,()\[\]])",
        re.DOTALL,
    ),
    infix={
        "or": (OR, "or"), "and": (AND, "and"),
        "=": (EQUAL, "="), "!=": (EQUAL, "!="), "in": (EQUAL, "in"),
        "between": (EQUAL, "between"), "<": (ORDER, "<"), "<=": (ORDER, "<="),
        ">": (ORDER, ">"), ">=": (ORDER, ">="),
        "+": (SUM, "+"), "-": (SUM, "-"), "*": (PRODUCT, "*"), "/": (PRODUCT, "/"),
    },
    keywords=frozenset("and or in between if then else true false null".split()),
    refused=frozenset("for some every return satisfies function instance".split()),
)  # fmt: skip

_CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_CHINESE_SIGNS = frozenset("“”‘’（）【】，。；：？！＝＞＜＋－×÷％｛｝")
_RELATIONS = frozenset({"=", "!=", "<", "<=", ">", ">="})


def is_reserved(word: str) -> bool:
    """Say whether the word means something else than a variable in an expression."""
    return any(
        word in surface.keywords or word in surface.refused for surface in (JUEL, FEEL)
    )


def parse_juel(source: str) -> Node:
    """Return the tree of a text with `${…}` or `#{…}` in it; `\\${` is no expression.

    An expression alone keeps its type; text around it, or several, make a text.
    """
    _require_length(source)
    parts: list[Node] = []
    text, begun, at = "", 0, 0
    while at < len(source):
        if source.startswith(("\\${", "\\#{"), at):
            text, at = text + source[at + 1 : at + 3], at + 3
        elif source.startswith(("${", "#{"), at):
            if text:
                parts.append(Literal(begun + 1, text))
            parser = Parser(source, JUEL, at + 2)
            parts.append(parser.expression())
            at = parser.close_embedded()
            text, begun = "", at
        else:
            text, at = text + source[at], at + 1
    if text or not parts:
        parts.append(Literal(begun + 1, text))
    return _require_height(parts[0] if len(parts) == 1 else Join(1, tuple(parts)), source)


def parse_feel(source: str) -> Node:
    """Return the tree of a FEEL expression; one leading `=` is form-js's mark."""
    _require_length(source)
    start = len(source) - len(source.lstrip())
    parser = Parser(source, FEEL, start + source.startswith("=", start))
    tree = parser.expression()
    parser.close()
    return _require_height(tree, source)


def parse_unary_tests(source: str) -> Node:
    """Return the tree of a DMN input cell, which judges the variable `?`."""
    _require_length(source)
    if source.strip() in ("", "-"):
        return Literal(1, True)
    parser = Parser(source, FEEL, 0)
    tree = parser.unary_tests()
    parser.close()
    return _require_height(tree, source)


def _require_length(source: str) -> None:
    if len(source) > MAX_SOURCE:
        raise ExpressionError(
            source, 0, f"表达式有 {len(source)} 个字符，最多 {MAX_SOURCE} 个"
        )


def _require_height(tree: Node, source: str) -> Node:
    for node, height in walk(tree):
        if height > MAX_NESTING:
            raise ExpressionError(
                source, node.column, f"嵌套或连写超过 {MAX_NESTING} 层"
            )
    return tree


class Parser:
    """A Pratt parser over one surface, from one place of the source on."""

    def __init__(self, source: str, surface: Surface, start: int) -> None:
        self.source, self.surface, self.start = source, surface, start
        self.depth = 0
        self.in_bound = False
        self.advance()

    def refuse(self, reason: str, column: int) -> NoReturn:
        """Raise with this source."""
        raise ExpressionError(self.source, column, reason)

    def advance(self) -> Token:
        """Read the next token; return the one before it."""
        passed = getattr(self, "token", Token("end", "", 1))
        self.token = self._read()
        return passed

    def _read(self) -> Token:
        tokens, source = self.surface.tokens, self.source
        while True:
            column = self.start + 1
            if self.start >= len(source):
                return Token("end", "", column)
            match = tokens.match(source, self.start)
            if match is None:
                self._refuse_character(source[self.start], column)
            self.start = match.end()
            kind, word = str(match.lastgroup), match.group()
            if kind == "space":
                continue
            if kind == "name":
                self._require_name(word, column)
            return Token("name" if kind == "words" else kind, word, column)

    def _refuse_character(self, character: str, column: int) -> NoReturn:
        if character in _CHINESE_SIGNS:
            self.refuse(f"“{character}”是中文符号，请改用英文符号", column)
        if character == "'" and self.surface is FEEL:
            self.refuse("FEEL 的文字要写在双引号里", column)
        if character in "'\"":
            self.refuse("引号没有配对", column)
        self.refuse(f"不认识的字符“{character}”", column)

    def _require_name(self, word: str, column: int) -> None:
        if word.startswith("__"):
            self.refuse(f"不允许使用以双下划线开头的名称“{word}”", column)
        if not word.isidentifier():
            self.refuse(f"“{word}”不是名称", column)

    def at_sign(self, *words: str) -> bool:
        """Say whether the next token is one of these signs or keywords."""
        return self.token.kind in ("sign", "name") and self.token.word in words

    def expect(self, word: str) -> Token:
        """Pass over this sign or refuse what stands in its place."""
        if not self.at_sign(word):
            self.refuse(f"这里应为“{word}”，{self._found()}", self.token.column)
        return self.advance()

    def _found(self) -> str:
        ended = self.token.kind == "end"
        return "表达式却结束了" if ended else f"却是“{self.token.word[:40]}”"

    def close(self) -> None:
        """Refuse anything after the end of the expression."""
        if self.token.kind != "end":
            self.refuse(f"表达式应在此结束，{self._found()}", self.token.column)

    def close_embedded(self) -> int:
        """Refuse anything but `}` and return the place after it."""
        if not self.at_sign("}"):
            self.refuse(f"这里应为“}}”，{self._found()}", self.token.column)
        return self.token.column

    # -- expressions -----------------------------------------------------------

    def expression(self, binding: int = 0) -> Node:
        """Read operands joined by operators that bind tighter than `binding`."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.refuse(f"嵌套超过 {MAX_NESTING} 层", self.token.column)
        left = self.postfix(self.prefix())
        while True:
            rule = None
            if self.token.kind in ("sign", "name"):
                rule = self.surface.infix.get(self.token.word)
            if rule is None or rule[0] <= binding:
                break
            left = self.infix(left, *rule)
        if binding == 0 and self.surface is JUEL and self.at_sign("?"):
            column = self.advance().column
            consequence = self.expression()
            self.expect(":")
            left = Choice(column, left, consequence, self.expression())
        self.depth -= 1
        return left

    def infix(self, left: Node, binding: int, operator: str) -> Node:
        """Read the operator that follows `left` and its right side."""
        column = self.advance().column
        if operator == "in":
            return Membership(column, left, self.tests_after_in())
        if operator == "between":
            low = self.expression(ORDER)
            self.expect("and")
            bounds = Range(column, low, self.expression(ORDER), False, False)
            return Membership(column, left, (bounds,))
        right = self.expression(binding)
        if operator not in ("and", "or"):
            return Binary(column, operator, left, right)
        # Long chains of conditions are one node, not one level each.
        earlier = (
            left.operands
            if isinstance(left, Logic) and left.operator == operator
            else (left,)
        )
        return Logic(column, operator, (*earlier, right))

    def prefix(self) -> Node:
        """Read what can begin an operand."""
        token = self.advance()
        if token.kind == "number":
            return Literal(token.column, self._number(token))
        if token.kind == "text":
            return Literal(token.column, self._text(token))
        if token.kind == "name":
            return self._word(token)
        match token.word:
            case "-":
                return Unary(token.column, "-", self.expression(PRODUCT))
            case "!" if self.surface is JUEL:
                return Unary(token.column, "not", self.expression(SIGN))
            case "?" if self.surface is FEEL:
                return Name(token.column, SUBJECT)
            case "(":
                return self._parenthesis(token)
            case "[" | "]" if self.surface is FEEL:
                return self._bracket(token)
            case "**":
                self.refuse("不支持乘方“**”", token.column)
        found = f"“{token.word}”" if token.word else "结尾"
        self.refuse(f"{found}处缺少一个值", token.column)

    def _number(self, token: Token) -> int | float:
        if token.word.isdigit():
            if len(token.word) > 19 or int(token.word) > 10**18:
                self.refuse("整数超过 10 的 18 次方", token.column)
            return int(token.word)
        number = float(token.word)
        if number > 1e18:
            self.refuse("数值超过 10 的 18 次方", token.column)
        return number

    def _text(self, token: Token) -> str:
        if "\\u" in token.word:
            self.refuse("不支持“\\u”转义，请直接写出该字", token.column)
        return re.sub(
            r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), token.word[1:-1],
            flags=re.DOTALL,
        )  # fmt: skip

    def _word(self, token: Token) -> Node:
        word = token.word
        if word in self.surface.refused:
            self.refuse(f"不支持“{word}”", token.column)
        if word in _CONSTANTS:
            return Literal(token.column, _CONSTANTS[word])
        if self.surface is JUEL and word in ("not", "empty"):
            return Unary(token.column, word, self.expression(SIGN))
        if self.surface is FEEL and word == "if":
            return self._choice(token)
        if word in self.surface.keywords:
            self.refuse(f"“{word}”处缺少一个值", token.column)
        if not self.at_sign("("):
            return Name(token.column, word)
        arguments = self._arguments()
        if self.surface is FEEL and word == "not":
            if len(arguments) != 1:
                self.refuse("not() 只能有一个参数", token.column)
            return Unary(token.column, "not", arguments[0])
        return Call(token.column, word, arguments)

    def _choice(self, token: Token) -> Node:
        condition = self.expression()
        self.expect("then")
        consequence = self.expression()
        self.expect("else")
        return Choice(token.column, condition, consequence, self.expression())

    def _arguments(self) -> tuple[Node, ...]:
        self.advance()
        arguments: list[Node] = []
        while not self.at_sign(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.unbounded())
        self.advance()
        return tuple(arguments)

    def unbounded(self, binding: int = 0) -> Node:
        """Read an expression in brackets of its own, where `[` indexes again."""
        outer, self.in_bound = self.in_bound, False
        inner = self.expression(binding)
        self.in_bound = outer
        return inner

    def postfix(self, target: Node) -> Node:
        """Read the members and indexes that follow an operand."""
        while True:
            if self.at_sign("."):
                column = self.advance().column
                if self.token.kind != "name":
                    self.refuse("“.”之后应为名称", self.token.column)
                key = self.advance().word
                if self.at_sign("("):
                    self.refuse(
                        f"不能调用“.{key}()”：只能调用登记过的函数", column
                    )
                target = Member(column, target, key)
            elif self.at_sign("[") and not self.in_bound:
                column = self.advance().column
                index = self.unbounded()
                if isinstance(index, Literal) and str(index.value).startswith("__"):
                    self.refuse(
                        f"不允许使用以双下划线开头的名称“{index.value}”", column
                    )
                self.expect("]")
                target = Index(column, target, index)
            elif self.at_sign("("):
                self.refuse("这里不能调用：只能调用登记过的函数", self.token.column)
            else:
                return target

    # -- FEEL ranges, lists and tests ------------------------------------------

    def _parenthesis(self, opening: Token) -> Node:
        inner = self.unbounded()
        if self.surface is FEEL and self.at_sign(".."):
            return self._range(opening, inner)
        self.expect(")")
        return inner

    def _bracket(self, opening: Token) -> Node:
        items: list[Node] = []
        while not self.at_sign("]"):
            if items:
                self.expect(",")
            items.append(self.unbounded())
            if len(items) == 1 and self.at_sign(".."):
                return self._range(opening, items[0])
        if opening.word == "]":
            self.refuse("“]”处缺少一个值", opening.column)
        self.advance()
        return Listing(opening.column, tuple(items))

    def _range(self, opening: Token, low: Node) -> Node:
        self.advance()
        outer, self.in_bound = self.in_bound, True
        high = self.expression()
        self.in_bound = outer
        if not self.at_sign("]", ")", "["):
            self.refuse("区间应以“]”“)”或“[”结束", self.token.column)
        closing = self.advance()
        low_open, high_open = opening.word != "[", closing.word != "]"
        return Range(opening.column, low, high, low_open, high_open)

    def tests_after_in(self) -> tuple[Node, ...]:
        """Read `(test, test …)` or one test."""
        if not self.at_sign("("):
            return (self.test(),)
        opening = self.advance()
        first = self.test()
        if self.at_sign(".."):
            return (self._range(opening, first),)
        tests = [first]
        while self.at_sign(","):
            self.advance()
            tests.append(self.test())
        self.expect(")")
        return tuple(tests)

    def test(self) -> Node:
        """Read one positive unary test (DMN 1.3 §10.3.1.2, grammar rule 7)."""
        if self.token.kind == "sign" and self.token.word in _RELATIONS:
            token = self.advance()
            return Relation(token.column, token.word, self.expression(ORDER))
        node = self.expression(EQUAL)
        return node

    def unary_tests(self) -> Node:
        """Read a whole cell: tests parted by commas, or `not(tests)`."""
        column = self.token.column
        negated = self.token.word == "not" and self.source[self.start :].lstrip()[
            :1
        ] == "("
        if negated:
            self.advance()
            self.advance()
        tests = [self._cell_test()]
        while self.at_sign(","):
            self.advance()
            tests.append(self._cell_test())
        subject = Name(column, SUBJECT)
        tree: Node = Membership(column, subject, tuple(tests))
        if negated:
            self.expect(")")
            tree = Unary(column, "not", tree)
        return tree

    def _cell_test(self) -> Node:
        if self.token.kind == "sign" and self.token.word in _RELATIONS:
            return self.test()
        node = self.expression()
        speaks_of_subject = any(
            isinstance(part, Name) and part.name == SUBJECT for part, _ in walk(node)
        )
        return Holds(node.column, node) if speaks_of_subject else node
