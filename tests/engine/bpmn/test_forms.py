"""Forms: which definitions are accepted and which submissions enter."""

import json
import time
from datetime import UTC
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from engine.bpmn import forms
from engine.bpmn.forms import FormError
from engine.bpmn.forms import patterns


def read(*components, **schema):
    document = {"type": "default", "id": "F", "schemaVersion": 19} | schema
    content = json.dumps(document | {"components": list(components)})
    return forms.read_form(content.encode())


def text(key="意见", **more):
    return {"type": "textfield", "key": key, "label": key} | more


def submit(component, value, context=None, **options):
    """Submit one value to one field and return the errors of that field."""
    key = component["key"]
    form = read(component)
    submission = form.validate({key: value}, context or {}, **options)
    if not submission.errors:
        assert {key: value} == submission.values
    return submission.errors.get(key, [])


def problems(*components, **schema):
    with pytest.raises(FormError) as caught:
        read(*components, **schema)
    return caught.value.problems


def choice(kind, *values, **more):
    options = [{"label": str(value), "value": value} for value in values]
    return {"type": kind, "key": "项", "label": "项", "values": options} | more


@pytest.mark.parametrize(
    ("component", "good", "bad"),
    [
        (text(validate={"required": True}), ["x", " "], ["", None]),
        (text(validate={"minLength": 2, "maxLength": 3}), ["ab", " abc ", ""],
         ["a", "abcd"]),
        (text(validate={"maxLength": 2}), ["𠀀"], ["𠀀a"]),
        (text(validate={"pattern": "b+"}), ["abc", "", None], ["ac"]),
        (text(validate={"pattern": r"^1[3-9]\d{9}$"}), ["13800138000"],
         ["23800138000", "1380013800٣", "13800138000\n"]),
        (text(validate={"validationType": "email"}), ["a@b.cn"], ["a@", "a b@c", "@b"]),
        (text(validate={"validationType": "phone"}), ["+8613800138000"],
         ["13800138000"]),
        (text(), ["x", None], [1, True, ["x"], {"a": 1}]),
        ({"type": "number", "key": "数", "validate": {"min": 1, "max": 3}},
         [1, 3, 2.5, None],
         [0, 4, "2", True, [1]]),
        ({"type": "number", "key": "数", "increment": "0.1"}, [0.3, 1], [0.25]),
        ({"type": "number", "key": "数", "decimalDigits": 2}, [1.25, 3], [1.255]),
        ({"type": "number", "key": "数", "serializeToString": True}, ["1.5", "-2"],
         ["x", "1e5", 1]),
        ({"type": "checkbox", "key": "勾", "validate": {"required": True}}, [True],
         [False, None, "y"]),
        ({"type": "checkbox", "key": "勾"}, [True, False], ["true", 1]),
        (choice("radio", "甲", 1), ["甲", 1, None], ["乙", "1", True, ["甲"]]),
        (choice("select", "甲", validate={"required": True}), ["甲"], ["", None, "乙"]),
        (choice("checklist", "甲", "乙"), [["甲"], ["乙", "甲"], []],
         [["丙"], "甲", ["甲", "甲"]]),
        (choice("taglist", "甲", validate={"required": True}), [["甲"]], [[], None]),
        ({"type": "datetime", "key": "日", "subtype": "date"}, ["2026-02-28"],
         ["2026-02-30", "2026-2-1", "明天", 1, "2026-02-28T00:00Z"]),
        ({"type": "datetime", "key": "日", "subtype": "time"}, ["09:30", "09:30+08:00"],
         ["25:00", 9]),
        ({"type": "datetime", "key": "日", "subtype": "datetime"},
         ["2026-03-01T09:30+08:00"],
         ["2026-03-01T09:30", "2026-03-01"]),
        ({"type": "filepicker", "key": "件"}, ["files::a-1", ["a1", "b2"]],
         ["../x", [1], "a b"]),
    ],
)  # fmt: skip
def test_a_field_takes_what_it_declares_and_nothing_else(component, good, bad):
    for value in good:
        assert [] == submit(component, value)
    for value in bad:
        assert submit(component, value), value


def test_messages_are_chinese_and_name_the_label():
    component = text("op", label="办理意见", validate={"required": True})
    assert ["“办理意见”不能为空"] == submit(component, "")
    own = text(validate={"pattern": "^a", "patternErrorMessage": "请以 a 开头"})
    assert ["请以 a 开头"] == submit(own, "b")


def test_limits_may_be_expressions():
    component = {"type": "number", "key": "n", "validate": {"max": "=上限 * 2"}}
    assert [] == submit(component, 6, {"上限": 3})
    assert ["“n”不能大于 6"] == submit(component, 7, {"上限": 3})


