"""Decision tables: every hit policy, chains, types, and what is refused."""

from xml.sax.saxutils import escape

import pytest

from engine.bpmn import decisions
from engine.bpmn.decisions import DecisionError

DMN13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"
NAMESPACES = [
    DMN13,
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
]


def text(value, tag, attributes=""):
    return f"<{tag} {attributes}><text>{escape(value)}</text></{tag}>"


def table(
    *rules, policy="UNIQUE", key="level", question="days", output="色", kind="",
    more="", requires=(), extra_outputs=(), aggregation="", input_type="", name="亮灯",
):  # fmt: skip
    """Write a decision of one input; a rule is its cells from left to right."""
    required = "".join(
        f'<informationRequirement><requiredDecision href="#{one}"/>'
        "</informationRequirement>"
        for one in requires
    )
    rows = "".join(
        "<rule>" + text(cells[0], "inputEntry")
        + "".join(text(cell, "outputEntry") for cell in cells[1:]) + "</rule>"
        for cells in rules
    )  # fmt: skip
    others = "".join(f'<output name="{one}"/>' for one in extra_outputs)
    sums = f'aggregation="{aggregation}"' if aggregation else ""
    question = text(question, "inputExpression", f'typeRef="{input_type}"')
    return (
        f'<decision id="{key}" name="{name}">{required}'
        f'<decisionTable hitPolicy="{policy}" {sums}>'
        f'<input label="天数">{question}</input>'
        f'<output name="{output}" typeRef="{kind}">{more}</output>'
        f"{others}{rows}</decisionTable></decision>"
    )


def file(*tables, namespace=DMN13):
    return (
        f'<definitions xmlns="{namespace}">' + "".join(tables) + "</definitions>"
    ).encode()


def decide(*rules, days=5, **options):
    (decision,) = decisions.read_decisions(file(table(*rules, **options)))
    return decision.decide({"days": days})


LIGHTS = [("< 0", '"红"'), ("[0..3]", '"黄"'), ("> 3", '"绿"')]


@pytest.mark.parametrize(
    ("days", "light"), [(-1, "红"), (0, "黄"), (3, "黄"), (9, "绿")]
)
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_unique_gives_the_one_rule_that_matches(days, light, namespace):
    (decision,) = decisions.read_decisions(file(table(*LIGHTS), namespace=namespace))
    assert [{"色": light}] == decision.decide({"days": days})


def test_nothing_matching_gives_nothing():
    assert [] == decide(("< 0", '"红"'))
    assert [] == decide(("> 0", '"红"'), days=None)


def test_nothing_matching_gives_the_default_where_there_is_one():
    default = text('"无"', "defaultOutputEntry")
    assert [{"色": "无"}] == decide(("< 0", '"红"'), more=default)


def test_two_matches_under_unique_are_an_error_that_names_the_rules():
    with pytest.raises(
        DecisionError, match="“亮灯”只允许一条规则符合，却有：规则 1、规则 3"
    ):
        decide(("> 1", '"甲"'), ("< 1", '"乙"'), ("-", '"丙"'))


def test_first_gives_the_first_match():
    assert [{"色": "乙"}] == decide(
        ("< 1", '"甲"'), ("> 1", '"乙"'), ("-", '"丙"'), policy="FIRST"
    )


def test_any_wants_its_matches_to_agree():
    assert [{"色": "甲"}] == decide(("> 1", '"甲"'), ("-", '"甲"'), policy="ANY")
    with pytest.raises(DecisionError, match="应当相同，却有：规则 1、规则 2"):
        decide(("> 1", '"甲"'), ("-", '"乙"'), policy="ANY")


ORDER = text('"特急","急","平"', "outputValues")


def test_priority_gives_the_value_that_stands_first_among_the_allowed():
    rules = [("-", '"平"'), ("-", '"特急"'), ("-", '"急"')]
    assert [{"色": "特急"}] == decide(*rules, policy="PRIORITY", more=ORDER)


def test_output_order_sorts_by_the_allowed_values():
    rules = [("-", '"平"'), ("-", '"特急"'), ("-", '"急"')]
    found = decide(*rules, policy="OUTPUT ORDER", more=ORDER)
    assert ["特急", "急", "平"] == [result["色"] for result in found]


