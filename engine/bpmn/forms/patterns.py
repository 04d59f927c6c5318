"""Regular expressions of forms: a small, safe part that means the same everywhere.

What a browser's RegExp and Python's `re` read alike is allowed: characters,
classes, groups, alternatives, counts, `^` and `$`. Look-around, back-references and
flags are refused. Neither engine can be interrupted, so a pattern is weighed before
it is accepted: the number of ways in which it can be tried on a text of n
characters must stay below a million for n of at least 64; the longest n for which
it does is the longest text it is asked about.
"""

import re
from dataclasses import dataclass

MAX_PATTERN = 200
MAX_TEXT = 2_000
MIN_TEXT = 64
MAX_WAYS = 1_000_000
MAX_COUNT = 1_000
MAX_NESTING = 10


class PatternRefused(Exception):
    """A pattern is not safe or not understood; the message is a Chinese reason."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that may be searched in texts of at most `longest` characters."""

    expression: re.Pattern[str]
    longest: int

    def found_in(self, text: str) -> bool:
        """Say whether the pattern occurs anywhere in the text, as JavaScript tests."""
        return self.expression.search(text) is not None


def compile_pattern(source: str) -> Pattern:
    """Return the pattern, or raise PatternRefused with the reason."""
    if len(source) > MAX_PATTERN:
        raise PatternRefused(f"超过 {MAX_PATTERN} 个字符")
    weigher = _Weigher(source)
    weigher.alternatives(MIN_TEXT, 0)
    if weigher.at < len(source):
        raise PatternRefused("括号没有配对")
    try:
        # In JavaScript $ means the very end, and \d and \w are ASCII.
        python = _DOLLAR.sub(lambda match: match[1] or r"\Z", source)
        compiled = re.compile(python, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternRefused(f"读不懂（{error}）") from None
    return Pattern(compiled, _longest(source))


def _longest(source: str) -> int:
    anchored = source.startswith("^") and "|" not in source
    low, high = 0, MAX_TEXT
    while low < high:
        middle = (low + high + 1) // 2
        ways = _Weigher(source).alternatives(middle, 0) * (1 if anchored else middle)
        low, high = (middle, high) if ways <= MAX_WAYS else (low, middle - 1)
    if low < MIN_TEXT:
        raise PatternRefused("可能的匹配方式太多，请写得更确定些")
    return low


_QUANTIFIER = re.compile(r"([*+?]|\{([0-9]{1,4})(,([0-9]{0,4}))?\})(\??)")
_ESCAPE = re.compile(r"\\([dDwWsStnrf\\.^$|?*+()\[\]{}/\-]|u[0-9A-Fa-f]{4})")
_CLASS = re.compile(
    r"\[\^?(?:[^\[\]\\]|\\(?:[dDwWsStnrf\\.^$|?*+()\[\]{}/\-]|u[0-9A-Fa-f]{4}))+\]"
)
_DOLLAR = re.compile(rf"({_CLASS.pattern}|\\.)|\$", re.DOTALL)


class _Weigher:
    """Reads a pattern from left to right and counts the ways of trying it."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0

    def alternatives(self, length: int, nesting: int) -> int:
        """Return the ways of the alternatives up to the next `)` or the end."""
        if nesting > MAX_NESTING:
            raise PatternRefused("括号嵌套太深")
        ways = self._sequence(length, nesting)
        while self._next() == "|":
            self.at += 1
            ways += self._sequence(length, nesting)
        return ways

    def _next(self) -> str:
        return self.source[self.at : self.at + 1]

    def _sequence(self, length: int, nesting: int) -> int:
        ways = 1
        while self._next() not in ("", "|", ")"):
            inner = self._atom(length, nesting)
            least, most = self._counts(length)
            # A repeated part multiplies its own ways at every turn.
            ways *= inner**most * (most - least + 1)
            if ways > MAX_WAYS**3:
                raise PatternRefused("可能的匹配方式太多，请写得更确定些")
        return ways

    def _atom(self, length: int, nesting: int) -> int:
        character = self._next()
        if character == "(":
            return self._group(length, nesting)
        shape = {"\\": _ESCAPE, "[": _CLASS}.get(character)
        if shape is not None:
            match = shape.match(self.source, self.at)
            if match is None:
                raise PatternRefused(f"不支持“{self.source[self.at : self.at + 4]}”")
            self.at = match.end()
            # Python keeps these for set operations to come; JavaScript does not.
            if len(match[0]) > 2 and re.search(r"--|&&|~~|\|\|", match[0]):
                raise PatternRefused(f"不支持“{match[0][:20]}”")
        elif character in "*+?{}]":
            raise PatternRefused(f"“{character}”前缺少内容")
        else:
            self.at += 1
        return 1

    def _group(self, length: int, nesting: int) -> int:
        self.at += 1
        if self._next() == "?":
            if not self.source.startswith("?:", self.at):
                raise PatternRefused(f"不支持“({self.source[self.at : self.at + 3]}”")
            self.at += 2
        ways = self.alternatives(length, nesting + 1)
        if self._next() != ")":
            raise PatternRefused("括号没有配对")
        self.at += 1
        return ways

    def _counts(self, length: int) -> tuple[int, int]:
        match = _QUANTIFIER.match(self.source, self.at)
        if match is None:
            return 1, 1
        self.at = match.end()
        if self._next() in ("*", "+", "?", "{"):
            raise PatternRefused("重复符号连写")
        if match[1] in ("*", "+"):
            return 0, length
        if match[1] == "?":
            return 0, 1
        least = int(match[2])
        most = least if match[3] is None else int(match[4] or max(length, least))
        if not least <= most <= max(MAX_COUNT, length):
            raise PatternRefused(f"重复次数“{match[1]}”不合理")
        return least, most
