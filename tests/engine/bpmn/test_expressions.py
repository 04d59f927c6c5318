"""Expressions: what they mean, what they refuse, and that they stay bounded."""

import datetime
import time
from collections import ChainMap
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from engine.bpmn import expressions
from engine.bpmn.expressions import ExpressionError

VARIABLES = {
    "approved": True, "a": True, "b": True, "x": False, "list": [], "amount": 2000,
    "type": "急", "统计": {"件数": 3}, "title": "防汛", "count": "5", "nothing": None,
    "units": ["公安局", "财政局"], "due": "2026-01-01T00:00:00Z", "ratio": 0.1,
}  # fmt: skip


def juel(text, functions=None, **more):
    return expressions.compile_juel(text).evaluate(VARIABLES | more, functions or {})


def feel(text, functions=None, **more):
    return expressions.compile_feel(text).evaluate(VARIABLES | more, functions or {})


def cell(text, value, **more):
    return expressions.compile_unary_tests(text).evaluate({"?": value} | more, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${approved == true}", True), ("#{a && b}", True), ("${!x}", True),
        ("${empty list}", True), ("${empty unknown}", True),
        ("${not empty title}", True),
        ("${amount > 1000 and type eq '急'}", True), ("${统计.件数 >= 3}", True),
        ("${统计['件数'] + 1}", 4), ("${units[1]}", "财政局"), ("${统计.缺}", None),
        ("${nothing == null}", True), ("${nothing != null}", False),
        ("${nothing < 1}", False), ("${nothing.x}", None),
        ("${count == 5}", True), ("${5 != count}", False), ("${title == 5}", False),
        ("${count + 1}", 6), ("${title + 1}", "防汛1"), ("${'1' + '2'}", "12"),
        ("${1 + 2 * 3 - 4}", 3), ("${(1 + 2) * 3}", 9), ("${-2 - -3}", 1),
        ("${7 div 2}", 3.5), ("${4 / 2}", 2), ("${7 mod 4}", 3), ("${-7 % 3}", -1),
        ("${0.1 + 0.2 == 0.3}", True), ("${ratio * 3 == 0.3}", True),
        ("${x ? 1 : a ? 2 : 3}", 2), ("${!a || b && x}", False),
        ("${2 lt 3 and 3 le 3 and 4 gt 3 and 4 ge 4 and 1 ne 2}", True),
        ('${"it\'s" == \'it\\\'s\'}', True), ("${3}", 3), ("P1D", "P1D"), ("", ""),
        ("关于${title}的通知（${amount}件）", "关于防汛的通知（2000件）"),
        ("${units}办理", "公安局、财政局办理"), ("价 \\${x} ${nothing}", "价 ${x} "),
        ("${'}'}", "}"), ("${due == '2026-01-01T08:00:00+08:00'}", True),
        ("${due < '2026-01-01T08:00:01+08:00'}", True), ("${𠀀 == 1}", True),
    ],
)  # fmt: skip
def test_juel_means_what_camunda_diagrams_expect(text, expected):
    actual = juel(text, 𠀀=1)
    assert (expected, type(expected)) == (actual, type(actual))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount = 2000 and not(x)", True), ("unknown = null", True),
        ("unknown > 1", None), ("unknown + 1", None), ("unknown.a.b", None),
        ("a or unknown", True), ("x and unknown", False), ("a and unknown", None),
        ("amount in [1..2000]", True), ("amount in [1..2000)", False),
        ("amount in ]1..2000[", False), ("1 in (1..5]", False), ("5 in (1..5]", True),
        ("type in (\"急\", \"特急\")", True), ("5 in (< 3, [4..6])", True),
        ("type in [\"急\"]", True), ("amount between 1 and 3000 and a", True),
        ("if x then 1 else 2", 2), ("=统计.件数 * 2", 6), ("units[1]", "公安局"),
        ("units[-1]", "财政局"), ("units[9]", None), ("contains(title, \"汛\")", True),
        ("count([1, 2])", 2), ("sum([1, 2.5])", 3.5), ("sum(1, 2)", 3),
        ("min([3, 1])", 1), ("max(3, 1)", 3),
        ("list contains(units, \"财政局\")", True),
        ("string length(title)", 2), ("starts with(title, \"防\")", True),
        ("date(\"2026-01-01\") = due", True), ("\"a\" + \"b\"", "ab"),
        ("1 = true", False),
        ("-amount", -2000), ("[1, 2] = [1, 2.0]", True),
    ],
)  # fmt: skip
def test_feel_means_what_forms_and_tables_expect(text, expected):
    actual = feel(text)
    assert (expected, type(expected)) == (actual, type(actual))


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("-", 1, True), ("", None, True), ('"急","特急"', "急", True),
        ('not("急","特急")', "平", True), ("not(1)", 1, False), ("> 3", 5, True),
        ("> 3", None, None), ("[1..3]", 2, True), ("? > 1 and ? < 3", 2, True),
        ("null", None, True), ("true", False, False), ("< 3, > 5", 4, False),
        ('< date("2026-02-01")', "2026-01-01", True), ("limit", 3, True),
        ("allowed", 3, True),
    ],
)  # fmt: skip
def test_a_cell_judges_its_input(text, value, expected):
    assert expected is cell(text, value, limit=3, allowed=[1, 3])