def test_a_value_outside_the_allowed_cannot_be_ranked():
    with pytest.raises(DecisionError, match="不在允许值之中"):
        decide(("-", '"缓"'), ("-", '"急"'), policy="PRIORITY", more=ORDER)


def test_priority_without_allowed_values_is_refused():
    with pytest.raises(DecisionError, match="需要输出列的允许值"):
        decide(("-", '"平"'), policy="PRIORITY")


@pytest.mark.parametrize("policy", ["COLLECT", "RULE ORDER"])
def test_collect_and_rule_order_give_all_matches_in_order(policy):
    found = decide(("> 1", "1"), ("< 1", "2"), ("-", "3"), policy=policy)
    assert [{"色": 1}, {"色": 3}] == found


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3)]
)
def test_collect_sums_up(aggregation, expected):
    rules = [("-", "1"), ("-", "2"), ("-", "3"), ("< 0", "100")]
    found = decide(*rules, policy="COLLECT", aggregation=aggregation)
    assert [{"色": expected}] == found


def test_the_count_of_no_match_is_zero_and_the_sum_is_nothing():
    rules = [("< 0", "1")]
    assert [{"色": 0}] == decide(*rules, policy="COLLECT", aggregation="COUNT")
    assert [] == decide(*rules, policy="COLLECT", aggregation="SUM")


def test_a_sum_of_texts_is_an_error():
    with pytest.raises(DecisionError, match="汇总需要数字"):
        decide(("-", '"甲"'), policy="COLLECT", aggregation="SUM")


def test_several_outputs_make_one_result():
    found = decide(("-", '"红"', "days * 2"), extra_outputs=["扣分"])
    assert [{"色": "红", "扣分": 10}] == found


def test_juel_is_spoken_where_it_is_marked():
    assert [{"色": "限5天"}] == decide(("5", "限${days}天"), question="${days}")


@pytest.mark.parametrize(
    ("kind", "cell", "expected"),
    [
        ("integer", "4 / 2", 2), ("integer", "2.0", 2), ("string", '"a"', "a"),
        ("boolean", "days > 1", True), ("double", "0.5", 0.5), ("number", "1", 1),
        ("date", 'date("2026-01-01")', "2026-01-01"), ("", "null", None),
    ],
)  # fmt: skip
def test_results_have_the_type_of_their_column(kind, cell, expected):
    (result,) = decide(("-", cell), kind=kind)
    assert (expected, type(expected)) == (result["色"], type(result["色"]))


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("integer", "1.5"), ("integer", '"1"'), ("string", "1"), ("boolean", '"true"'),
     ("double", "true"), ("date", '"明天"')],
)  # fmt: skip
def test_a_result_of_another_type_is_an_error_with_its_place(kind, cell):
    with pytest.raises(DecisionError, match=f"“亮灯”规则 1的输出“色”应为 {kind}"):
        decide(("-", cell), kind=kind)


def test_a_numeric_text_is_judged_as_a_number_where_the_column_says_so():
    assert [{"色": "绿"}] == decide(*LIGHTS, days="5", input_type="integer")
    with pytest.raises(DecisionError, match="输入“天数”应为数字"):
        decide(*LIGHTS, days="五", input_type="integer")


def test_a_text_without_quotes_is_an_error_that_says_so():
    with pytest.raises(
        DecisionError, match=r'规则 1的输出“色”：变量“红”没有定义.*"红"'
    ):
        decide(("-", "红"))
    with pytest.raises(DecisionError, match="规则 1的输入“天数”：变量“急”没有定义"):
        decide(("急", '"红"'))


def test_decisions_rest_on_one_another_wherever_they_stand():
    first = table(("> 3", "2"), ("<= 3", "1"), key="weight", output="权重", name="权")
    many = table(
        ("-", '"局"'), ("-", '"委"'), key="who", output="单位", policy="COLLECT",
        name="谁",
    )  # fmt: skip
    last = table(
        ("2", "count(单位) * 权重"), ("-", "0"), question="权重", key="score",
        policy="FIRST", requires=["weight", "who"],
    )  # fmt: skip
    found = decisions.read_decisions(file(last, first, many))
    assert ["score", "weight", "who"] == [one.id for one in found]
    assert [{"色": 4}] == found[0].decide({"days": 5})
    assert [{"色": 0}] == found[0].decide({"days": 1})


