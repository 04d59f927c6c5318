"""What is written of an inspection: its report, and the documents printed of it."""

from collections.abc import Mapping
from datetime import date

from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision import phrases
from processes.supervision.documents import documents
from processes.supervision.documents import issuing
from processes.supervision.inspections import inspection_groups
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspections
from processes.supervision.inspections import site_visits
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.undertakings import reports

PAPER = "inspection_report"
PLAN = "PLAN"
REPORT = "INSPECT_REPORT"
TEMPLATES: Mapping[str, str] = {
    PLAN: "common/documents/inspection_plan.typ",
    REPORT: "common/documents/inspection_report.typ",
}
#: What a report must say, and how its parts are headed; research asks more of it.
PARTS: Mapping[str, str] = {"body": "督查情况", "conclusion": "督查结论"}
RESEARCH_PARTS: Mapping[str, str] = {
    "body": "现状",
    "tendency": "普遍性、倾向性问题",
    "countermeasure": "对策建议",
}


def write(
    work: handlers.Work,
    inspection: inspections.Inspection,
    given: entries.Entries,
    *,
    title: str,
    element_id: str,
    form: str | None,
    person: str,
    on_behalf_of: str | None,
) -> papers.Paper:
    """Keep the report as a paper of the matter, and put out the light.

    Reads the parts that the kind of inspection asks for. Raise `Invalid` where one
    is missing, or where all are longer than the policy allows (字数).
    """
    parts = parts_of(inspection.kind)
    told = {key: entries.text(given, key) for key in parts}
    most = inspections.policy(work.connection, inspection.kind).words_most
    count = sum(reports.word_count(text) for text in told.values())
    if most and count > most:
        raise entries.refusal(
            "body", f"不得超过{most}字，现有{count}字。", rule="R-00-37"
        )
    paper = papers.keep(
        work,
        matter_id=inspection.matter_id,
        kind=PAPER,
        title=title,
        content=told,
        element_id=element_id,
        form=form,
        person=person,
        on_behalf_of=on_behalf_of,
    )
    inspections.report(work, inspection)
    return paper


def parts_of(kind: str) -> Mapping[str, str]:
    """Return the parts of a report by their keys, with their headings."""
    return RESEARCH_PARTS if kind == "调研" else PARTS


def issue(
    work: handlers.Work,
    matter: matters.Matter,
    inspection: inspections.Inspection,
    type: str,
    *,
    title: str,
    person: str | None,
) -> documents.Document:
    """Register the plan or the report as a document; each time the next version."""
    said = issuing.gather(work, matter) | _said(work, inspection)
    return documents.register(
        work,
        matter=matter,
        type=type,
        number=f"{matter.number}-D{inspection.id}",
        title=f"{title}（{matter.number}）",
        data={**said, "document_title": title, "number": matter.number},
        template=TEMPLATES[type],
        person=person,
    )


def _said(work: handlers.Work, inspection: inspections.Inspection) -> dict[str, object]:
    connection = work.connection
    plan = inspection_plans.in_force(connection, inspection.id)
    findings = site_visits.findings(connection, inspection.id)
    units = phrases.unit_names(
        connection, {*plan.objects, *(one.unit for one in findings)}
    )
    report = papers.latest(connection, inspection.matter_id, PAPER)
    names = people.names(
        connection, [plan.person, *([report.person] if report else [])]
    )
    return {
        "inspection": {
            "kind": inspection.kind,
            "ended_on": _day(inspection.ended_on) if inspection.ended_on else "",
            "type": plan.type or "",
            "authority": plan.authority,
            "designation": plan.designation or "",
            "form": plan.form or "",
            "plan_no": plan.plan_no,
            "basis": plan.basis,
            "content": plan.content,
            "scope": plan.scope,
            "objects": [units.get(code, code) for code in plan.objects],
            "methods": list(plan.methods),
            "starts_on": _day(plan.starts_on),
            "ends_on": _day(plan.ends_on),
            "place": plan.place,
            "drafted_by": names.get(plan.person, plan.person),
            "members": [
                {
                    "role": inspection_groups.ROLE_LABELS[one.role],
                    "name": one.name,
                    "from_unit": one.from_unit,
                    "invited_from": one.invited_from or "",
                    "duty": one.duty,
                }
                for one in inspection_groups.of_inspection(connection, inspection.id)
            ],
            "visits": [
                {
                    "held_on": _day(one.held_on),
                    "place": one.place,
                    "method": one.method,
                    "content": one.content,
                    "bottleneck": one.bottleneck or "",
                    "coordination": one.coordination or "",
                }
                for one in site_visits.of_inspection(connection, inspection.id)
            ],
            "findings": [
                {
                    "unit": units.get(one.unit, one.unit),
                    "object": one.object,
                    "place": one.place,
                    "fact": one.fact,
                    "evidence": list(one.evidence),
                    "suggestion": one.suggestion,
                }
                for one in findings
            ],
            "parts": [
                {"heading": heading, "text": str(report.content.get(key, ""))}
                for key, heading in parts_of(inspection.kind).items()
            ]
            if report
            else [],
            "reported_by": names.get(report.person, report.person) if report else "",
        }
    }


def _day(day: date) -> str:
    """Return a day as documents write it: 2026年9月22日 (不编虚位)."""
    return f"{day.year}年{day.month}月{day.day}日"
