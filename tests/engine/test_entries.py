"""What comes in through a form, and where it may go."""

import orjson
import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import queries
from engine import tables
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task

FORM = orjson.dumps(
    {
        "id": "approval",
        "type": "default",
        "schemaVersion": 16,
        "components": [
            {
                "id": "f1",
                "type": "textfield",
                "key": "decision",
                "label": "决定",
                "validate": {"required": True},
            },
            {
                "id": "f2",
                "type": "textarea",
                "key": "comment",
                "label": "意见",
                "properties": {"store": "record"},
            },
        ],
    }
)

APPROVED = line(
    "approved",
    '<userTask id="approve" name="审定" camunda:candidateGroups="officer"'
    ' camunda:formRef="approval" camunda:formRefBinding="deployment">'
    "<extensionElements><camunda:taskListener"
    ' event="complete" delegateExpression="${record_opinion}"/></extensionElements>'
    "</userTask>",
    task("after", "之后"),
)


def prepared(office: Office) -> list[handlers.Call]:
    """Deploy the procedure, start it, and return the calls its handler gets."""
    calls: list[handlers.Call] = []

    @office.registry.handler("record_opinion")
    def record_opinion(call: handlers.Call) -> dict[str, object]:
        calls.append(call)
        return {"opinion": 7}

    office.deploy(APPROVED, **{"approval.form": FORM})
    office.start("approved")
    return calls


def test_record_fields_reach_the_listener_and_nothing_else(office: Office) -> None:
    """Neither the variables nor the history hold them."""
    calls = prepared(office)
    office.complete("审定", decision="APPROVE", comment="同意，抓紧办理。")
    task_id = office.open_task("之后")
    with office.engine.read() as connection:
        seen = queries.variables_at(connection, office.engine.library, task_id)

    assert {"decision": "APPROVE", "opinion": 7} == seen
    assert [({"decision": "APPROVE", "comment": "同意，抓紧办理。"}, "officer")] == [
        (dict(call.fields), call.person) for call in calls
    ]
    assert "抓紧" not in str(office.dump()["history_event"])
    assert "抓紧" not in str(office.dump()["instance"])


def test_the_form_is_validated_in_the_command(office: Office) -> None:
    """A missing field and an undeclared one are refused by name; nothing changes."""
    calls = prepared(office)
    before = office.dump()
    with pytest.raises(errors.Invalid) as missing:
        office.complete("审定", comment="无")
    with pytest.raises(errors.Invalid) as undeclared:
        office.complete("审定", decision="APPROVE", route="DIRECT")

    assert ["decision"] == list(missing.value.fields)
    assert ["route"] == list(undeclared.value.fields)
    assert ([], before) == (calls, office.dump())


def test_a_new_form_makes_a_new_version_of_the_procedures_that_use_it(
    office: Office,
) -> None:
    """Running instances keep the form they began with."""
    prepared(office)
    office.deploy(APPROVED, **{"approval.form": FORM.replace("意见".encode(), b"X")})
    office.deploy(APPROVED)
    (row,) = office.rows(
        sa.select(tables.user_task.c.definition_id, tables.user_task.c.form_key)
    )
    with office.engine.read() as connection:
        running = queries.form(connection, row.definition_id, row.form_key)

    assert (2, FORM) == (office.count(tables.definition), running)


def test_what_a_start_without_a_form_is_given_reaches_handlers_and_no_variable(
    office: Office,
) -> None:
    """Nobody has said which of the fields may be kept."""
    heard: list[dict[str, object]] = []

    @office.registry.handler("hear")
    def hear(call: handlers.Call) -> None:
        heard.append(dict(call.fields))

    office.deploy(line("heard", service("hear", "hear"), task("after", "之后")))
    with office.engine.begin() as work:
        begun = work.start("heard", fields={"caller_name": "张三"}, variables={"n": 1})
    with office.engine.begin() as work:
        kept = work.variables(begun.instance_id)

    assert ([{"caller_name": "张三"}], {"n": 1}) == (heard, kept)
