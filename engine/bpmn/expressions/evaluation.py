"""Turns syntax trees into closures that evaluate, one for each surface.

Nothing is ever executed as Python: members are keys of mappings, never attributes,
and calls reach registered functions only. A closure takes an `Evaluation`.
"""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from engine.bpmn.expressions import feel
from engine.bpmn.expressions import operators
from engine.bpmn.expressions import syntax
from engine.bpmn.expressions.syntax import ExpressionError

MAX_OPERATIONS = 10_000

Functions = Mapping[str, Callable[..., object]]


class UndefinedVariable(ExpressionError):
    """A variable of a JUEL expression has no value; `name` says which."""

    def __init__(self, source: str, column: int, name: str) -> None:
        self.name = name
        super().__init__(source, column, f"变量“{name}”没有定义")


class Evaluation:
    """What one evaluation reads, and what it may still spend."""

    __slots__ = ("functions", "left", "variables")

    def __init__(
        self, variables: Mapping[str, object], functions: Functions, left: int
    ) -> None:
        self.variables, self.functions, self.left = variables, functions, left

    def spend(self, operations: int) -> None:
        """Charge operations; raise Unfit when the account is overdrawn."""
        self.left -= operations
        if self.left < 0:
            raise operators.Unfit(f"计算量超过 {MAX_OPERATIONS} 次操作")


Closure = Callable[[Evaluation], Any]
Judge = Callable[[Evaluation, Any], Any]


class Compiler:
    """Turns a tree into closures; the surfaces differ in what subclasses say."""

    operators: Mapping[str, operators.Operator]
    own_functions: Mapping[str, Callable[..., Any]] = {}

    def __init__(self, source: str) -> None:
        self.source = source

    def compile(self, node: syntax.Node) -> Closure:
        """Return the closure of a node."""
        compiler = getattr(self, f"_{type(node).__name__.lower()}")
        closure: Closure = compiler(node)
        return closure

    def compile_all(self, nodes: tuple[syntax.Node, ...]) -> list[Closure]:
        """Return the closures of several nodes."""
        return [self.compile(node) for node in nodes]

    def error(self, node: syntax.Node, reason: object) -> ExpressionError:
        """Return the error at this node."""
        return ExpressionError(self.source, node.column, str(reason))

    def _literal(self, node: syntax.Literal) -> Closure:
        value = node.value
        return lambda run: value

    def _binary(self, node: syntax.Binary) -> Closure:
        apply = self.operators[node.operator]
        left, right = self.compile(node.left), self.compile(node.right)

        def binary(run: Evaluation) -> Any:
            first, second = left(run), right(run)
            try:
                return apply(first, second, run.spend)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return binary

    def _choice(self, node: syntax.Choice) -> Closure:
        condition = self.condition(node.condition)
        consequence = self.compile(node.consequence)
        alternative = self.compile(node.alternative)
        return lambda run: consequence(run) if condition(run) else alternative(run)

    def condition(self, node: syntax.Node) -> Callable[[Evaluation], bool | None]:
        """Compile an operand that is asked for true or false."""
        raise NotImplementedError

    def _call(self, node: syntax.Call) -> Closure:
        name, arguments = node.function, self.compile_all(node.arguments)

        def call(run: Evaluation) -> Any:
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

    def _join(self, node: syntax.Join) -> Closure:
        parts = self.compile_all(node.parts)

        def join(run: Evaluation) -> str:
            values = [part(run) for part in parts]
            try:
                joined = "".join([operators.text(value, run.spend) for value in values])
                return str(operators.bounded(joined))
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return join


class Juel(Compiler):
    """Compiles JUEL: unknown is an error, null is false."""

    operators = operators.JUEL

    def condition(self, node: syntax.Node) -> Callable[[Evaluation], bool]:
        """Coerce to true or false, as EL does."""
        operand = self.compile(node)

        def condition(run: Evaluation) -> bool:
            value = operand(run)
            if value is True or value is False:
                return bool(value)
            try:
                return operators.juel_true(value)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return condition

    def _name(self, node: syntax.Name) -> Closure:
        name = node.name

        def variable(run: Evaluation) -> Any:
            try:
                return run.variables[name]
            except KeyError:
                raise UndefinedVariable(self.source, node.column, name) from None

        return variable

    def _member(self, node: syntax.Member) -> Closure:
        target, key = self.compile(node.target), node.key

        def member(run: Evaluation) -> Any:
            owner = target(run)
            if isinstance(owner, Mapping):
                return owner.get(key)
            if owner is None:
                return None
            raise self.error(node, f"{operators.kind(owner)}没有成员“{key}”")

        return member

    def _index(self, node: syntax.Index) -> Closure:
        target, index = self.compile(node.target), self.compile(node.index)

        def at(run: Evaluation) -> Any:
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

    def _unary(self, node: syntax.Unary) -> Closure:
        if node.operator == "not":
            condition = self.condition(node.operand)
            return lambda run: not condition(run)
        operand = self.compile(node.operand)
        if node.operator == "empty":

            def empty(run: Evaluation) -> bool:
                try:
                    return operators.empty(operand(run))
                except UndefinedVariable:
                    return True

            return empty

        def negative(run: Evaluation) -> Any:
            value = operand(run)
            try:
                return operators.negate(value)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return negative

    def _logic(self, node: syntax.Logic) -> Closure:
        conditions = [self.condition(operand) for operand in node.operands]
        decisive = node.operator == "or"

        def logic(run: Evaluation) -> bool:
            for condition in conditions:
                if condition(run) is decisive:
                    return decisive
            return not decisive

        return logic


