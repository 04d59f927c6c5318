"""Each rule finds the diagram that breaks it and leaves its near twin alone."""

import pytest

from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import problems
from tests.engine.bpmn.drawings import arrows
from tests.engine.bpmn.drawings import drawing
from tests.engine.bpmn.drawings import findings
from tests.engine.bpmn.drawings import in_line
from tests.engine.bpmn.lint_pairs import DECLARED
from tests.engine.bpmn.lint_pairs import PAIRS
from tests.engine.bpmn.lint_pairs import Pair
from tests.engine.bpmn.lint_pairs import service
from tests.engine.bpmn.lint_pairs import split


@pytest.mark.parametrize(
    "pair", PAIRS, ids=[f"{pair.rule}-{number}" for number, pair in enumerate(PAIRS)]
)
def test_a_rule_finds_its_breach_and_not_the_twin(pair: Pair) -> None:
    bad = findings(drawing(pair.bad, around=DECLARED), **pair.known)
    assert (pair.at, pair.severity) in {
        (problem.element_id, problem.severity)
        for problem in bad
        if problem.rule == pair.rule
    }
    good = findings(drawing(pair.good, around=DECLARED), **pair.known)
    assert [] == [
        problem
        for problem in good
        if (problem.rule, problem.element_id) == (pair.rule, pair.at)
    ]


@pytest.mark.parametrize(
    ("known", "attributes"),
    [
        ("handlers", 'camunda:delegateExpression="${f}"'),
        ("functions", 'camunda:expression="${f()}"'),
    ],
)
def test_what_is_not_known_is_not_judged(known: str, attributes: str) -> None:
    content = drawing(service(attributes))
    assert [] == findings(content)
    assert ["error"] == [p.severity for p in findings(content, **{known: ()})]


def test_a_finding_names_the_element_by_name_and_id() -> None:
    (finding,) = findings(drawing(in_line('<scriptTask id="a" name="算一算"/>')))
    assert "“算一算”（a）" in finding.message
    assert ("a", "script-task", 13) == (finding.element_id, finding.rule, finding.line)


def test_a_branch_without_condition_is_named_with_both_its_ends() -> None:
    messages = [
        problem.message
        for problem in findings(drawing(split("${x}", "")))
        if problem.rule == "branch-without-condition"
    ]
    assert 1 == len(messages)
    assert all(f"“{element}”" in messages[0] for element in ("g", "t1", "g_t1"))


def test_a_sound_diagram_has_no_findings() -> None:
    content = drawing(
        """
        <startEvent id="start"/>
        <userTask id="sign" name="主任签阅" camunda:candidateGroups="go_director"/>
        <exclusiveGateway id="g" default="g_end"/>
        <serviceTask id="issue" camunda:delegateExpression="${issue}"/>
        <endEvent id="end"/>
        """
        + arrows("start>sign sign>g g>sign|${decision=='RETURN'} g>issue|${ok} g>end")
        + arrows("issue>end")
    )
    assert [] == findings(
        content, handlers={"issue"}, forms=(), decisions=(), callees=(), functions=()
    )


def test_every_rule_that_the_linter_has_is_shown_here() -> None:
    read = {
        *("xsd", "no-process", "not-executable", "bad-id", "duplicate-id"),
        *("unresolved-reference", "unsupported-element", "unsupported-attribute"),
        *("vendor-extension", "unknown-extension", "misplaced-extension"),
        *("data-ignored", "multiple-event-definitions", "link-events"),
    }
    assert set(linter.RULES) == read | {pair.rule for pair in PAIRS}


def test_a_finding_under_an_unknown_rule_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        problems.Findings().error("no-such-rule", "a", "…")
