"""Inspections: the plan and its approval, the group, the visits, the report."""

from collections.abc import Mapping

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from engine.bpmn import model
from processes.supervision import access
from processes.supervision import avoidances
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision.elements.registration import matter_of
from processes.supervision.forms import choices
from processes.supervision.inspections import inspection_groups
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspection_reports
from processes.supervision.inspections import inspections
from processes.supervision.inspections import site_visits
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import registration

COUNTERSIGN = "countersign"
#: Whose matter it is reads the report (报领导); any other is the mayor's.
TOLD = access.LEADERS | {"party_leader"}
#: The procedure of instructions (P-05), to which an adopted report is handed.
INSTRUCTION = "proc_leader_instruction"


def install(registry: handlers.Registry) -> None:
    """Register the handlers, functions and choices of this part."""
    registry.handler("record_inspection_plan")(record_inspection_plan)
    registry.handler("record_plan_opinion")(record_plan_opinion)
    registry.handler("approve_plan")(approve_plan)
    registry.handler("establish_group")(establish_group)
    registry.handler("record_visit")(record_visit)
    registry.handler("record_inspection_end")(record_inspection_end)
    registry.handler("record_inspection_report")(record_inspection_report)
    registry.handler("record_outcome")(record_outcome)
    registry.handler("issue_inspection_report")(issue_inspection_report)
    registry.handler("record_countersign")(record_countersign)
    registry.handler("open_instruction")(open_instruction)
    registry.function("countersign_amends", needs_work=True)(countersign_amends)
    registry.function("inspection_due", needs_work=True)(inspection_due)
    registry.function("has_plan", needs_work=True)(has_plan)
    registry.choices("inspectors")(inspectors)
    registry.choices("plan_methods")(plan_methods)
    registry.choices("plan_objects")(plan_objects)


def inspection_of(call: handlers.Call) -> inspections.Inspection:
    """Return the inspection whose id the instance carries, else the matter's last."""
    connection = call.work.connection
    if call.variables.get("inspection") is not None:
        number = entries.number(call.variables, "inspection")
        return inspections.get(connection, number)
    found = inspections.of_matter(connection, matter_of(call).id)
    if not found:
        raise errors.Refused("还没有督查方案。（R-02-06）")
    return found[-1]


def has_plan(work: handlers.Work, matter: object) -> bool:
    """Whether the matter's last inspection waits with a plan approved elsewhere.

    So a procedure whose plan others approve (区政府同意，县委、县政府领导批准) draws
    that itself and calls the rest.
    """
    number = entries.number({"matter": matter}, "matter")
    found = inspections.of_matter(work.connection, number)
    return bool(
        found
        and found[-1].state == "PLANNING"
        and inspection_plans.agreed(work.connection, found[-1].id)
    )


def inspection_due(work: handlers.Work, inspection: object) -> str:
    """Return when the report of an inspection that ended is due, as ISO 8601."""
    number = entries.number({"inspection": inspection}, "inspection")
    due_at = inspections.get(work.connection, number).report_due_at
    if due_at is None:
        raise inspections.WrongState(inspection_id=number)
    return due_at.isoformat(timespec="seconds")


