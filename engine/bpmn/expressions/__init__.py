"""The one evaluator behind conditions, timers, decisions, forms and titles.

Nothing in an expression is ever executed as Python: the tree of `grammar` becomes
closures over `operators`; members are keys of mappings, never attributes; calls
reach registered functions only. Every failure is an `ExpressionError`.

A condition costs about a microsecond. Each text is read once and kept. Walking
through lists counts against 10 000 operations for one evaluation, so that long
lists cannot be searched hundreds of times by one short expression.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from types import MappingProxyType

from engine.bpmn.expressions import evaluation
from engine.bpmn.expressions import grammar
from engine.bpmn.expressions import operators
from engine.bpmn.expressions import syntax
from engine.bpmn.expressions.evaluation import Functions
from engine.bpmn.expressions.evaluation import UndefinedVariable
from engine.bpmn.expressions.syntax import ExpressionError

__all__ = [
    "Expression", "ExpressionError", "Functions", "UndefinedVariable", "compile_feel",
    "compile_juel", "compile_unary_tests", "is_expression", "truth",
]  # fmt: skip

KEPT_EXPRESSIONS = 4_096
NO_FUNCTIONS: Functions = MappingProxyType({})


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
    _closure: evaluation.Closure = field(repr=False)

    def evaluate(
        self, variables: Mapping[str, object], functions: Functions = NO_FUNCTIONS
    ) -> object:
        """Return the value; raise ExpressionError and nothing else of our own.

        An undefined variable raises UndefinedVariable in JUEL and is null in FEEL.
        """
        left = evaluation.MAX_OPERATIONS - self._size
        return self._closure(evaluation.Evaluation(variables, functions, left))

    def holds(
        self, variables: Mapping[str, object], functions: Functions = NO_FUNCTIONS
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
    return _compiled(text, grammar.parse_juel(text), evaluation.Juel(text))


@lru_cache(maxsize=KEPT_EXPRESSIONS)
def compile_feel(text: str) -> Expression:
    """Return a FEEL expression, with or without form-js's leading `=`."""
    return _compiled(text, grammar.parse_feel(text), evaluation.Feel(text))


@lru_cache(maxsize=KEPT_EXPRESSIONS)
def compile_unary_tests(text: str) -> Expression:
    """Return the tests of a DMN input cell; the variable `?` is the value judged.

    Only true means that the cell matches; null is no match.
    """
    return _compiled(text, grammar.parse_unary_tests(text), evaluation.Feel(text))


def _compiled(
    text: str, tree: syntax.Node, compiler: evaluation.Compiler
) -> Expression:
    nodes = [node for node, _ in syntax.walk(tree)]
    names = {node.name for node in nodes if isinstance(node, syntax.Name)}
    called = {node.function for node in nodes if isinstance(node, syntax.Call)}
    return Expression(
        source=text,
        names=frozenset(names - {syntax.SUBJECT}),
        functions=frozenset(called - compiler.own_functions.keys()),
        _size=len(nodes),
        _closure=compiler.compile(tree),
    )
