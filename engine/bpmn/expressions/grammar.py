"""Reads expressions: text in, syntax tree out. Nothing is evaluated here.

Two surfaces share one tree. JUEL is what Camunda 7 diagrams write between `${`
and `}`; FEEL is what forms' conditions and DMN cells write. Operators arrive in
the tree under one spelling (`==`, `eq` and `=` are all `=`), so that a surface is
a table of words here and a table of operators in `operators`.

Bounds: 2 000 characters, a tree at most 64 high. Both are refused before any
evaluation, so that an expression costs at most as many operations as it has
characters.
"""

import re

from engine.bpmn.expressions import syntax
from engine.bpmn.expressions import words
from engine.bpmn.expressions.syntax import ExpressionError
from engine.bpmn.expressions.syntax import Node

MAX_SOURCE = 2_000
MAX_NESTING = 64

_RELATIONS = frozenset({"=", "!=", "<", "<=", ">", ">="})


def parse_juel(source: str) -> Node:
    r"""Return the tree of a text with `${…}` or `#{…}` in it; `\${` is no expression.

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
                parts.append(syntax.Literal(begun + 1, text))
            parser = Parser(source, words.JUEL, at + 2)
            parts.append(parser.expression())
            at = parser.close_embedded()
            text, begun = "", at
        else:
            text, at = text + source[at], at + 1
    if text or not parts:
        parts.append(syntax.Literal(begun + 1, text))
    return _require_height(
        parts[0] if len(parts) == 1 else syntax.Join(1, tuple(parts)), source
    )


def parse_feel(source: str) -> Node:
    """Return the tree of a FEEL expression; one leading `=` is form-js's mark."""
    _require_length(source)
    start = len(source) - len(source.lstrip())
    parser = Parser(source, words.FEEL, start + source.startswith("=", start))
    tree = parser.expression()
    parser.close()
    return _require_height(tree, source)


def parse_unary_tests(source: str) -> Node:
    """Return the tree of a DMN input cell, which judges the variable `?`."""
    _require_length(source)
    if source.strip() in ("", "-"):
        return syntax.Literal(1, True)
    parser = Parser(source, words.FEEL, 0)
    tree = parser.unary_tests()
    parser.close()
    return _require_height(tree, source)


def _require_length(source: str) -> None:
    if len(source) > MAX_SOURCE:
        raise ExpressionError(
            source, 0, f"表达式有 {len(source)} 个字符，最多 {MAX_SOURCE} 个"
        )


def _require_height(tree: Node, source: str) -> Node:
    for node, height in syntax.walk(tree):
        if height > MAX_NESTING:
            raise ExpressionError(
                source, node.column, f"嵌套或连写超过 {MAX_NESTING} 层"
            )
    return tree


