"""Planning training, recording its sessions, summing up the year (P-16)."""

from collections.abc import Mapping

from engine import handlers
from engine import people
from engine.bpmn import model
from processes.supervision import entries
from processes.supervision.elements.registration import matter_of
from processes.supervision.inspections import training
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers

PLAN = "training_plan"


def install(registry: handlers.Registry) -> None:
    """Register the handlers and choices of this part."""
    registry.handler("plan_training")(plan_training)
    registry.handler("open_sessions")(open_sessions)
    registry.handler("record_session")(record_session)
    registry.handler("review_year")(review_year)
    registry.choices("supervisors")(supervisors)


def supervisors(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[dict[str, str]]:
    """Return who may attend: the team that supervises."""
    team = training.members(reading)
    names = people.names(reading.connection, team)
    return [{"value": one, "label": names.get(one, one)} for one in team]


@entries.under("R-04-14")
def plan_training(call: handlers.Call) -> Mapping[str, object]:
    """Keep the plan, as sessions and as the paper that is approved.

    What it returns fills in the form of whoever revises it.
    """
    matter = matter_of(call)
    if matter.status == "REGISTERED":
        matters.move(call.work, matter, "IN_PROGRESS")
    sessions = training.plan(call.work, matter.id, call.fields)
    content = {
        "purpose": entries.text(call.fields, "purpose", longest=2000),
        "sessions": [
            {
                "on": one.planned_on.isoformat(),
                "topic": one.topic,
                "lecturer": one.lecturer,
                "leader_lecture": one.leader_lecture,
            }
            for one in sessions
        ],
    }
    papers.keep(
        call.work,
        matter_id=matter.id,
        kind=PLAN,
        title="培训计划",
        content=content,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return content


def open_sessions(call: handlers.Call) -> Mapping[str, object]:
    """Return the sessions of the approved plan, each with the moment it begins."""
    calendar = call.work.calendar
    return {
        "sessions": [
            {
                "id": one.id,
                "title": f"{one.topic}（{one.lecturer}，{one.planned_on}）",
                "begins_at": calendar.start_of_day(one.planned_on).isoformat(),
            }
            for one in training.of_matter(call.work.connection, matter_of(call).id)
        ]
    }


def record_session(call: handlers.Call) -> None:
    """Record what became of a session, and who attended."""
    training.record(
        call.work,
        entries.number(call.variables, "session"),
        call.fields,
        person=opinions.require_person(call),
    )


def review_year(call: handlers.Call) -> Mapping[str, object]:
    """Return whether a leader gave a lecture this year, and the year in words."""
    sessions = training.of_matter(call.work.connection, matter_of(call).id)
    held = [one for one in sessions if one.held_on is not None]
    lectured = any(one.leader_lecture for one in held)
    hours = sum(one.hours or 0 for one in held)
    words = (
        f"计划{len(sessions)}次，举办{len(held)}次，共{hours}学时；"
        f"领导授课{sum(one.leader_lecture for one in held)}次。"
    )
    return {"leader_lectured": lectured, "year_told": words}
