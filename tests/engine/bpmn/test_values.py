"""The boundary: which values may enter as variables or form data."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bpmn import values
from engine.bpmn.values import ValueRefused

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-m甲乙丙]{1,5}", fullmatch=True), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_json_enters_and_is_read_back_unchanged(value):
    values.require_json(value)
    assert value == values.parse_json(json.dumps(value, ensure_ascii=False))


def nested(depth):
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"附件": [1, {"名称": "a\0b"}]}, "表单.附件[1].名称"),
        ({"a": {"typename": "datetime"}}, "表单.a.typename"),
        ({"typename": 1}, "表单.typename"),
        ({"__builtins__": {}}, "表单.__builtins__"),
        ({"a": [{"__x": 1}]}, "表单.a[0].__x"), ({"x__": 1}, "表单.x__"),
        ({1: 2}, "表单"), ({"a": (1, 2)}, "表单.a"), ({"a": {1}}, "表单.a"),
        ({"a": math.nan}, "表单.a"), ({"a": -math.inf}, "表单.a"),
        ({"a": 2**63}, "表单.a"), ({"a": -(2**63) - 1}, "表单.a"),
        ({"a": "\ud800"}, "表单.a"), ({"\udfff": 1}, "表单 的名称"),
        ({"a": b"x"}, "表单.a"), ({"a": object()}, "表单.a"),
        ({"a": nested(32)}, "表单"), ({"a": "字" * 90_000}, "表单"),
        ({"a": ["x" * 1_000] * 300}, "表单"),
    ],
)  # fmt: skip
def test_what_may_not_enter_is_refused_with_its_place(value, place):
    with pytest.raises(ValueRefused) as caught:
        values.require_json(value, place="表单")
    assert place == caught.value.place
    assert str(caught.value).startswith(f"{place}：")


def test_the_deepest_value_allowed_enters():
    values.require_json(nested(32))


def test_shared_parts_do_not_multiply_the_work():
    value: object = "x"
    for _ in range(31):
        value = [value] * 10
    with pytest.raises(ValueRefused, match="KiB"):
        values.require_json(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "“c”出现了两次"), ("[NaN]", "不允许 NaN"),
        ("[-Infinity]", "不允许 -Infinity"), ("[1e999]", "不是有限数"),
        ("[" * 100_000, "嵌套超过"), ("9" * 5_000, "整数超出范围"),
        ("{", "第 1 行第 2 列"),
        (b"\xff", "不是 UTF-8"), ("\ufeff{}", "不是正确的 JSON"),
        ('"\\ud800"', "不完整"),
        ('"\\u0000"', "空字符"), (b" " * 300_000, "KiB"), ("", "不是正确的 JSON"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_clean_json_is_refused(text, reason):
    with pytest.raises(ValueRefused, match=reason):
        values.parse_json(text)
