"""The one evaluator behind conditions, timers, decisions, forms and titles.

Nothing in an expression is ever executed as Python: the tree of `grammar` becomes
closures over `operators`; members are keys of mappings, never attributes; calls
reach registered functions only. Every failure is an `ExpressionError`.

A condition costs about a microsecond. Each text is read once and kept. Walking
through lists counts against 10 000 operations for one evaluation, so that long
lists cannot be searched hundreds of times by one short expression.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from engine.bpmn import grammar, operators
from engine.bpmn.grammar import ExpressionError

__all__ = [
    "Expression", "ExpressionError", "Functions", "UndefinedVariable", "compile_feel",
    "compile_juel", "compile_unary_tests", "is_expression", "truth",
]  # fmt: skip

MAX_OPERATIONS = 10_000
KEPT_EXPRESSIONS = 4_096

Functions = Mapping[str, Callable[..., object]]


class UndefinedVariable(ExpressionError):
    """A variable of a JUEL expression has no value; `name` says which."""

    def __init__(self, source: str, column: int, name: str) -> None:
        self.name = name
        super().__init__(source, column, f"变量“{name}”没有定义")


class _Evaluation:
    """What one evaluation reads, and what it may still spend."""

    __slots__ = ("functions", "left", "variables")

    def __init__(
        self, variables: Mapping[str, object], functions: Functions, left: int
    ) -> None:
        self.variables, self.functions, self.left = variables, functions, left

    def spend(self, operations: int) -> None:
        self.left -= operations
        if self.left < 0:
            raise operators.Unfit(f"计算量超过 {MAX_OPERATIONS} 次操作")


_Closure = Callable[[_Evaluation], Any]
_Judge = Callable[[_Evaluation, Any], Any]


@dataclass(frozen=True, slots=True)
class Expression:
    """A text that was read once and can be evaluated any number of times.

    `names` are the variables it reads (of `a.b` only `a`), `functions` the
    registered functions it calls; FEEL's own functions are not among them.
    """

    source: str
    names: frozenset[str]
    functions: frozenset[str]
    _size: int = field(repr=False)
    _closure: _Closure = field(repr=False)

    def evaluate(
        self, variables: Mapping[str, object], functions: Functions = {}
    ) -> object:
        """Return the value; raise ExpressionError and nothing else of our own.

        An undefined variable raises UndefinedVariable in JUEL and is null in FEEL.
        """
        left = MAX_OPERATIONS - self._size
        return self._closure(_Evaluation(variables, functions, left))

    def holds(
        self, variables: Mapping[str, object], functions: Functions = {}
    ) -> bool:
        """Return the value of a condition, which must be a boolean."""
        return truth(self.evaluate(variables, functions), self.source)


def truth(value: object, source: str = "") -> bool:
    """Return the boolean; anything else, null too, is an ExpressionError."""
    if value is True or value is False:
        return value
    raise ExpressionError(
        source, 0, f"条件的结果应为“是”或“否”，却是{operators.kind(value)}"
    )


def is_expression(text: str) -> bool:
    """Say whether the text holds `${` or `#{`."""
    return "${" in text or "#{" in text


@lru_cache(maxsize=KEPT_EXPRESSIONS)
def compile_juel(text: str) -> Expression:
    """Return the expression in a diagram's attribute: `${…}`, `#{…}` or text with them.

    Text without any evaluates to itself.
    """
    return _compiled(text, grammar.parse_juel(text), _Juel(text))


@lru_cache(maxsize=KEPT_EXPRESSIONS)
def compile_feel(text: str) -> Expression:
    """Return a FEEL expression, with or without form-js's leading `=`."""
    return _compiled(text, grammar.parse_feel(text), _Feel(text))


@lru_cache(maxsize=KEPT_EXPRESSIONS)
def compile_unary_tests(text: str) -> Expression:
    """Return the tests of a DMN input cell; the variable `?` is the value judged.

    Only true means that the cell matches; null is no match.
    """
    return _compiled(text, grammar.parse_unary_tests(text), _Feel(text))


