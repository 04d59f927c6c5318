"""Opinions: what each approver wrote and decided, append-only."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine.bpmn import model
from processes.supervision import entries
from processes.supervision import tables

DECISION_LABELS = {
    "APPROVE": "同意",
    "RETURN": "退回",
    "REJECT": "不予立项",
    "CHANGE_UNIT": "改承办",
    "NOT_OURS": "不属本县",
    "NOT_MAJOR": "不属重大",
    "CONTINUE": "继续督办",
    "REDO": "再办",
    "CLOSE": "说明理由办结",
    "GRANT": "批准",
    "OTHER_DATE": "部分批准",
    "DECLINE": "不批准",
    "KEEP": "维持原办",
    "REASSIGN": "改派",
    "ADD_UNIT": "增加协办",
    "REQUEST": "提请",
}
REQUEST = "提请"
#: The property of an approval that lets its approver decide so.
PERMISSIONS = {
    "may_return": "RETURN",
    "may_reject": "REJECT",
    "may_change_unit": "CHANGE_UNIT",
    "may_refuse": "NOT_OURS",
    "may_downgrade": "NOT_MAJOR",
    "may_continue": "CONTINUE",
}
#: An approver who approves may write nothing; the record then says 同意.
NEEDS_COMMENT = frozenset(
    {
        "RETURN",
        "REJECT",
        "NOT_OURS",
        "NOT_MAJOR",
        "CONTINUE",
        "CLOSE",
        "OTHER_DATE",
        "DECLINE",
    }
)


class OwnDraft(errors.Forbidden):
    """起草人不能审批自己起草的内容。"""


@dataclass(frozen=True)
class Subject:
    """What an opinion is about: a proposal, a summary, a report, or the matter."""

    kind: str
    id: int
    drafter: str | None


@dataclass(frozen=True)
class Opinion:
    """One opinion; `verb` is the source's word: 签阅, 审阅, 审定, 审核, 签发 …"""

    id: int
    matter_id: int
    subject: str
    subject_id: int
    task_id: str
    element_id: str
    element_name: str
    verb: str
    decision: str
    comment: str
    person: str
    on_behalf_of: str | None
    at: datetime


def record(
    call: handlers.Call, matter_id: int, subject: Subject, *, verb: str
) -> Opinion:
    """Append the opinion that this user task's form brought.

    Reads `decision` and `comment`. Raise `OwnDraft` for the drafter of the subject
    (审批人不得与起草人同一人, domain §2.0), `Invalid` for a return without a reason.
    """
    person = require_person(call)
    decision = entries.choice(call.fields, "decision", allowed(call.element))
    comment = entries.optional_text(call.fields, "comment", longest=2000)
    if decision in NEEDS_COMMENT and not comment:
        raise entries.refusal(
            "comment", f"{DECISION_LABELS[decision]}须写明理由。", rule="R-05-03"
        )
    if person == subject.drafter:
        raise OwnDraft(matter_id=matter_id, person=person)
    return _append(
        call, matter_id, subject, verb, decision, comment or DECISION_LABELS[decision]
    )


def request(
    call: handlers.Call, matter_id: int, subject: Subject, comment: str
) -> Opinion:
    """Append why a person asks others to decide (提请); it is no approval itself."""
    return _append(call, matter_id, subject, REQUEST, "REQUEST", comment)


def allowed(element: model.Element) -> list[str]:
    """Return the decisions an approval offers, by the properties of its element.

    Whoever decides on another round says REDO or CLOSE; that task has no verb. The
    property `decisions` names them all where nobody simply approves.
    """
    if "decisions" in element.properties:
        return element.properties["decisions"].split()
    if "verb" not in element.properties:
        return ["REDO", "CLOSE"]
    return ["APPROVE"] + [
        decision
        for name, decision in PERMISSIONS.items()
        if element.properties.get(name) == "true"
    ]


def require_person(call: handlers.Call) -> str:
    """Return who acts; an element without a person cannot give an opinion."""
    if call.person is None:
        raise errors.DuchaError(
            f"环节“{call.element.name}”没有办理人，不能记录意见。",
            element_id=call.element.id,
        )
    return call.person


def _append(
    call: handlers.Call,
    matter_id: int,
    subject: Subject,
    verb: str,
    decision: str,
    comment: str,
) -> Opinion:
    row = call.work.connection.execute(
        tables.opinion.insert()
        .values(
            matter_id=matter_id,
            subject=subject.kind,
            subject_id=subject.id,
            task_id=call.task_id or "",
            element_id=call.element.id,
            element_name=call.element.name,
            verb=verb,
            decision=decision,
            comment=comment,
            person=require_person(call),
            on_behalf_of=call.on_behalf_of,
            at=call.work.now(),
        )
        .returning(tables.opinion)
    ).one()
    return Opinion(**row._mapping)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Opinion]:
    """Return all opinions of a matter in the order they were given."""
    return _opinions(connection, tables.opinion.c.matter_id == matter_id)


def about(connection: sa.Connection, subject: Subject) -> list[Opinion]:
    """Return the opinions about one subject in the order they were given."""
    opinion = tables.opinion.c
    return _opinions(
        connection,
        sa.and_(opinion.subject == subject.kind, opinion.subject_id == subject.id),
    )


def _opinions(
    connection: sa.Connection, condition: sa.ColumnElement[bool]
) -> list[Opinion]:
    rows = connection.execute(
        sa.select(tables.opinion).where(condition).order_by(tables.opinion.c.id)
    )
    return [Opinion(**row._mapping) for row in rows]