class Parser(words.Reader):
    """A Pratt parser over one surface, from one place of the source on."""

    def __init__(self, source: str, surface: words.Surface, start: int) -> None:
        super().__init__(source, surface, start)
        self.depth = 0
        self.in_bound = False

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
        if binding == 0 and self.surface is words.JUEL and self.at_sign("?"):
            column = self.advance().column
            consequence = self.expression()
            self.expect(":")
            left = syntax.Choice(column, left, consequence, self.expression())
        self.depth -= 1
        return left

    def infix(self, left: Node, binding: int, operator: str) -> Node:
        """Read the operator that follows `left` and its right side."""
        column = self.advance().column
        if operator == "in":
            return syntax.Membership(column, left, self.tests_after_in())
        if operator == "between":
            low = self.expression(words.ORDER)
            self.expect("and")
            bounds = syntax.Range(
                column, low, self.expression(words.ORDER), False, False
            )
            return syntax.Membership(column, left, (bounds,))
        right = self.expression(binding)
        if operator not in ("and", "or"):
            return syntax.Binary(column, operator, left, right)
        # Long chains of conditions are one node, not one level each.
        earlier = (
            left.operands
            if isinstance(left, syntax.Logic) and left.operator == operator
            else (left,)
        )
        return syntax.Logic(column, operator, (*earlier, right))

    def prefix(self) -> Node:
        """Read what can begin an operand."""
        token = self.advance()
        if token.kind == "number":
            return syntax.Literal(token.column, self._number(token))
        if token.kind == "text":
            return syntax.Literal(token.column, self._text(token))
        if token.kind == "name":
            return self._word(token)
        match token.word:
            case "-":
                return syntax.Unary(token.column, "-", self.expression(words.PRODUCT))
            case "!" if self.surface is words.JUEL:
                return syntax.Unary(token.column, "not", self.expression(words.SIGN))
            case "?" if self.surface is words.FEEL:
                return syntax.Name(token.column, syntax.SUBJECT)
            case "(":
                return self._parenthesis(token)
            case "[" | "]" if self.surface is words.FEEL:
                return self._bracket(token)
            case "**":
                self.refuse("不支持乘方“**”", token.column)
        found = f"“{token.word}”" if token.word else "结尾"
        self.refuse(f"{found}处缺少一个值", token.column)

    def _number(self, token: words.Token) -> int | float:
        if token.word.isdigit():
            if len(token.word) > 19 or int(token.word) > 10**18:
                self.refuse("整数超过 10 的 18 次方", token.column)
            return int(token.word)
        number = float(token.word)
        if number > 1e18:
            self.refuse("数值超过 10 的 18 次方", token.column)
        return number

    def _text(self, token: words.Token) -> str:
        if "\\u" in token.word:
            self.refuse("不支持“\\u”转义，请直接写出该字", token.column)
        return re.sub(
            r"\\(.)", lambda m: words.ESCAPES.get(m[1], m[1]), token.word[1:-1],
            flags=re.DOTALL,
        )  # fmt: skip

    def _word(self, token: words.Token) -> Node:
        word = token.word
        if word in self.surface.refused:
            self.refuse(f"不支持“{word}”", token.column)
        if word in words.CONSTANTS:
            return syntax.Literal(token.column, words.CONSTANTS[word])
        if self.surface is words.JUEL and word in ("not", "empty"):
            return syntax.Unary(token.column, word, self.expression(words.SIGN))
        if self.surface is words.FEEL and word == "if":
            return self._choice(token)
        if word in self.surface.keywords:
            self.refuse(f"“{word}”处缺少一个值", token.column)
        if not self.at_sign("("):
            return syntax.Name(token.column, word)
        arguments = self._arguments()
        if self.surface is words.FEEL and word == "not":
            if len(arguments) != 1:
                self.refuse("not() 只能有一个参数", token.column)
            return syntax.Unary(token.column, "not", arguments[0])
        return syntax.Call(token.column, word, arguments)

    def _choice(self, token: words.Token) -> Node:
        condition = self.expression()
        self.expect("then")
        consequence = self.expression()
        self.expect("else")
        return syntax.Choice(token.column, condition, consequence, self.expression())

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
                    self.refuse(f"不能调用“.{key}()”：只能调用登记过的函数", column)
                target = syntax.Member(column, target, key)
            elif self.at_sign("[") and not self.in_bound:
                column = self.advance().column
                index = self.unbounded()
                if isinstance(index, syntax.Literal) and str(index.value).startswith(
                    "__"
                ):
                    self.refuse(
                        f"不允许使用以双下划线开头的名称“{index.value}”", column
                    )
                self.expect("]")
                target = syntax.Index(column, target, index)
            elif self.at_sign("("):
                self.refuse("这里不能调用：只能调用登记过的函数", self.token.column)
            else:
                return target

    # -- FEEL ranges, lists and tests ------------------------------------------

    def _parenthesis(self, opening: words.Token) -> Node:
        inner = self.unbounded()
        if self.surface is words.FEEL and self.at_sign(".."):
            return self._range(opening, inner)
        self.expect(")")
        return inner

    def _bracket(self, opening: words.Token) -> Node:
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
        return syntax.Listing(opening.column, tuple(items))

    def _range(self, opening: words.Token, low: Node) -> Node:
        self.advance()
        outer, self.in_bound = self.in_bound, True
        high = self.expression()
        self.in_bound = outer
        if not self.at_sign("]", ")", "["):
            self.refuse("区间应以“]”“)”或“[”结束", self.token.column)
        closing = self.advance()
        low_open, high_open = opening.word != "[", closing.word != "]"
        return syntax.Range(opening.column, low, high, low_open, high_open)

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
            return syntax.Relation(
                token.column, token.word, self.expression(words.ORDER)
            )
        return self.expression(words.EQUAL)

    def unary_tests(self) -> Node:
        """Read a whole cell: tests parted by commas, or `not(tests)`."""
        column = self.token.column
        negated = (
            self.token.word == "not" and self.source[self.start :].lstrip()[:1] == "("
        )
        if negated:
            self.advance()
            self.advance()
        tests = [self._cell_test()]
        while self.at_sign(","):
            self.advance()
            tests.append(self._cell_test())
        subject = syntax.Name(column, syntax.SUBJECT)
        tree: Node = syntax.Membership(column, subject, tuple(tests))
        if negated:
            self.expect(")")
            tree = syntax.Unary(column, "not", tree)
        return tree

    def _cell_test(self) -> Node:
        if self.token.kind == "sign" and self.token.word in _RELATIONS:
            return self.test()
        node = self.expression()
        speaks_of_subject = any(
            isinstance(part, syntax.Name) and part.name == syntax.SUBJECT
            for part, _ in syntax.walk(node)
        )
        return syntax.Holds(node.column, node) if speaks_of_subject else node