def test_an_undefined_variable_is_named():
    with pytest.raises(expressions.UndefinedVariable) as caught:
        juel("${a and 缺失 == null}")
    assert ("缺失", 9) == (caught.value.name, caught.value.column)


def test_names_and_functions_of_an_expression_are_known():
    found = expressions.compile_juel("${before(due.日期, workdays(5)) && a.b[c]}")
    assert {"due", "a", "c"} == found.names
    assert {"before", "workdays"} == found.functions
    assert frozenset() == expressions.compile_feel("count(units)").functions


def test_only_registered_functions_are_called():
    functions = {"double": lambda value: value * 2}
    assert 8 == juel("${double(double(2))}", functions)
    with pytest.raises(ExpressionError, match="没有登记过函数“len”"):
        juel("${len(units)}", functions)
    with pytest.raises(ExpressionError, match="没有登记过函数“amount”"):
        juel("${amount(1)}")


def test_a_failing_function_is_an_expression_error_that_names_it():
    with pytest.raises(ExpressionError, match="函数“fail”") as caught:
        juel("${fail()}", {"fail": lambda: [].pop()})
    assert isinstance(caught.value.__cause__, IndexError)


def test_a_moment_of_a_function_compares_with_iso_text():
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert juel("${now() == due and now() <= '2026-01-01'}", {"now": lambda: moment})


def test_a_scope_chain_serves_as_variables():
    scopes = ChainMap({"inner": 1}, {"outer": 2})
    assert 3 == expressions.compile_juel("${inner + outer}").evaluate(scopes, {})


@pytest.mark.parametrize("value", [None, 1, 0, "true", [], {}])
def test_a_condition_must_give_a_boolean(value):
    with pytest.raises(ExpressionError, match="条件的结果应为"):
        expressions.truth(value)


def test_only_what_holds_an_expression_is_one():
    texts = ["${a}", "x#{a}", "P1D", "$a", "{a}"]
    found = [expressions.is_expression(text) for text in texts]
    assert [True, True, False, False, False] == found


def test_a_text_is_read_once():
    first = expressions.compile_juel("${amount > 7}")
    assert first is expressions.compile_juel("${amount > 7}")


ESCAPES_AND_BOMBS = [
    "__class__", "().__class__", "title.__class__", "title.__init__", "a.__dict__",
    "().__class__.__base__.__subclasses__()", "__import__('os')", "a.b.__globals__",
    "title['__class__']", "统计['__class__']", "__builtins__", "list.__len__()",
    "title.upper()", "title.format(a)", "list.append(1)", "统计.keys()",
    "统计.get('a')",
    "getattr(title, 'upper')", "eval('1')", "exec('1')", "open('/etc/passwd')",
    "globals()", "vars()", "dir()", "type(title)()", "object()",
    "compile('1','','eval')",
    "title.upper", "amount.real", "list.append", "amount.bit_length",
    "lambda: 1", "lambda x: x", "[y for y in list]", "(y for y in list)", "{1: 2}",
    "a := 1", "a = 1", "import os", "a; b", "`a`", "@a", "a if b else x",
    "title instanceof String", "T(java.lang.Runtime)", "new java.io.File('x')",
    "''.class.forName('java.lang.Runtime')", "execution.getVariable('a')",
    "'a' * 1000000000", "9**9**9", "9 ** 9", "9^9", "'%1000000000d' % 1", "'a' % 2",
    "1000000000000000000 * 1000000000000000000", "99999999999999999999", "9" * 1000,
    "1e400", "1e999 - 1e999", "1e18 * 10", "1 / 0", "1 % 0", "1.0 / 0.0", "0 div 0",
    "(" * 500 + "1" + ")" * 500, "!" * 1000 + "a", "-" * 1000 + "1", "[" * 900,
    "a" + ".b" * 900, "list" + "[0]" * 500, "1" + "+1" * 900, "a?" * 500,
    "f(" * 400 + ")" * 400, "not " * 400 + "a", "empty " * 300 + "a",
    "a" * 100_000, "1" + "+1" * 50_000, "a" + ".b" * 50_000, "'" + "a" * 3000 + "'",
    "'unclosed", '"unclosed', "a ==", "== a", "a b", "a..b", "a.", "a[", "a[]", "()",
    "list[0]", "units[-1]", "units['x']", "units[0.5]", "title + list[5]", "amount[0]",
    "a < 1", "title < 1", "统计 > 1", "-title", "title - 1", "amount && a", "!title",
    "“a”", "ａ＝１", "a\0b", "\ud800", "a\u202eb", "é́", "1_000", "0x10", "a$b", "²",
]  # fmt: skip


