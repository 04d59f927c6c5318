"""Decision tables and how they decide: hit policies, types, required decisions.

Tables are read by `decisions`; all their cells are evaluated by `expressions`.
"""

import datetime
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass

from engine.bpmn import expressions
from engine.bpmn.expressions import Expression
from engine.bpmn.expressions import ExpressionError
from engine.bpmn.expressions import feel
from engine.bpmn.expressions import operators
from engine.errors import DuchaError

_MANY = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})
NUMBER_TYPES = frozenset({"integer", "long", "double", "number"})
TYPES = NUMBER_TYPES | {"", "string", "boolean", "date", "dateTime", "Any"}


class DecisionError(DuchaError):
    """A decision file is refused, or a decision cannot be made.

    `problems` holds one Chinese sentence for each fault, with table, rule and cell.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("；".join(problems))


@dataclass(frozen=True, slots=True)
class Input:
    """An input column: what is judged, and as which type."""

    label: str
    expression: Expression
    type: str


@dataclass(frozen=True, slots=True)
class Output:
    """An output column; `priorities` are its allowed values, best first."""

    name: str
    label: str
    type: str
    priorities: tuple[object, ...]
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a table; an output cell left empty gives null."""

    label: str
    tests: tuple[Expression, ...]
    results: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision table and the decisions it rests on."""

    id: str
    name: str
    policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    required: tuple["Decision", ...] = ()

    def decide(
        self,
        variables: Mapping[str, object],
        functions: expressions.Functions = expressions.NO_FUNCTIONS,
    ) -> list[dict[str, object]]:
        """Return one mapping of output name to value for each result.

        UNIQUE, FIRST, ANY and PRIORITY give at most one, RULE ORDER, OUTPUT ORDER
        and COLLECT as many as match; COLLECT with an aggregation gives one. When no
        rule matches the defaults of the outputs make the result, else it is empty
        (a COUNT is 0). Dates come as ISO 8601 texts.

        A required decision's outputs are variables here, under their names; they
        are lists where its policy gives many results.
        """
        return self._decide(dict(variables), functions, {})

    def _decide(
        self,
        variables: dict[str, object],
        functions: expressions.Functions,
        known: dict[str, list[dict[str, object]]],
    ) -> list[dict[str, object]]:
        if self.id in known:
            return known[self.id]
        own = dict(variables)
        for decision in self.required:
            own.update(decision.as_variables(
                decision._decide(variables, functions, known)
            ))  # fmt: skip
        known[self.id] = self._result(own, functions)
        return known[self.id]

    def as_variables(self, results: list[dict[str, object]]) -> dict[str, object]:
        """Return the results as a decision that requires this one reads them."""
        many = self.policy in _MANY and not self.aggregation
        values: dict[str, object] = {}
        for output in self.outputs:
            column = [result[output.name] for result in results]
            values[output.name] = column if many else (column or [None])[0]
        return values

    def _result(
        self, variables: dict[str, object], functions: expressions.Functions
    ) -> list[dict[str, object]]:
        subjects = [self._subject(entry, variables, functions) for entry in self.inputs]
        judged = [variables | {"?": subject} for subject in subjects]
        matched = [
            rule for rule in self.rules if self._matches(rule, judged, functions)
        ]
        results = [self._outputs_of(rule, variables, functions) for rule in matched]
        if self.aggregation == "COUNT":
            return [{self.outputs[0].name: len(results)}]
        if not results:
            return self._defaults(variables, functions)
        match self.policy:
            case "UNIQUE" if len(matched) > 1:
                raise self._conflict("只允许一条规则符合", matched)
            case "ANY" if any(not _same(one, results[0]) for one in results):
                raise self._conflict("符合的规则结果应当相同", matched)
            case "PRIORITY":
                return [min(results, key=self._rank)]
            case "OUTPUT ORDER":
                return sorted(results, key=self._rank)
            case "COLLECT" if self.aggregation:
                return [self._aggregate(results)]
            case "COLLECT" | "RULE ORDER":
                return results
        return results[:1]

    def _subject(
        self,
        entry: Input,
        variables: dict[str, object],
        functions: expressions.Functions,
    ) -> object:
        place = f"决策表“{self.name}”的输入“{entry.label}”"
        try:
            value = entry.expression.evaluate(variables, functions)
        except ExpressionError as error:
            raise DecisionError(f"{place}：{error}") from error
        if value is None:
            return None
        if isinstance(value, str) and entry.type in NUMBER_TYPES:
            try:
                return operators.number(value)
            except operators.Unfit:
                raise DecisionError(f"{place}应为数字，却是“{value[:40]}”") from None
        if isinstance(value, str) and entry.type == "boolean":
            if value.lower() not in ("true", "false"):
                raise DecisionError(f"{place}应为 true 或 false，却是“{value[:40]}”")
            return value.lower() == "true"
        return value

    def _matches(
        self,
        rule: Rule,
        judged: list[dict[str, object]],
        functions: expressions.Functions,
    ) -> bool:
        for entry, test, known in zip(self.inputs, rule.tests, judged, strict=True):
            place = f"{self._place(rule)}的输入“{entry.label}”"
            if self._evaluate(test, known, functions, place) is not True:
                return False
        return True

    def _outputs_of(
        self,
        rule: Rule,
        variables: dict[str, object],
        functions: expressions.Functions,
    ) -> dict[str, object]:
        result: dict[str, object] = {}
        for output, cell in zip(self.outputs, rule.results, strict=True):
            place = f"{self._place(rule)}的输出“{output.label}”"
            value = self._evaluate(cell, variables, functions, place) if cell else None
            result[output.name] = _typed(value, output.type, place)
        return result

    def _evaluate(
        self,
        cell: Expression,
        variables: dict[str, object],
        functions: expressions.Functions,
        place: str,
    ) -> object:
        # In a cell an unknown name is nearly always a text without its quotes;
        # FEEL's null would let the rule silently never match.
        for name in sorted(cell.names - variables.keys()):
            raise DecisionError(
                f'{place}：变量“{name}”没有定义；文字要写在双引号里，如 "{name}"'
            )
        try:
            return cell.evaluate(variables, functions)
        except ExpressionError as error:
            raise DecisionError(f"{place}：{error}") from error

    def _defaults(
        self, variables: dict[str, object], functions: expressions.Functions
    ) -> list[dict[str, object]]:
        if not any(output.default for output in self.outputs):
            return []
        place = f"决策表“{self.name}”的默认输出"
        return [
            {
                output.name: _typed(
                    self._evaluate(output.default, variables, functions, place)
                    if output.default
                    else None,
                    output.type,
                    place,
                )
                for output in self.outputs
            }
        ]

    def _rank(self, result: dict[str, object]) -> tuple[int, ...]:
        ranks = []
        for output in self.outputs:
            if output.priorities:
                value = result[output.name]
                ranks.append(_position(value, output.priorities))
                if ranks[-1] < 0:
                    raise DecisionError(
                        f"决策表“{self.name}”的输出“{output.label}”："
                        f"结果 {value!r} 不在允许值之中，无法排序"
                    )
        return tuple(ranks)

    def _aggregate(self, results: list[dict[str, object]]) -> dict[str, object]:
        output = self.outputs[0]
        numbers = [result[output.name] for result in results]
        place = f"决策表“{self.name}”的输出“{output.label}”"
        if not all(operators.is_number(value) for value in numbers):
            raise DecisionError(f"{place}：汇总需要数字")
        try:
            return {output.name: _AGGREGATE[self.aggregation](numbers)}
        except operators.Unfit as refusal:
            raise DecisionError(f"{place}：{refusal}") from None

    def _conflict(self, reason: str, rules: list[Rule]) -> DecisionError:
        named = "、".join(rule.label for rule in rules[:10])
        return DecisionError(f"决策表“{self.name}”{reason}，却有：{named}")

    def _place(self, rule: Rule) -> str:
        return f"决策表“{self.name}”{rule.label}"


def _free(operations: int) -> None:
    """Spend nothing: a table's size is bounded when it is read."""


_AGGREGATE: dict[str, Callable[[list[object]], object]] = {
    "SUM": lambda numbers: feel.total(_free, numbers),
    "MIN": lambda numbers: min(numbers),  # type: ignore[type-var]
    "MAX": lambda numbers: max(numbers),  # type: ignore[type-var]
}


def _same(left: object, right: object) -> bool:
    return operators.same(left, right, _free)


def _position(value: object, values: tuple[object, ...]) -> int:
    return next((at for at, one in enumerate(values) if _same(one, value)), -1)


def _typed(value: object, type_name: str, place: str) -> object:
    if isinstance(value, datetime.date):
        value = value.isoformat()
    if value is None or type_name in ("", "Any"):
        return value
    if type_name in ("integer", "long"):
        right = operators.is_number(value) and value % 1 == 0  # type: ignore[operator]
        value = int(value) if right else value  # type: ignore[call-overload]
    elif type_name in NUMBER_TYPES:
        right = operators.is_number(value)
    elif type_name == "boolean":
        right = isinstance(value, bool)
    elif type_name == "string":
        right = isinstance(value, str)
    else:
        right = operators.moment(value) is not None
    if not right:
        raise DecisionError(f"{place}应为 {type_name}，却是{operators.kind(value)}")
    return value
