"""The words of expressions: how JUEL and FEEL are written."""

import re
from dataclasses import dataclass
from typing import NoReturn

from engine.bpmn.expressions.syntax import ExpressionError


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

CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_CHINESE_SIGNS = frozenset("“”‘’（）【】，。；：？！＝＞＜＋－×÷％｛｝")


def is_reserved(word: str) -> bool:
    """Say whether the word means something else than a variable in an expression."""
    return any(
        word in surface.keywords or word in surface.refused for surface in (JUEL, FEEL)
    )


class Reader:
    """Reads the tokens of one surface, from one place of the source on."""

    def __init__(self, source: str, surface: Surface, start: int) -> None:
        self.source, self.surface, self.start = source, surface, start
        self.token = self._read()

    def refuse(self, reason: str, column: int) -> NoReturn:
        """Raise with this source."""
        raise ExpressionError(self.source, column, reason)

    def advance(self) -> Token:
        """Read the next token; return the one before it."""
        passed, self.token = self.token, self._read()
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
                self.require_name(word, column)
                if not word.isidentifier():
                    self.refuse(f"“{word}”不是名称", column)
            return Token("name" if kind == "words" else kind, word, column)

    def _refuse_character(self, character: str, column: int) -> NoReturn:
        if character in _CHINESE_SIGNS:
            self.refuse(f"“{character}”是中文符号，请改用英文符号", column)
        if character == "'" and self.surface is FEEL:
            self.refuse("FEEL 的文字要写在双引号里", column)
        if character in "'\"":
            self.refuse("引号没有配对", column)
        self.refuse(f"不认识的字符“{character}”", column)

    def require_name(self, word: str, column: int) -> None:
        """Refuse names that Python or the engine keeps for itself."""
        if word.startswith("__"):
            self.refuse(f"不允许使用以双下划线开头的名称“{word}”", column)

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
