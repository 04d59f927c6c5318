"""What a browser sends becomes fields; decisions become buttons."""

import pytest
from werkzeug.datastructures import MultiDict

from engine import errors
from web import forms

DECISION = {"type": "radio", "key": "decision", "valuesKey": "decisions"}
COMMENT = {"type": "textarea", "key": "comment", "label": "意见"}
APPROVAL = {"type": "default", "components": [DECISION, COMMENT]}
OFFERED = [
    {"value": "APPROVE", "label": "同意"},
    {"value": "RETURN", "label": "退回修改"},
]


def test_the_decisions_of_an_approval_are_its_buttons() -> None:
    """The radio leaves the form; each option submits by itself, with its key."""
    sheet = forms.sheet(APPROVAL, values={"decisions": OFFERED})

    assert [COMMENT] == sheet.schema["components"]
    assert [("APPROVE", "同意", "a"), ("RETURN", "退回修改", "r")] == [
        (button.value, button.label, button.key) for button in sheet.buttons
    ]


def test_a_decision_that_other_fields_depend_on_stays_in_the_form() -> None:
    """Choosing 改承办 must show the units before the form is sent."""
    unit = {
        "type": "select",
        "key": "lead_unit",
        "conditional": {"hide": '=decision != "CHANGE_UNIT"'},
    }
    schema = {"type": "default", "components": [DECISION, unit, COMMENT]}

    sheet = forms.sheet(schema, values={"decisions": OFFERED})

    assert schema == sheet.schema
    assert ["提交"] == [button.label for button in sheet.buttons]


def test_the_button_pressed_is_the_decision() -> None:
    """With JavaScript the fields come as JSON, the decision from the button."""
    form = MultiDict({"fields": '{"comment": "属实"}', "decision": "APPROVE"})

    assert {"comment": "属实", "decision": "APPROVE"} == forms.posted(APPROVAL, form)


def test_a_form_without_javascript_sends_its_fields_one_by_one() -> None:
    """Numbers, boxes and lists get their kinds; what is empty is left out."""
    schema = {
        "components": [
            COMMENT,
            {"type": "number", "key": "days"},
            {"type": "checkbox", "key": "urgent"},
            {"type": "checklist", "key": "reasons"},
            {"type": "textfield", "key": "nothing"},
        ]
    }
    form = MultiDict(
        [
            ("fields", ""),
            ("field.comment", " 属实 "),
            ("field.days", "5"),
            ("field.reasons", "FACT_UNCLEAR"),
            ("field.reasons", "FORMAT_NONSTANDARD"),
            ("field.nothing", ""),
            ("field.undeclared", "x"),
        ]
    )

    assert {
        "comment": "属实",
        "days": 5,
        "urgent": False,
        "reasons": ["FACT_UNCLEAR", "FORMAT_NONSTANDARD"],
    } == forms.posted(schema, form)


@pytest.mark.parametrize("raw", ["{", "[]", '"text"', "[" * 100_000, "NaN"])
def test_fields_that_are_no_object_are_refused(raw: str) -> None:
    """A broken or hostile body is bad input, not a failure."""
    with pytest.raises(errors.Invalid):
        forms.posted(APPROVAL, MultiDict({"fields": raw}))