def test_a_decision_required_twice_at_every_level_is_made_once():
    tables = [table(("-", "1"), key="d0", output="o0", name="0")]
    for level in range(1, 25):
        tables.append(table(
            ("-", f"o{level - 1}"), key=f"d{level}", output=f"o{level}",
            name=str(level),
            requires=[f"d{level - 1}", f"d{level - 1}"],
        ))  # fmt: skip
    found = decisions.read_decisions(file(*tables))[-1].decide({"days": 1})
    assert [{"o24": 1}] == found


def test_a_circle_and_a_missing_requirement_are_refused():
    one = table(("-", "1"), key="a", requires=["b"])
    other = table(("-", "1"), key="b", requires=["a"])
    with pytest.raises(DecisionError, match="成了循环：a、b"):
        decisions.read_decisions(file(one, other))
    with pytest.raises(DecisionError, match="“b”不在文件中"):
        decisions.read_decisions(file(one))


@pytest.mark.parametrize(
    ("options", "rules", "reason"),
    [
        ({}, [("> ", "1")], "决策表“亮灯”规则 1的输入“天数”"),
        ({}, [("-", "1"), ("-", "1 +")], "决策表“亮灯”规则 2的输出“色”"),
        ({}, [("?" * 400 + '"', "1")], "规则 1的输入"),
        ({}, [("-", "f(")], "规则 1的输出"),
        ({}, [("1," * 300, "1")], "最多 500 个"), ({}, [("-",)], "数目与列数不符"),
        ({}, [("-", "x.__class__")], "__class__"),
        ({"question": ""}, [], "缺少输入表达式"),
        ({"question": "a b"}, [], "的输入“天数”"),
        ({"output": "a b"}, [], "不能作变量名"),
        ({"output": "typename"}, [], "不能作变量名"),
        ({"kind": "money"}, [], "类型“money”"),
        ({"policy": "LAST"}, [], "命中策略“LAST”"),
        ({"aggregation": "SUM"}, [], "汇总"),
        ({"extra_outputs": ["色"]}, [], "名称重复"), ({"key": ""}, [], "缺少标识"),
        ({"policy": "COLLECT", "aggregation": "SUM", "extra_outputs": ["b"]},
         [], "一个输出列"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_refused_with_its_place(options, rules, reason):
    with pytest.raises(DecisionError) as caught:
        decisions.read_decisions(file(table(*rules, **options)))
    assert any(reason in problem for problem in caught.value.problems)


def test_all_faults_are_told_at_once():
    with pytest.raises(DecisionError) as caught:
        decisions.read_decisions(file(table((">", "1"), ("-", ")"), kind="money")))
    assert 3 == len(caught.value.problems)


def test_another_expression_language_is_refused_by_name():
    xml = file(table(("-", "1"))).replace(
        b"<outputEntry ", b'<outputEntry expressionLanguage="groovy" '
    )
    with pytest.raises(DecisionError, match="groovy"):
        decisions.read_decisions(xml)


def test_a_comment_cannot_hide_a_part_of_a_cell():
    xml = file(table(("1", "1"))).replace(b"<text>1</text>", b"<text>1<!--x-->0</text>")
    (decision,) = decisions.read_decisions(xml)
    assert [] == decision.decide({"days": 1})
    assert [{"色": 10}] == decision.decide({"days": 10})


BOMB = (
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    f'<definitions xmlns="{DMN13}">&b;</definitions>'
)


@pytest.mark.parametrize(
    "xml",
    [
        b"", b"<", b"<a/>", b"not xml", BOMB.encode(), BOMB.encode("utf-16"),
        b'<!DOCTYPE definitions SYSTEM "file:///etc/passwd"><definitions/>',
        f'<definitions xmlns="{DMN13}"/>'.encode(),
        f'<definitions xmlns="{DMN13}"/>'.encode("utf-16"),
        f'<definitions xmlns="{DMN13}"><decision id="a"/></definitions>'.encode(),
        b"<definitions/>", b" " * (2 * 1024 * 1024 + 1), b"<a>" * 10_000,
        f"<definitions xmlns='{DMN13}'>{'<decision/>' * 51}</definitions>".encode(),
    ],
    ids=range(14),
)  # fmt: skip
def test_a_file_that_is_no_clean_dmn_is_refused(xml):
    with pytest.raises(DecisionError):
        decisions.read_decisions(xml)