def test_an_unknown_key_is_an_error_that_names_it():
    found = read(text()).validate({"意见": "x", "管理员": True}, {})
    assert {"管理员": ["表单没有“管理员”这一项"]} == found.errors


def test_only_visible_and_writable_fields_enter():
    form = read(
        text("a"),
        text("隐", conditional={"hide": '=a = "x"'}, validate={"required": True}),
        text("读", readonly=True), text("禁", disabled=True),
        text("条", readonly="=锁"),
        {"type": "text", "text": "说明"},
    )  # fmt: skip
    given_all = {"a": "x", "隐": "1", "读": "2", "禁": "3", "条": "4"}
    assert {"a": "x"} == form.validate(given_all, {"锁": True}).values
    shown = form.validate(given_all | {"a": "y"}, {"锁": False})
    assert {"a": "y", "隐": "1", "条": "4"} == shown.values


def test_a_readonly_value_cannot_be_forged_to_open_a_condition():
    form = read(
        text("级别", readonly=True), text("密", conditional={"hide": '=级别 = "低"'})
    )
    found = form.validate({"级别": "高", "密": "x"}, {"级别": "低"})
    assert ({}, {}) == (found.values, found.errors)


def test_options_come_from_the_context_and_never_from_the_submission():
    component = {"type": "select", "key": "u", "valuesKey": "单位"}
    offered = {"单位": [{"label": "公安局", "value": "gaj"}, "财政局"]}
    assert [] == submit(component, "gaj", offered)
    assert [] == submit(component, "财政局", offered)
    assert ["“u”没有选项“公安局”"] == submit(component, "公安局", offered)
    assert ["“u”的可选项没有提供"] == submit(component, "gaj")
    form = read(component, {"type": "taglist", "key": "单位", "valuesKey": "无"})
    assert "u" in form.validate({"u": "x", "单位": ["x"]}, {}).errors


def test_options_may_be_an_expression():
    component = {
        "type": "radio",
        "key": "r",
        "valuesExpression": "=if 急 then [1] else [2]",
    }
    assert [] == submit(component, 1, {"急": True})
    assert submit(component, 1, {"急": False})


def test_groups_nest_and_hide_their_fields():
    form = read(
        {"type": "group", "path": "人", "conditional": {"hide": "=免"}, "components": [
            text("姓名", validate={"required": True}),
            {"type": "group", "components": [text("电话.手机")]},
        ]}
    )  # fmt: skip
    given_one = {"人": {"姓名": "李", "电话": {"手机": "1"}}}
    assert given_one == form.validate(given_one, {}).values
    assert {} == form.validate(given_one, {"免": True}).values
    assert {"人.姓名"} == form.validate({}, {}).errors.keys()
    strange = form.validate({"人": {"姓名": "李", "工资": 1}}, {})
    assert {"人.工资": ["表单没有“人.工资”这一项"]} == strange.errors


def test_the_rows_of_a_list_are_validated_one_by_one():
    form = read(
        text("单位"),
        {"type": "dynamiclist", "path": "清单", "label": "清单", "components": [
            text("名称", validate={"required": True}),
            text("理由", conditional={"hide": '=名称 = "甲" or parent.单位 = "免"'},
                 validate={"required": True}),
            {"type": "expression", "key": "长", "expression": "=string length(名称)"},
        ]},
    )  # fmt: skip
    found = form.validate(
        {"清单": [{"名称": "甲", "长": 99}, {"名称": "乙"}, {"x": 1}]}, {}
    )
    assert {
        "清单[1].理由": ["“理由”不能为空"],
        "清单[2].x": ["表单没有“清单[2].x”这一项"],
        "清单[2].名称": ["“名称”不能为空"],
        "清单[2].理由": ["“理由”不能为空"],
    } == found.errors
    assert {"名称": "甲", "长": 1} == found.values["清单"][0]
    assert {} == form.validate({"单位": "免", "清单": [{"名称": "乙"}]}, {}).errors
    for wrong in ({}, "x", [1], [{}] * 201):
        assert form.validate({"清单": wrong}, {}).errors


def test_expressions_are_computed_on_the_server():
    form = read(
        {"type": "number", "key": "n"},
        {"type": "expression", "key": "双", "expression": "=n * 2"},
        {"type": "expression", "key": "四", "expression": "=双 * 2"},
    )
    assert {"n": 2, "双": 4, "四": 8} == form.validate({"n": 2, "双": 999}, {}).values


def test_a_formula_that_fails_is_an_error_of_its_field():
    form = read({"type": "expression", "key": "e", "expression": "=1 / n"})
    assert ["e"] == list(form.validate({}, {"n": 0}).errors)


def test_record_only_fields_are_told_apart():
    form = read(text("结论"), text("正文", properties={"store": "record"}))
    assert (("结论", "正文"), ("正文",)) == (form.keys, form.record_keys)
    mixed = [text("人.a"), text("人.b", properties={"store": "record"})]
    assert any("应一致" in problem for problem in problems(*mixed))