def _compiled(text: str, tree: grammar.Node, compiler: "_Compiler") -> Expression:
    nodes = [node for node, _ in grammar.walk(tree)]
    names = {node.name for node in nodes if isinstance(node, grammar.Name)}
    called = {node.function for node in nodes if isinstance(node, grammar.Call)}
    return Expression(
        source=text,
        names=frozenset(names - {grammar.SUBJECT}),
        functions=frozenset(called - compiler.own_functions.keys()),
        _size=len(nodes),
        _closure=compiler.compile(tree),
    )


class _Compiler:
    """Turns a tree into closures; the surfaces differ in what subclasses say."""

    operators: Mapping[str, operators.Operator]
    own_functions: Mapping[str, Callable[..., Any]] = {}

    def __init__(self, source: str) -> None:
        self.source = source

    def compile(self, node: grammar.Node) -> _Closure:
        compiler = getattr(self, f"_{type(node).__name__.lower()}")
        closure: _Closure = compiler(node)
        return closure

    def compile_all(self, nodes: tuple[grammar.Node, ...]) -> list[_Closure]:
        return [self.compile(node) for node in nodes]

    def error(self, node: grammar.Node, reason: object) -> ExpressionError:
        return ExpressionError(self.source, node.column, str(reason))

    def _literal(self, node: grammar.Literal) -> _Closure:
        value = node.value
        return lambda run: value

    def _binary(self, node: grammar.Binary) -> _Closure:
        apply = self.operators[node.operator]
        left, right = self.compile(node.left), self.compile(node.right)

        def binary(run: _Evaluation) -> Any:
            first, second = left(run), right(run)
            try:
                return apply(first, second, run.spend)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return binary

    def _choice(self, node: grammar.Choice) -> _Closure:
        condition = self.condition(node.condition)
        consequence = self.compile(node.consequence)
        alternative = self.compile(node.alternative)
        return lambda run: consequence(run) if condition(run) else alternative(run)

    def condition(self, node: grammar.Node) -> Callable[[_Evaluation], bool | None]:
        """Compile an operand that is asked for true or false."""
        raise NotImplementedError

    def _call(self, node: grammar.Call) -> _Closure:
        name, arguments = node.function, self.compile_all(node.arguments)

        def call(run: _Evaluation) -> Any:
            function = run.functions.get(name)
            if function is None:
                raise self.error(node, f"没有登记过函数“{name}”")
            values = [argument(run) for argument in arguments]
            try:
                return function(*values)
            except Exception as error:  # whatever a registered function may raise
                reason = f"函数“{name}”不能这样使用：{error}"
                raise self.error(node, reason) from error

        return call

    def _join(self, node: grammar.Join) -> _Closure:
        parts = self.compile_all(node.parts)

        def join(run: _Evaluation) -> str:
            values = [part(run) for part in parts]
            try:
                joined = "".join([operators.text(value, run.spend) for value in values])
                return str(operators.bounded(joined))
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return join


class _Juel(_Compiler):
    operators = operators.JUEL

    def condition(self, node: grammar.Node) -> Callable[[_Evaluation], bool]:
        operand = self.compile(node)

        def condition(run: _Evaluation) -> bool:
            value = operand(run)
            if value is True or value is False:
                return bool(value)
            try:
                return operators.juel_true(value)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return condition

    def _name(self, node: grammar.Name) -> _Closure:
        name = node.name

        def variable(run: _Evaluation) -> Any:
            try:
                return run.variables[name]
            except KeyError:
                raise UndefinedVariable(self.source, node.column, name) from None

        return variable

    def _member(self, node: grammar.Member) -> _Closure:
        target, key = self.compile(node.target), node.key

        def member(run: _Evaluation) -> Any:
            owner = target(run)
            if isinstance(owner, Mapping):
                return owner.get(key)
            if owner is None:
                return None
            raise self.error(node, f"{operators.kind(owner)}没有成员“{key}”")

        return member

    def _index(self, node: grammar.Index) -> _Closure:
        target, index = self.compile(node.target), self.compile(node.index)

        def at(run: _Evaluation) -> Any:
            owner, place = target(run), index(run)
            if owner is None or place is None:
                return None
            if isinstance(owner, Mapping) and isinstance(place, str):
                return owner.get(place)
            if not isinstance(owner, list | tuple):
                raise self.error(node, f"{operators.kind(owner)}不能这样取值")
            try:
                position = operators.number(place)
            except operators.Unfit:
                position = -1
            if position not in range(len(owner)):
                reason = f"列表有 {len(owner)} 项，没有下标 {str(place)[:20]}"
                raise self.error(node, reason)
            return owner[int(position)]

        return at

    def _unary(self, node: grammar.Unary) -> _Closure:
        if node.operator == "not":
            condition = self.condition(node.operand)
            return lambda run: not condition(run)
        operand = self.compile(node.operand)
        if node.operator == "empty":

            def empty(run: _Evaluation) -> bool:
                try:
                    return operators.empty(operand(run))
                except UndefinedVariable:
                    return True

            return empty

        def negative(run: _Evaluation) -> Any:
            value = operand(run)
            try:
                return operators.negate(value)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return negative

    def _logic(self, node: grammar.Logic) -> _Closure:
        conditions = [self.condition(operand) for operand in node.operands]
        decisive = node.operator == "or"

        def logic(run: _Evaluation) -> bool:
            for condition in conditions:
                if condition(run) is decisive:
                    return decisive
            return not decisive

        return logic


