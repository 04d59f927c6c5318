"""Instructions of leaders: who wrote, who drafts, and what they say to the result."""

from collections.abc import Mapping

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import entries
from processes.supervision.deadlines import deadlines
from processes.supervision.documents import issuing
from processes.supervision.elements import recording
from processes.supervision.elements.registration import matter_of
from processes.supervision.leaders import instructions
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.undertakings import openings

#: What a section of the government office makes of a vice mayor's instruction.
WEIGHTS = ("ORDINARY", "MAJOR", "MERGE")


def install(registry: handlers.Registry) -> None:
    """Register the handlers and functions of this part."""
    registry.handler("settle_due")(settle_due)
    registry.handler("record_instructions")(record_instructions)
    registry.handler("record_instruction")(record_instruction)
    registry.handler("join_instructions")(join_instructions)
    registry.handler("record_judgement")(record_judgement)
    registry.handler("record_notice")(record_notice)
    registry.handler("record_leader_answer")(record_leader_answer)
    registry.handler("continue_supervision")(continue_supervision)
    registry.function("upper_report_due", needs_work=True)(upper_report_due)
    registry.function("path_of", needs_work=True)(path_of)
    registry.function("instructing_leaders", needs_work=True)(instructing_leaders)
    registry.function("from_above", needs_work=True)(from_above)
    registry.function("continued", needs_work=True)(continued)


def upper_report_due(work: handlers.Work, matter: object) -> str:
    """Return when 上级 must have the report, as ISO 8601.

    Where it named no day, the end of the matter itself (收文之日起30日 【补充】).
    """
    found = matters.get(work.connection, _id(matter))
    if found.upper_due is None:
        return found.due_at.isoformat(timespec="seconds")
    return work.calendar.end_of_day(found.upper_due).isoformat(timespec="seconds")


def path_of(work: handlers.Work, matter: object) -> str:
    """OFFICE where the supervision office drafts the notice, SECTION elsewhere."""
    return instructions.path(work.connection, _id(matter))


def instructing_leaders(work: handlers.Work, matter: object) -> list[str]:
    """Return the accounts of the leaders who must be told of the result."""
    return instructions.leaders(work.connection, _id(matter))


def from_above(work: handlers.Work, matter: object) -> bool:
    """Whether a leader above the county wrote."""
    return instructions.from_above(work.connection, _id(matter))


def continued(work: handlers.Work, matter: object) -> bool:
    """Whether a leader, when last told of the result, wanted more of it."""
    return instructions.continued(work.connection, _id(matter))


def settle_due(call: handlers.Call) -> Mapping[str, object]:
    """Bring the matter to its end before the upper government wants to hear of it.

    A day that was entered is refused where it is not earlier (R-01-07); what only
    follows from the procedure's default moves to the working day before.
    """
    work, matter = call.work, matter_of(call)
    told = {"comprehensive": matter.comprehensive}
    if matter.upper_due is None:
        return told
    last = work.calendar.add_workdays(matter.upper_due, -1)
    if work.calendar.local_date(matter.due_at) <= last:
        return told
    if call.fields.get("due_on"):
        raise entries.refusal(
            "due_on",
            f"须早于对上时限 {matter.upper_due} 至少1个工作日。",
            rule="R-01-07",
        )
    due = deadlines.on_day(work.calendar, matter.assigned_on, last, key="upper_due_on")
    matters.change(
        work,
        matter,
        due_at=due.at,
        due_workdays=due.workdays,
        due_provisional=due.provisional,
    )
    return told


