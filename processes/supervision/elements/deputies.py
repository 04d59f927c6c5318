"""What diagrams call of suggestions and proposals: from handover to the survey."""

from collections.abc import Mapping
from functools import partial

from engine import errors
from engine import handlers
from engine.bpmn import model
from processes import procedures
from processes.supervision import entries
from processes.supervision.deputies import deputies
from processes.supervision.deputies import destinations
from processes.supervision.deputies import evaluations
from processes.supervision.deputies import handovers
from processes.supervision.deputies import replies
from processes.supervision.deputies import surveys
from processes.supervision.deputies import tracking
from processes.supervision.elements import approval
from processes.supervision.elements.registration import matter_of
from processes.supervision.elements.undertaking import undertaking_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.matters import sources
from processes.supervision.requests import explanations
from processes.supervision.settings import Settings

ANALYSIS = "analysis"
REPORT_BACK = "report_back"
#: What a unit may hand in while it prepares a reply.
COURSES = ("REPLY", "CONTACT", "EXPLAIN")


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers, functions and the job of this part."""
    registry.handler("record_deputy_proposal")(record_deputy_proposal)
    registry.handler("record_analysis")(record_analysis)
    registry.handler("record_units")(record_units)
    registry.handler("record_handover")(record_handover)
    registry.handler("record_communication")(record_communication)
    registry.handler("record_reply_draft")(record_reply_draft)
    registry.handler("send_replies")(send_replies)
    registry.handler("record_survey_answer")(record_survey_answer)
    registry.handler("lapse_surveys")(lapse_surveys)
    registry.handler("open_reply_round")(open_reply_round)
    registry.handler("open_tracking")(open_tracking)
    registry.handler("open_tracked_matter")(partial(open_tracked_matter, settings))
    registry.handler("record_final_opinion")(record_final_opinion)
    registry.handler("record_destinations")(record_destinations)
    registry.handler("write_to_departments")(write_to_departments)
    registry.handler("record_evaluation")(record_evaluation)
    registry.function("handled_by", needs_work=True)(handled_by)
    registry.function("awaits_answer", needs_work=True)(awaits_answer)
    registry.function("dissatisfied", needs_work=True)(dissatisfied)
    registry.function("promised", needs_work=True)(promised)
    registry.function("promised_day", needs_work=True)(promised_day)
    registry.function("destined", needs_work=True)(destined)
    registry.choices("open_surveys")(open_surveys)
    registry.job(deputies.REMINDER)(deputies.tell_reminder)


def handled_by(work: handlers.Work, matter: object) -> str:
    """Return the called procedure by which a lead handles its part of the matter."""
    return handling(sources.procedure_of(work.connection, _get(work, matter)))


def handling(procedure: procedures.Procedure) -> str:
    """Return the process by which leads handle the matters of a procedure.

    A report is handed in and reviewed (`report_back`), unless the procedure's
    parameter `handled_by` names another.
    """
    return str(procedure.parameters.get("handled_by", REPORT_BACK))


def awaits_answer(work: handlers.Work, matter: object) -> bool:
    """Whether somebody has not yet answered about a reply of the present round."""
    return bool(surveys.still_open(work.connection, _get(work, matter)))


def dissatisfied(work: handlers.Work, matter: object) -> bool:
    """Whether somebody is dissatisfied with a reply of the present round."""
    return surveys.dissatisfied(work.connection, _get(work, matter))


def promised(work: handlers.Work, matter: object) -> bool:
    """Whether a reply in force promises to be answered again (B)."""
    return bool(replies.promised(work.connection, _get(work, matter)))


def promised_day(work: handlers.Work, matter: object) -> str:
    """Return the morning of the day that was promised, as ISO 8601."""
    day = tracking.promised_day(work.connection, _get(work, matter).id)
    return work.calendar.start_of_day(day).isoformat(timespec="seconds")


def destined(work: handlers.Work, matter: object, to: object) -> bool:
    """Whether the summary goes there: UPPER, DEPARTMENTS or DEPUTIES."""
    return str(to) in destinations.of_matter(work.connection, _get(work, matter))


def open_surveys(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[dict[str, str]]:
    """Return whose answers are still awaited, each with the unit that replied."""
    matter = matters.get(reading.connection, entries.number(variables, "matter"))
    return [
        {"value": str(one.id), "label": label}
        for one, label in surveys.named(reading.connection, matter)
    ]


def record_deputy_proposal(call: handlers.Call) -> None:
    """Record the suggestion of a registered matter; the property `level` is whose."""
    level = call.element.properties.get("level", "")
    if level not in deputies.LEVELS:
        raise errors.DuchaError(
            f"环节“{call.element.name}”的层级“{level}”不存在。",
            element_id=call.element.id,
        )
    deputies.record(call.work, matter_of(call), call.fields, level=level)


def record_analysis(call: handlers.Call) -> None:
    """Keep the analysis of one suggestion and the units proposed for it (R-01-29)."""
    matter = matter_of(call)
    papers.keep(
        call.work,
        matter_id=matter.id,
        kind=ANALYSIS,
        title="梳理分析意见",
        content={
            "analysis": entries.text(call.fields, "analysis", longest=5000),
            "field": entries.text(call.fields, "field", longest=50),
            "feasibility": entries.text(call.fields, "feasibility", longest=50),
        },
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    record_units(call)


def record_units(call: handlers.Call) -> None:
    """Keep who is to reply: the lead with its assisting units, and 分办 units apart."""
    matter = matter_of(call)
    proposals.record_breakdown(
        call.work,
        matter,
        deputies.breakdown(call.work, matter, call.fields),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def record_handover(call: handlers.Call) -> None:
    """Record the meeting at which the units took the list."""
    handovers.record(
        call.work,
        matter_of(call),
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def record_communication(call: handlers.Call) -> None:
    """Record that the unit talked with those who made the suggestion."""
    replies.communicate(
        call.work,
        undertaking_of(call),
        call.fields,
        person=opinions.require_person(call),
    )


def record_reply_draft(call: handlers.Call) -> Mapping[str, object]:
    """Keep the draft of the reply, or what else the unit hands in: `course`."""
    course = entries.choice(call.fields, "course", COURSES)
    person = opinions.require_person(call)
    if course == "REPLY":
        replies.draft(call.work, undertaking_of(call), call.fields, person=person)
    elif course == "EXPLAIN":
        explanations.record(
            call.work,
            undertaking_of(call),
            call.fields,
            person=person,
            on_behalf_of=call.on_behalf_of,
        )
    return {"course": course}


def send_replies(call: handlers.Call) -> Mapping[str, object]:
    """Send the replies of the round to each who made the suggestion, and the copies."""
    matter = matter_of(call)
    due_at = replies.survey_due(call.work, matter)
    replies.send(call.work, matter, due_at, person=call.person)
    return {"survey_due": due_at.isoformat(timespec="seconds")}


def record_survey_answer(call: handlers.Call) -> None:
    """Register what one of them answered."""
    surveys.answer(
        call.work,
        matter_of(call),
        call.fields,
        person=opinions.require_person(call),
    )


def lapse_surveys(call: handlers.Call) -> None:
    """Count those who did not answer in time as not evaluated."""
    surveys.lapse(call.work, matter_of(call))


def open_reply_round(call: handlers.Call) -> Mapping[str, object]:
    """Have the units reply again within a month."""
    matter, opened = surveys.open_round(call.work, matter_of(call))
    return {"undertakings": [one.id for one in opened], "round": matter.round}


def open_tracking(call: handlers.Call) -> None:
    """Follow every B reply as a matter of its own."""
    tracking.begin(call.work, matter_of(call))


def open_tracked_matter(
    settings: Settings, call: handlers.Call
) -> Mapping[str, object]:
    """Open the matter that follows a B reply; its number is the business key."""
    matter = tracking.open_matter(
        call.work,
        entries.number(call.variables, "reply"),
        area=settings.area,
        root_id=call.root_id,
    )
    call.work.set_business_key(call.instance_id, matter.number)
    return {"matter": matter.id, "round": matter.round}


def record_final_opinion(call: handlers.Call) -> None:
    """Append the leader's opinion on the summary, and where it goes if he says so."""
    approval.record_opinion(call)
    chosen = call.fields.get("destinations")
    if call.fields.get("decision") == "APPROVE" and chosen:
        record_destinations(call)


def record_destinations(call: handlers.Call) -> None:
    """Keep where the summary goes."""
    destinations.record(
        call.work,
        matter_of(call),
        call.fields,
        element_id=call.element.id,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def write_to_departments(call: handlers.Call) -> None:
    """Issue the letter to the departments of the city and send it."""
    destinations.write_to_departments(call.work, matter_of(call), person=call.person)


def record_evaluation(call: handlers.Call) -> None:
    """Keep the score that the standing committee gave."""
    evaluations.record(
        call.work,
        matter_of(call).id,
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def _get(work: handlers.Work, matter: object) -> matters.Matter:
    return matters.get(work.connection, entries.number({"matter": matter}, "matter"))