class _Feel(_Compiler):
    operators = operators.FEEL

    def condition(self, node: grammar.Node) -> Callable[[_Evaluation], bool | None]:
        operand = self.compile(node)

        def condition(run: _Evaluation) -> bool | None:
            value = operand(run)
            return value if value is True or value is False else None

        return condition

    def _name(self, node: grammar.Name) -> _Closure:
        name = node.name

        def variable(run: _Evaluation) -> Any:
            try:
                return run.variables[name]
            except KeyError:
                return None

        return variable

    def _member(self, node: grammar.Member) -> _Closure:
        target, key = self.compile(node.target), node.key

        def member(run: _Evaluation) -> Any:
            owner = target(run)
            return owner.get(key) if isinstance(owner, Mapping) else None

        return member

    def _index(self, node: grammar.Index) -> _Closure:
        target, index = self.compile(node.target), self.compile(node.index)

        def at(run: _Evaluation) -> Any:
            owner, place = target(run), index(run)
            if not isinstance(owner, list | tuple) or not operators.is_number(place):
                return None
            # FEEL counts from 1, and from -1 at the end (DMN 1.3 §10.3.2.5).
            if place == 0 or place % 1 != 0 or abs(place) > len(owner):
                return None
            return owner[int(place) - 1 if place > 0 else int(place)]

        return at

    def _unary(self, node: grammar.Unary) -> _Closure:
        if node.operator == "not":
            condition = self.condition(node.operand)

            def negation(run: _Evaluation) -> bool | None:
                value = condition(run)
                return None if value is None else not value

            return negation
        operand = self.compile(node.operand)

        def negative(run: _Evaluation) -> Any:
            value = operand(run)
            try:
                return operators.feel_negate(value)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return negative

    def _logic(self, node: grammar.Logic) -> _Closure:
        conditions = [self.condition(operand) for operand in node.operands]
        decisive = node.operator == "or"

        def logic(run: _Evaluation) -> bool | None:
            certain = True
            for condition in conditions:
                value = condition(run)
                if value is decisive:
                    return decisive
                certain = certain and value is not None
            return not decisive if certain else None

        return logic

    def _listing(self, node: grammar.Listing) -> _Closure:
        items = self.compile_all(node.items)
        return lambda run: [item(run) for item in items]

    def _call(self, node: grammar.Call) -> _Closure:
        function = self.own_functions.get(node.function)
        if function is None:
            return super()._call(node)
        arguments = self.compile_all(node.arguments)

        def call(run: _Evaluation) -> Any:
            values = [argument(run) for argument in arguments]
            try:
                return function(run.spend, *values)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None
            except TypeError:
                reason = f"函数“{node.function}”不能用 {len(values)} 个参数"
                raise self.error(node, reason) from None

        return call

    # -- tests -----------------------------------------------------------------

    def _membership(self, node: grammar.Membership) -> _Closure:
        subject = self.compile(node.subject)
        judges = [self._judge(test) for test in node.tests]

        def membership(run: _Evaluation) -> bool | None:
            value, certain = subject(run), True
            try:
                for judge in judges:
                    verdict = judge(run, value)
                    if verdict is True:
                        return True
                    certain = certain and verdict is False
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None
            return False if certain else None

        return membership

    def _judge(self, test: grammar.Node) -> _Judge:
        if isinstance(test, grammar.Holds):
            holds = self.compile(test.condition)
            return lambda run, value: holds(run)
        if isinstance(test, grammar.Relation):
            apply, operand = self.operators[test.operator], self.compile(test.operand)
            return lambda run, value: apply(value, operand(run), run.spend)
        if isinstance(test, grammar.Range):
            return self._judge_range(test)
        expected = self.compile(test)

        def judge(run: _Evaluation, value: Any) -> bool:
            wanted = expected(run)
            if isinstance(wanted, list | tuple) and not isinstance(value, list | tuple):
                return feel_list_contains(run.spend, wanted, value)
            return operators.same(value, wanted, run.spend)

        return judge

    def _judge_range(self, test: grammar.Range) -> _Judge:
        low, high = self.compile(test.low), self.compile(test.high)
        above = self.operators[">" if test.low_open else ">="]
        below = self.operators["<" if test.high_open else "<="]

        def judge(run: _Evaluation, value: Any) -> bool | None:
            verdicts = (
                above(value, low(run), run.spend),
                below(value, high(run), run.spend),
            )
            if False in verdicts:
                return False
            return None if None in verdicts else True

        return judge

    def _range(self, node: grammar.Range) -> _Closure:
        raise self.error(node, "区间只能写在 in 之后或决策表的输入单元格里")