def test_a_text_over_the_limit_needs_a_reason():
    """R-00-37: a report has at most 1 000 characters unless there is a reason."""
    form = read(
        text("报告", type="textarea", properties={
            "maxWords": "10", "hardMaxWords": "20", "overLimitReasonKey": "理由"}),
        text("理由"),
    )  # fmt: skip
    errors = [
        form.validate({"报告": report, "理由": reason}, {}).errors.get("报告")
        for report, reason in [
            ("字 " * 10, ""), ("字" * 11, ""), ("字" * 11, "  "), ("字" * 11, "重要"),
            ("字" * 21, "重要"),
        ]
    ]  # fmt: skip
    asked = ["“报告”有 11 字，原则上不超过 10 字，超出须填写理由"]
    refused = ["“报告”有 21 字，不得超过 20 字"]
    assert [None, asked, asked, None, refused] == errors


def test_the_limit_of_a_text_may_depend_on_another_field():
    """R-00-37: a comprehensive report may be twice as long as a general one."""
    form = read(
        text("类别"),
        text(
            "报告",
            type="textarea",
            properties={
                "maxWords": '=if 类别 = "综合" then 20 else 10',
                "hardMaxWords": '=if 类别 = "综合" then 20 else null',
                "overLimitReasonKey": "理由",
            },
        ),
        text("理由"),
    )
    errors = [
        form.validate(
            {"类别": kind, "报告": "字" * count, "理由": reason}, {}
        ).errors.get("报告")
        for kind, count, reason in [
            ("一般", 10, ""),
            ("一般", 11, ""),
            ("一般", 30, "复杂"),
            ("综合", 20, ""),
            ("综合", 21, "复杂"),
        ]
    ]
    asked = ["“报告”有 11 字，原则上不超过 10 字，超出须填写理由"]
    refused = ["“报告”有 21 字，不得超过 20 字"]
    assert [None, asked, None, None, refused] == errors


def test_past_dates_are_refused_where_the_form_says_so():
    component = {
        "type": "datetime",
        "key": "d",
        "subtype": "date",
        "disallowPassedDates": True,
    }
    now = datetime(2026, 3, 1, 17, tzinfo=UTC)  # the second of March in Beijing
    assert [] == submit(component, "2026-03-02", now=now)
    assert ["“d”不能早于今天"] == submit(component, "2026-03-01", now=now)
    with pytest.raises(FormError, match="当前时间"):
        read(component).validate({"d": "2026-03-01"}, {})


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ({"type": "iframe"}, "不允许使用“iframe”"), ({"type": "html"}, "“html”"),
        ({"type": "script"}, "“script”"), ({"type": "surprise"}, "不认识的组件类型"),
        ({}, "不认识的组件类型"), ("x", "组件应为对象"),
        (text("typename"), "“typename”"),
        (text("__class__"), "“__class__”"), (text("x__"), "“x__”"),
        (text(""), "缺少键名"),
        (text("a b"), "应由字母"), (text("first-name"), "应由字母"),
        (text("and"), "保留字"),
        (text("empty"), "保留字"), (text("a..b"), "应由字母"), (text(7), "缺少键名"),
        (text(conditional={"hide": "=a +"}), "字段“意见”：隐藏条件有误"),
        (text(conditional={"hide": "a = 1"}), "应以“=”开头"),
        (text(conditional={"hide": "=now() > 1"}), "没有函数“now”"),
        (text(conditional={"hide": "=a.__class__"}), "__class__"),
        (text(conditional={"hide": "=for x in y return x"}), "不支持“for”"),
        (text(conditional="x"), "应为对象"), (text(validate=[]), "应为对象"),
        (text(validate={"required": "yes"}), "required"),
        (text(validate={"min": "a"}), "min"),
        (text(validate={"maxLength": 1e300}), "maxLength"),
        (text(properties=1), "应为对象"),
        (text(validate={"validationType": "x"}), "校验类型"),
        (text(properties={"store": "x"}), "存放"),
        (text(properties={"maxWords": "many"}), "maxWords"),
        (text(properties={"maxWords": "5", "overLimitReasonKey": "无"}),
         "理由字段“无”不存在"),
        ({"type": "select", "key": "s"}, "恰有一个来源"),
        ({"type": "select", "key": "s", "values": [], "valuesKey": "k"},
         "恰有一个来源"),
        ({"type": "select", "key": "s", "values": [1]}, "固定选项"),
        (choice("select", "甲", "甲"), "值重复"),
        ({"type": "expression", "key": "e"}, "缺少表达式"),
        ({"type": "number", "key": "n", "increment": 0}, "increment"),
        ({"type": "datetime", "key": "d", "subtype": "week"}, "日期类型"),
        ({"type": "datetime", "key": "d", "subtype": "datetime",
          "timeSerializingFormat": "no_timezone"}, "须带时区"),
        ({"type": "group", "components": {}}, "组件应为列表"),
    ],
)  # fmt: skip
def test_a_faulty_component_is_refused_with_its_name(component, reason):
    assert any(reason in problem for problem in problems(component))