def record_instructions(call: handlers.Call) -> Mapping[str, object]:
    """Keep what every leader wrote on the paper (领导批示件)."""
    matter = instructions.record(
        call.work,
        matter_of(call),
        instructions.read(call.work, call.fields),
        element_id=call.element.id,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {
        "read_only": entries.flag(call.fields, "read_only"),
        "comprehensive": matter.comprehensive,
    }


def record_instruction(call: handlers.Call) -> Mapping[str, object]:
    """Keep what a leader of the county wrote on a document from above (R-01-02).

    A user task must bring it; after a start event it may still be missing.
    """
    found = instructions.read_one(call.work, call.fields)
    if found is None:
        if call.task_id is not None:
            raise entries.refusal(
                "instruction", "须附县政府领导批示方可立项分解。", rule="R-01-02"
            )
        return {"instructed": False}
    instructions.record(
        call.work,
        matter_of(call),
        [found],
        element_id=call.element.id,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {"instructed": True}


def join_instructions(call: handlers.Call) -> None:
    """Let the matter that this one was merged into take over its instructions."""
    merged = matter_of(call)
    main = matters.get(call.work.connection, int(merged.merged_into_id or 0))
    instructions.join(call.work, merged, main)


def record_judgement(call: handlers.Call) -> Mapping[str, object]:
    """Keep whether a vice mayor's matter is major, and why (R-01-20, R-01-23).

    MERGE means that another leader's matter, already registered, is the same one.
    """
    work, matter = call.work, matter_of(call)
    weight = entries.choice(call.fields, "weight", WEIGHTS)
    reason = entries.text(call.fields, "reason", longest=2000)
    if weight == "MERGE":
        main = _numbered(work.connection, entries.text(call.fields, "into"))
        instructions.require_answer(work.connection, matter, main)
        matters.end(work, matter, "MERGED")
        matters.change(work, matter, merged_into_id=main.id)
    else:
        matters.change(work, matter, major=weight == "MAJOR")
    papers.keep(
        work,
        matter_id=matter.id,
        kind="judgement",
        title=call.element.name or "判定",
        content={"weight": weight, "reason": reason},
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {"weight": weight}


def record_notice(call: handlers.Call) -> None:
    """Keep the draft of the notice; nothing in it is due after the leader's limit."""
    matter = matter_of(call)
    limit = call.work.calendar.local_date(matter.due_at)
    for number, row in enumerate(entries.rows(call.fields, "mandates")):
        due_on = entries.optional_day(row, "due_on")
        if due_on is not None and due_on > limit:
            raise entries.refusal(
                f"mandates[{number}].due_on",
                f"不得晚于批示事项的办结时限 {limit}。",
                rule="R-01-22",
            )
    proposals.record_breakdown(
        call.work,
        matter,
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def record_leader_answer(call: handlers.Call) -> None:
    """Append what the leader says when he is told of the result (R-01-26)."""
    matter = matter_of(call)
    kept = papers.of_matter(call.work.connection, matter.id)
    told = entries.number(call.variables, "paper_reply")
    reply = next(one for one in kept if one.id == told)
    subject = opinions.Subject(instructions.ANSWER, reply.id, reply.person)
    opinions.record(call, matter.id, subject, verb=call.element.properties["verb"])


def continue_supervision(call: handlers.Call) -> Mapping[str, object]:
    """Open another round, as the proposal in force names it, with a notice of its own.

    It is due after as many working days as the first 【补充】. The type of the notice
    stands in the property `document`.
    """
    work, matter = call.work, matter_of(call)
    today = work.calendar.local_date(work.now())
    due = deadlines.after(work.calendar, today, max(1, matter.due_workdays))
    moved = matters.move(work, matter, "IN_PROGRESS", round=matter.round + 1)
    again = matters.extend(work, moved, due)
    proposal = proposals.current(work.connection, matter.id)
    opened = openings.issue(work, again, proposal, due.on)
    issuing.issue(
        work,
        again,
        recording.required_property(call.element.properties, "document", call),
        chosen=call.variables,
        person=call.person,
    )
    return {"undertakings": [one.id for one in opened], "round": again.round}


def _numbered(connection: sa.Connection, number: str) -> matters.Matter:
    try:
        return matters.by_number(connection, number)
    except errors.NotFound as error:
        raise entries.refusal(
            "into", f"没有督查事项“{number}”。", rule="R-00-24"
        ) from error


def _id(matter: object) -> int:
    return entries.number({"matter": matter}, "matter")