# -- FEEL's own functions (DMN 1.3 §10.3.4) ------------------------------------


def feel_list_contains(spend: operators.Spend, items: Any, item: Any) -> bool:
    """Say whether the list has an equal item."""
    if not isinstance(items, list | tuple):
        raise operators.Unfit(f"{operators.kind(items)}不是列表")
    spend(len(items))
    return any(operators.same(one, item, spend) for one in items)


def feel_count(spend: operators.Spend, items: Any) -> int:
    """Return the number of items of a list."""
    if not isinstance(items, list | tuple):
        raise operators.Unfit(f"{operators.kind(items)}不是列表")
    return len(items)


def _items(spend: operators.Spend, arguments: tuple[Any, ...]) -> list[Any]:
    first = arguments[0] if len(arguments) == 1 else arguments
    items = list(first) if isinstance(first, list | tuple) else [first]
    spend(len(items))
    return items


def feel_sum(spend: operators.Spend, *arguments: Any) -> Any:
    """Add the numbers of a list or of the arguments; null for none."""
    items = _items(spend, arguments)
    total = items[0] if items else None
    for item in items[1:]:
        total = operators.FEEL["+"](total, item, spend)
    if total is not None and not operators.is_number(total):
        raise operators.Unfit(f"sum 只能用于数字，却有{operators.kind(total)}")
    return total


def _extreme(sign: str) -> Callable[..., Any]:
    before = operators.FEEL[sign]

    def extreme(spend: operators.Spend, *arguments: Any) -> Any:
        items = _items(spend, arguments)
        best = items[0] if items else None
        for item in items[1:]:
            verdict = before(item, best, spend)
            if verdict is None:
                return None
            best = item if verdict else best
        return best

    return extreme


def feel_date(spend: operators.Spend, value: Any) -> datetime.date | None:
    """Return the date that a text writes or a moment falls on, as in China."""
    found = operators.moment(value)
    if value is not None and found is None:
        raise operators.Unfit('date() 需要日期，例如 date("2026-01-01")')
    return found if found is None else operators.day(found)


def _on_texts(apply: Callable[..., Any]) -> Callable[..., Any]:
    def function(spend: operators.Spend, *texts: Any) -> Any:
        if any(not isinstance(text, str) for text in texts):
            return None
        return apply(*texts)

    return function


_Feel.own_functions = {
    "contains": _on_texts(lambda text, part: part in text),
    "starts with": _on_texts(lambda text, part: text.startswith(part)),
    "ends with": _on_texts(lambda text, part: text.endswith(part)),
    "string length": _on_texts(lambda text: len(text)),
    "list contains": feel_list_contains,
    "count": feel_count,
    "sum": feel_sum,
    "min": _extreme("<"),
    "max": _extreme(">"),
    "date": feel_date,
}