def test_keys_are_unique_and_do_not_hold_one_another():
    assert any("重复" in one for one in problems(text("a"), text("a")))
    assert any("重复" in one for one in problems(text("a"), text("a.b")))
    assert ("a",) == read(text("a"), {"type": "text"}).keys


def test_all_problems_are_told_at_once():
    assert 3 == len(
        problems({"type": "html"}, text("and"), {"type": "select", "key": "s"})
    )


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[]", b"null", b'{"components": 1}', b"\xff", b"[" * 9_999,
        b'{"components": [], "components": []}',
        b'{"schemaVersion": 20, "components": []}',
        b'{"schemaVersion": "x", "components": []}',
        b'{"components": [{"typename": 1}]}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_form_is_refused(content):
    with pytest.raises(FormError):
        forms.read_form(content)


def test_older_schema_versions_are_read():
    assert () == read(schemaVersion=4).keys


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a|a)*b", "(a*)*", "([a-z]+)*x", r"(\d+,)*x", "(x?){30}x{30}",
        r"\d*\d*\d*\d*x", "x?" * 40 + "x" * 40, "(a|b)(a|b)" * 20,
        "((a{1,8}){1,8}){1,8}",
        "(a{1,50}){1,50}", "a{1000}{1000}", "a{99999}", "a**", "a++", "(?=a)b",
        "(?!a)b",
        "(?<=a)b", r"(a)\1", r"(?P<n>a)(?P=n)", r"\k<n>", "(?i)a",
        "(?#x)", r"\p{L}", r"\Z",
        "(", ")", "[", "[a", "a]", "{", "*", "[]", "[z-a]", "[a--b]", "[[a]]", "a{3,1}",
        "(" * 11 + "a" + ")" * 11, "a" * 201, "\\",
    ],
)  # fmt: skip
def test_a_pattern_that_could_hang_or_means_two_things_is_refused(pattern):
    assert problems(text(validate={"pattern": pattern}))


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        (r"^\d{4}-\d{2}$", "2026-03", True), ("^(一|二|三)类$", "二类", True),
        ("^[^@]+@[^@]+$", "a@b", True), (r"^[A-Z]{2}\d{3,5}(-\d+)?$", "AB123-4", True),
        ("^[a$]$", "$", True), (r"\$$", "5$", True), ("^a$", "a\n", False),
        (r"^\d$", "٣", False), ("〔[0-9]{4}〕", "济政办发〔2013〕10号", True),
    ],
)  # fmt: skip
def test_ordinary_patterns_are_searched_as_in_a_browser(pattern, value, found):
    assert found is patterns.compile_pattern(pattern).found_in(value)


ATOMS = ["a", "b", "[ab]", ".", r"\w", "(a|b)", "(?:ab)", "a+", "a*", "a?", "a{1,3}",
         "(a+)", "(a?)", "|", "^", "$", "(", ")", "*", "{2}", "{1,4}"]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(ATOMS), max_size=10).map("".join))
def test_an_accepted_pattern_is_quick_on_the_longest_text_it_is_asked_about(source):
    try:
        pattern = patterns.compile_pattern(source)
    except patterns.PatternRefused:
        return
    for value in ("a" * (pattern.longest - 1) + "!", "ab" * (pattern.longest // 2)):
        started = time.process_time()
        pattern.found_in(value)
        assert time.process_time() - started < 0.5


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["a", "n", "项", "清单", "z"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-9, 9)
            | st.text("ab甲", max_size=3),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["a", "x"]), inner)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_json_is_answered_and_only_declared_keys_enter(submitted):
    form = read(
        text("a"), {"type": "number", "key": "n", "validate": {"min": 1}},
        choice("checklist", "甲", conditional={"hide": "=n > 3"}),
        {"type": "dynamiclist", "path": "清单", "components": [text("x")]},
    )  # fmt: skip
    found = form.validate(submitted, {})
    assert found.values.keys() <= {"a", "n", "项", "清单"}
    assert ("z" in submitted) is ("z" in found.errors)
    for key in found.values.keys() - {"清单"}:
        assert submitted[key] == found.values[key]


def test_a_refusal_names_the_rule_that_the_field_rests_on() -> None:
    field = text(validate={"required": True}, properties={"rule": "R-00-15"})

    assert submit(field, "") == ["“意见”不能为空（R-00-15）"]