class Feel(Compiler):
    """Compiles FEEL: unknown is null, logic has three values."""

    operators = operators.FEEL
    own_functions = feel.FUNCTIONS

    def condition(self, node: syntax.Node) -> Callable[[Evaluation], bool | None]:
        """Take what is no boolean for unknown."""
        operand = self.compile(node)

        def condition(run: Evaluation) -> bool | None:
            value = operand(run)
            return value if value is True or value is False else None

        return condition

    def _name(self, node: syntax.Name) -> Closure:
        name = node.name

        def variable(run: Evaluation) -> Any:
            try:
                return run.variables[name]
            except KeyError:
                return None

        return variable

    def _member(self, node: syntax.Member) -> Closure:
        target, key = self.compile(node.target), node.key

        def member(run: Evaluation) -> Any:
            owner = target(run)
            return owner.get(key) if isinstance(owner, Mapping) else None

        return member

    def _index(self, node: syntax.Index) -> Closure:
        target, index = self.compile(node.target), self.compile(node.index)

        def at(run: Evaluation) -> Any:
            owner, place = target(run), index(run)
            if not isinstance(owner, list | tuple) or not operators.is_number(place):
                return None
            # FEEL counts from 1, and from -1 at the end (DMN 1.3 §10.3.2.5).
            if place == 0 or place % 1 != 0 or abs(place) > len(owner):
                return None
            return owner[int(place) - 1 if place > 0 else int(place)]

        return at

    def _unary(self, node: syntax.Unary) -> Closure:
        if node.operator == "not":
            condition = self.condition(node.operand)

            def negation(run: Evaluation) -> bool | None:
                value = condition(run)
                return None if value is None else not value

            return negation
        operand = self.compile(node.operand)

        def negative(run: Evaluation) -> Any:
            value = operand(run)
            try:
                return operators.feel_negate(value)
            except operators.Unfit as refusal:
                raise self.error(node, refusal) from None

        return negative

    def _logic(self, node: syntax.Logic) -> Closure:
        conditions = [self.condition(operand) for operand in node.operands]
        decisive = node.operator == "or"

        def logic(run: Evaluation) -> bool | None:
            certain = True
            for condition in conditions:
                value = condition(run)
                if value is decisive:
                    return decisive
                certain = certain and value is not None
            return not decisive if certain else None

        return logic

    def _listing(self, node: syntax.Listing) -> Closure:
        items = self.compile_all(node.items)
        return lambda run: [item(run) for item in items]

    def _call(self, node: syntax.Call) -> Closure:
        function = self.own_functions.get(node.function)
        if function is None:
            return super()._call(node)
        arguments = self.compile_all(node.arguments)

        def call(run: Evaluation) -> Any:
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

    def _membership(self, node: syntax.Membership) -> Closure:
        subject = self.compile(node.subject)
        judges = [self._judge(test) for test in node.tests]

        def membership(run: Evaluation) -> bool | None:
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

    def _judge(self, test: syntax.Node) -> Judge:
        if isinstance(test, syntax.Holds):
            holds = self.compile(test.condition)
            return lambda run, value: holds(run)
        if isinstance(test, syntax.Relation):
            apply, operand = self.operators[test.operator], self.compile(test.operand)
            return lambda run, value: apply(value, operand(run), run.spend)
        if isinstance(test, syntax.Range):
            return self._judge_range(test)
        expected = self.compile(test)

        def judge(run: Evaluation, value: Any) -> bool:
            wanted = expected(run)
            if isinstance(wanted, list | tuple) and not isinstance(value, list | tuple):
                return feel.list_contains(run.spend, wanted, value)
            return operators.same(value, wanted, run.spend)

        return judge

    def _judge_range(self, test: syntax.Range) -> Judge:
        low, high = self.compile(test.low), self.compile(test.high)
        above = self.operators[">" if test.low_open else ">="]
        below = self.operators["<" if test.high_open else "<="]

        def judge(run: Evaluation, value: Any) -> bool | None:
            verdicts = (
                above(value, low(run), run.spend),
                below(value, high(run), run.spend),
            )
            if False in verdicts:
                return False
            return None if None in verdicts else True

        return judge

    def _range(self, node: syntax.Range) -> Closure:
        raise self.error(node, "区间只能写在 in 之后或决策表的输入单元格里")