def record_inspection_plan(call: handlers.Call) -> Mapping[str, object]:
    """Keep a version of the plan; the first one opens the inspection."""
    matter = matter_of(call)
    going_on = [
        one
        for one in inspections.of_matter(call.work.connection, matter.id)
        if one.state != "REPORTED"
    ]
    if not going_on:
        kind = str(call.variables.get("kind") or call.element.properties.get("kind"))
        inspection = inspections.open_inspection(call.work, matter.id, kind)
    else:
        inspection = going_on[-1]
    plan = inspection_plans.record(
        call.work,
        inspection,
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    _keep(call, "inspection_plan", f"{inspection.kind}方案")
    return {
        "inspection": inspection.id,
        "advised": plan.authority == inspection_plans.ADVICE,
    }


def record_plan_opinion(call: handlers.Call) -> None:
    """Append an opinion about the newest version of the plan."""
    plan = inspection_plans.latest(call.work.connection, inspection_of(call).id)
    subject = opinions.Subject(inspection_plans.SUBJECT, plan.id, plan.person)
    verb = call.element.properties.get("verb", "审定")
    opinions.record(call, matter_of(call).id, subject, verb=verb)


def approve_plan(call: handlers.Call) -> Mapping[str, object]:
    """Put the approved plan in force and print it.

    A group that is there already must have no interest in what was added.
    """
    work, inspection = call.work, inspection_of(call)
    plan = inspection_plans.approve(work, inspection)
    members = inspection_groups.of_inspection(work.connection, inspection.id)
    inspection_groups.require_disinterested(work, members, plan.objects)
    inspection_reports.issue(
        work,
        matter_of(call),
        inspection,
        inspection_reports.PLAN,
        title=f"{inspection.kind}方案",
        person=call.person,
    )
    return {"inspection": inspection.id, "inspection_form": plan.form or ""}


def establish_group(call: handlers.Call) -> Mapping[str, object]:
    """Enter what was declared, form the group, tell its members; work begins."""
    work, matter, person = call.work, matter_of(call), opinions.require_person(call)
    for row in entries.rows(call.fields, "avoidances"):
        avoidances.enter(work, row, person=person, on_behalf_of=call.on_behalf_of)
    members = inspection_groups.establish(
        work,
        inspection_of(call),
        call.fields,
        person=person,
        on_behalf_of=call.on_behalf_of,
    )
    _keep(call, "inspection_group", "督查组名单")
    _set_under_way(work, matter)
    inbox.tell(
        work,
        [inbox.person(one.account) for one in members if one.account is not None],
        matter.title,
        f"{matter.number}：您已列入督查组，请按批准的方案开展督查。",
        matter_id=matter.id,
    )
    leader = next(one.account for one in members if one.role == "LEADER")
    return {"leader": leader}


def record_visit(call: handlers.Call) -> None:
    """Keep the record of a visit and the problems found on it."""
    site_visits.record(
        call.work,
        inspection_of(call),
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    _keep(call, "site_visit", "现场督查记录")


def record_inspection_end(call: handlers.Call) -> None:
    """Record the day it ended; the clock of its report starts."""
    inspections.end(call.work, inspection_of(call), call.fields)


def record_inspection_report(call: handlers.Call) -> Mapping[str, object]:
    """Keep the report; where it goes is decided afterwards, if at all."""
    inspection_reports.write(
        call.work,
        inspection_of(call),
        call.fields,
        title=_title(call),
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    return {"outcome": "FORMED"}


def record_outcome(call: handlers.Call) -> Mapping[str, object]:
    """Keep where the report goes; a report for the leaders is told to them at once."""
    matter, inspection = matter_of(call), inspection_of(call)
    outcome = inspections.decide_outcome(call.work, inspection, call.fields)
    _keep(call, "inspection_outcome", "报告去向")
    if outcome == "LEADERS":
        leader = matter.source_rank if matter.source_rank in TOLD else "mayor"
        inbox.tell(
            call.work,
            [inbox.group(str(leader))],
            matter.title,
            f"{matter.number}：{_title(call)}已形成，请阅示。",
            matter_id=matter.id,
        )
    return {"outcome": outcome}


def issue_inspection_report(call: handlers.Call) -> None:
    """Print the report."""
    inspection_reports.issue(
        call.work,
        matter_of(call),
        inspection_of(call),
        inspection_reports.REPORT,
        title=_title(call),
        person=call.person,
    )


def record_countersign(call: handlers.Call) -> None:
    """Keep what a participant says of the plan that it countersigns (会签)."""
    work, matter = call.work, matter_of(call)
    plan = inspection_plans.latest(work.connection, inspection_of(call).id)
    papers.keep(
        work,
        matter_id=matter.id,
        kind=COUNTERSIGN,
        title=call.element.name,
        content={
            "plan": plan.id,
            "unit": str(call.variables["unit"]),
            "countersign": entries.choice(
                call.fields, "countersign", ("AGREE", "AMEND")
            ),
            "comment": entries.text(call.fields, "comment", longest=2000),
        },
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def countersign_amends(work: handlers.Work, matter: object) -> bool:
    """Whether a participant wants the newest plan amended."""
    number = entries.number({"matter": matter}, "matter")
    last = inspections.of_matter(work.connection, number)[-1]
    plan = inspection_plans.latest(work.connection, last.id)
    return any(
        one.content["plan"] == plan.id and one.content["countersign"] == "AMEND"
        for one in papers.of_matter(work.connection, number)
        if one.kind == COUNTERSIGN
    )


def open_instruction(call: handlers.Call) -> Mapping[str, object]:
    """Register what a leader wrote on a report as an instruction to be supervised.

    The instruction is a matter of its own (P-05), entered by the registrar. Reads
    `original`, `urgency` and `due_on`.
    """
    work, matter = call.work, matter_of(call)
    note = papers.require(work.connection, matter.id, "leader_note")
    today = work.calendar.local_date(work.now()).isoformat()
    due_on = entries.optional_day(call.fields, "due_on")
    started = work.start(
        INSTRUCTION,
        fields={
            "title": f"调研报告批示：{matter.title}"[: registration.LONGEST_TITLE],
            "source_rank": str(call.variables["source_rank"]),
            "source_leader": note.person,
            "instruction": str(note.content["comment"]),
            "source_on": today,
            "received_on": today,
            "original": entries.text(call.fields, "original", longest=200),
            "urgency": entries.choice(call.fields, "urgency", registration.URGENCIES),
            "secrecy": matter.secrecy,
            "read_only": False,
            **({"due_on": due_on.isoformat()} if due_on else {}),
        },
        person=opinions.require_person(call),
    )
    work.note(call.instance_id, "instruction_opened", {"instance": started.instance_id})
    return {"instruction_instance": started.instance_id}


def inspectors(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return everybody with a post but the guardians: who may be in a group."""
    post, person = engine_tables.post.c, engine_tables.person.c
    at = reading.now()
    rows = reading.connection.execute(
        sa.select(person.id, person.name)
        .where(
            person.active,
            sa.exists().where(
                post.person == person.id,
                post.role.not_in(sorted(access.GUARDIANS)),
                post.starts_at <= at,
                post.ends_at.is_(None) | (at < post.ends_at),
            ),
        )
        .order_by(person.id)
    )
    return [{"value": row.id, "label": row.name} for row in rows]


def plan_methods(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return the methods of the approved plan."""
    plan = _plan(reading, variables)
    return [{"value": one, "label": one} for one in plan.methods]


def plan_objects(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return the units that the approved plan names."""
    objects = _plan(reading, variables).objects
    unit = engine_tables.unit.c
    rows = reading.connection.execute(
        sa.select(unit.code, unit.name)
        .where(unit.code.in_(objects))
        .order_by(unit.code)
    )
    return [{"value": row.code, "label": row.name} for row in rows]


def _plan(
    reading: handlers.Reading, variables: Mapping[str, object]
) -> inspection_plans.Plan:
    inspection = entries.number(variables, "inspection")
    return inspection_plans.in_force(reading.connection, inspection)


def _keep(call: handlers.Call, kind: str, title: str) -> None:
    """Keep what the form brought as a paper, to be read and archived as it was."""
    papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        kind=kind,
        title=title,
        content=call.fields,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def _title(call: handlers.Call) -> str:
    """Return what the report is called: by the caller, else by the element."""
    told = call.variables.get("paper_title")
    return str(told or call.element.properties.get("paper_title", "督查报告"))


def _set_under_way(work: handlers.Work, matter: matters.Matter) -> None:
    """Bring the matter to 办理中: the activity stands in for the notice (二选一)."""
    if matter.status == "APPROVING":
        matter = matters.move(work, matter, "APPROVED")
    if matter.status != "IN_PROGRESS":
        matters.move(work, matter, "IN_PROGRESS")