@pytest.mark.parametrize("body", ESCAPES_AND_BOMBS, ids=range(len(ESCAPES_AND_BOMBS)))
def test_escapes_and_bombs_are_refused_at_once(body):
    with pytest.raises(ExpressionError) as caught:
        juel("${" + body + "}")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["__class__", "__init__", "__builtins__"])
def test_a_name_with_double_underscore_is_named_when_it_is_compiled(name):
    for text in (f"${{x.{name}}}", f"${{{name}}}", f"${{x['{name}']}}"):
        with pytest.raises(ExpressionError, match=f"“{name}”"):
            expressions.compile_juel(text)


def test_texts_do_not_grow_without_bound():
    with pytest.raises(ExpressionError, match="文字超过"):
        juel("${" + "+".join(["big"] * 30) + "}", big="x" * 4_000)
    with pytest.raises(ExpressionError, match="文字超过"):
        juel("${big}" * 30, big="x" * 4_000)


def test_long_lists_are_not_searched_again_and_again():
    many = list(range(5_000))
    assert feel("4999 in many", many=many)
    with pytest.raises(ExpressionError, match="计算量超过"):
        feel("-1 in many or -2 in many or -3 in many", many=many)


def test_a_value_nested_without_end_is_refused():
    endless: list[object] = []
    endless.append(endless)
    other: list[object] = []
    other.append(other)
    with pytest.raises(ExpressionError, match="嵌套"):
        juel("${p == q}", p=endless, q=other)


def test_hundreds_of_alternatives_are_one_condition():
    assert juel("${" + " || ".join(["x"] * 300) + " || a}")


def number_trees(inner):
    return st.tuples(st.sampled_from("+-*"), inner, inner)


def reckon(tree):
    """Reckon in exact fractions what the evaluator must find."""
    if isinstance(tree, int):
        return Fraction(tree)
    sign, left, right = tree
    first, second = reckon(left), reckon(right)
    return {"+": first + second, "-": first - second, "*": first * second}[sign]


def write(tree):
    if isinstance(tree, tuple) and len(tree) == 3:
        return f"({write(tree[1])} {tree[0]} {write(tree[2])})"
    if isinstance(tree, tuple):
        return f"!({write(tree[1])})"
    return str(tree).lower()


@given(st.recursive(st.integers(0, 9), number_trees, max_leaves=12))
def test_arithmetic_agrees_with_exact_reckoning(tree):
    assert reckon(tree) == juel("${" + write(tree) + "}")
    assert reckon(tree) == feel(write(tree))


def boolean_trees(inner):
    pairs = st.tuples(st.sampled_from(["&&", "||"]), inner, inner)
    return pairs | st.tuples(st.just("!"), inner)


def decide(tree):
    if isinstance(tree, bool):
        return tree
    if tree[0] == "!":
        return not decide(tree[1])
    parts = [decide(tree[1]), decide(tree[2])]
    return all(parts) if tree[0] == "&&" else any(parts)


@given(st.recursive(st.booleans(), boolean_trees, max_leaves=15))
def test_logic_agrees_with_python(tree):
    assert decide(tree) is juel("${" + write(tree) + "}")


WORDS = [
    "a", "title", "统计", "list", "amount", "units", "nothing", "due", "missing", ".",
    "件数", "[", "]", "(", ")", "'x'", '"y"', "0", "1", "2.5", "9" * 18, "==", "!=",
    "<",
    ">=", "&&", "||", "!", "and", "or", "not", "empty", "?", ":", "+", "-", "*", "/",
    "%", "null", "true", ",", "in", "..", "if", "then", "else", "sum", "min", "date",
    "contains", "count", "not(", "between", "__x", "=",
]  # fmt: skip
GARBAGE = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(
    max_size=40
)


@settings(max_examples=3_000, deadline=None)
@given(GARBAGE)
def test_garbage_raises_nothing_but_expression_errors_and_is_quick(text):
    for compile_text, source in (
        (expressions.compile_juel, "${" + text + "}"),
        (expressions.compile_feel, text),
        (expressions.compile_unary_tests, text),
    ):
        started = time.thread_time()
        try:
            compile_text(source).evaluate(VARIABLES | {"?": 1}, {})
        except ExpressionError:
            pass
        assert time.thread_time() - started < 0.25
