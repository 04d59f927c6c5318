"""Delivering a conclusion, and reviewing it when its unit asks (P-14)."""

from collections.abc import Mapping

from engine import handlers
from engine import people
from engine.bpmn import model
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import phrases
from processes.supervision.elements.registration import matter_of
from processes.supervision.inspections import conclusions
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers

CONCLUSION = "conclusion"
APPLICATION = "review_application"
DECISION = "review_decision"


def install(registry: handlers.Registry) -> None:
    """Register the handlers and choices of this part."""
    registry.handler("draft_conclusion")(draft_conclusion)
    registry.handler("receive_conclusion")(receive_conclusion)
    registry.handler("apply_for_review")(apply_for_review)
    registry.handler("close_application")(close_application)
    registry.handler("appoint_reviewer")(appoint_reviewer)
    registry.handler("record_review_decision")(record_review_decision)
    registry.handler("settle_review")(settle_review)
    registry.choices("reviewers")(reviewers)


def reviewers(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[dict[str, str]]:
    """Return who may review the conclusion: those who took part are left out."""
    matter_id = entries.number(variables, "matter")
    found = conclusions.eligible(reading.connection, matter_id, reading.now())
    names = people.names(reading.connection, found)
    return [{"value": one, "label": names.get(one, one)} for one in found]


def draft_conclusion(call: handlers.Call) -> Mapping[str, object]:
    """Keep the conclusion, as record and as paper; it is approved before it is sent."""
    matter = matter_of(call)
    if matter.status == "REGISTERED":
        matters.move(call.work, matter, "IN_PROGRESS")
    drafted = conclusions.draft(
        call.work,
        matter,
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    names = phrases.unit_names(call.work.connection, [drafted.unit])
    content = {
        "unit": names[drafted.unit],
        "facts": drafted.facts,
        "evidence": drafted.evidence,
        "text": drafted.text,
    }
    _keep(call, CONCLUSION, "督查结论", content)
    # The form of whoever revises it is filled in with these.
    return {**content, "unit": drafted.unit, "about_unit": drafted.unit}


def receive_conclusion(call: handlers.Call) -> Mapping[str, object]:
    """Record the day of receipt, from which the unit has 30 days to apply."""
    received = conclusions.receive(call.work, matter_of(call).id)
    until = received.apply_until
    assert until is not None
    end = call.work.calendar.end_of_day(until)
    return {
        "apply_until": end.isoformat(timespec="seconds"),
        "conclusion": f"{received.text}\n收到之日起30日内（{until}前）可以申请复核。",
    }


@entries.under("条例第十七条")
def apply_for_review(call: handlers.Call) -> Mapping[str, object]:
    """Record the unit's application, or that it has no objection."""
    wanted = entries.choice(call.fields, "application", ("APPLY", "WAIVE"))
    if wanted == "WAIVE":
        return {"application": wanted}
    grounds = entries.text(call.fields, "grounds", longest=5000)
    request = entries.text(call.fields, "request", longest=2000)
    review = conclusions.apply(
        call.work,
        matter_of(call).id,
        grounds,
        request,
        person=opinions.require_person(call),
    )
    _keep(call, APPLICATION, "复核申请", {"grounds": grounds, "request": request})
    end = call.work.calendar.end_of_day(review.due_on)
    return {
        "application": wanted,
        "decide_by": end.isoformat(timespec="seconds"),
        "grounds_told": f"{grounds}\n请求：{request}",
    }


def close_application(call: handlers.Call) -> None:
    """Tell the unit that from now on no application is accepted."""
    matter = matter_of(call)
    conclusion = conclusions.of_matter(call.work.connection, matter.id)
    inbox.tell(
        call.work,
        [inbox.group(people.group("unit_head", conclusion.unit))],
        "不再受理复核申请",
        f"收到督查结论（{matter.number}）已满{conclusions.DAYS_TO_APPLY}日，"
        "未申请复核，此后的申请不予受理。",
        matter_id=matter.id,
    )


@entries.under("条例第十七条")
def appoint_reviewer(call: handlers.Call) -> Mapping[str, object]:
    """Accept the application and name who reviews it."""
    reviewer = entries.text(call.fields, "reviewer", longest=100)
    conclusions.appoint(call.work, matter_of(call).id, reviewer)
    return {"reviewer": reviewer}


@entries.under("条例第十七条")
def record_review_decision(call: handlers.Call) -> Mapping[str, object]:
    """Keep the decision that the reviewer proposes."""
    decision = entries.choice(
        call.fields, "review_decision", tuple(conclusions.DECISION_LABELS)
    )
    reasons = entries.text(call.fields, "reasons", longest=10_000)
    label = conclusions.DECISION_LABELS[decision]
    person = opinions.require_person(call)
    conclusions.decide(call.work, matter_of(call).id, decision, reasons, person=person)
    _keep(call, DECISION, "复核决定", {"decision": label, "reasons": reasons})
    return {
        "review_decision": decision,
        "reviewer": person,
        "take_back": entries.flag(call.fields, "take_back"),
    }


def settle_review(call: handlers.Call) -> Mapping[str, object]:
    """Put the decision into effect, and say whether a circular must be corrected."""
    matter = matter_of(call)
    taken_back = conclusions.settle(
        call.work,
        matter,
        person=str(call.variables["reviewer"]),
        take_back=call.variables.get("take_back") is True,
    )
    upheld = call.variables.get("review_decision") == "UPHOLD"
    wrong = [] if upheld else conclusions.criticized(call.work.connection, matter)
    return {"taken_back": taken_back, "to_correct": bool(wrong)}


def _keep(
    call: handlers.Call, kind: str, title: str, content: Mapping[str, object]
) -> None:
    papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        kind=kind,
        title=title,
        content=content,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
