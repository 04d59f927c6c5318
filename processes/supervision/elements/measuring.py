"""Plans, completions and their comparison, quarter by quarter and month by month."""

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from itertools import groupby
from typing import cast

from engine import errors
from engine import handlers
from engine import people
from engine import workdays
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import phrases
from processes.supervision.documents import circulars
from processes.supervision.documents import issuing
from processes.supervision.elements import approval
from processes.supervision.elements import opening
from processes.supervision.elements import recording
from processes.supervision.elements.registration import matter_of
from processes.supervision.elements.undertaking import undertaking_of
from processes.supervision.matters import mandates
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.matters import sources
from processes.supervision.statistics import bulletins
from processes.supervision.targets import assessments
from processes.supervision.targets import comparisons
from processes.supervision.targets import completions
from processes.supervision.targets import imports
from processes.supervision.targets import indicators
from processes.supervision.targets import targets
from processes.supervision.undertakings import periods
from processes.supervision.undertakings import undertakings

QUARTERS = "一二三四"
#: What a circular of a quarter lists (003), and the one of a month.
QUARTER_HEADINGS = {
    "DONE": "已完成全年目标的任务",
    "BEHIND": "未完成季度计划的任务",
    "MISSING": "未反馈的任务",
}
WATCH_HEADINGS = {
    "DONE": "已竣工的项目",
    "ON_PLAN": "按期推进的项目",
    "BEHIND": "滞后的项目",
}
#: What a letter about a project that is behind says at its end, by its type.
CONSEQUENCES = {
    "REMINDER_LETTER": "请查明原因，采取措施，尽快赶上时间节点要求。",
    "INTERVIEW_ADVICE": "建议就项目滞后情况对你单位主要负责人进行约谈。",
    "ACCOUNT_ADVICE": "建议按照问责办法对有关责任人予以问责。",
}


def install(registry: handlers.Registry) -> None:
    """Register the handlers and functions of this part."""
    registry.function("measured_by", needs_work=True)(measured_by)
    registry.handler("record_measurable")(record_measurable)
    registry.handler("record_completion")(record_completion)
    registry.handler("settle_lead")(settle_lead)
    registry.handler("plan_quarters")(plan_quarters)
    registry.handler("plan_months")(plan_months)
    registry.handler("compare_quarter")(compare_quarter)
    registry.handler("report_circular")(report_circular)
    registry.handler("compile_month")(compile_month)
    registry.handler("compare_milestones")(compare_milestones)
    registry.handler("record_adjustment_opinion")(record_adjustment_opinion)
    registry.handler("grant_adjustment")(grant_adjustment)
    registry.handler("record_lag_opinion")(record_lag_opinion)
    registry.handler("issue_lag_letter")(issue_lag_letter)


def measured_by(work: handlers.Work, matter: object) -> str:
    """Return by what the matter's mandates are measured, for forms to ask for it."""
    number = entries.number({"matter": matter}, "matter")
    found = matters.get(work.connection, number)
    return targets.measured_by(work.connection, found)


def record_measurable(call: handlers.Call) -> None:
    """Keep a breakdown of which every mandate can be measured.

    Takes the mandates imported from Excel where the form brings none.
    """
    work, matter = call.work, matter_of(call)
    given = call.fields
    if not entries.rows(given, "mandates"):
        imported = papers.latest(work.connection, matter.id, imports.KIND)
        given = {**given, **(imported.content if imported else {})}
    proposals.record_breakdown(
        work,
        matter,
        targets.measurable(work, matter, given),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def record_completion(call: handlers.Call) -> None:
    """Keep the figures that came with a progress report."""
    completions.record(
        call.work,
        undertaking_of(call),
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def settle_lead(call: handlers.Call) -> Mapping[str, object]:
    """Go on with the unit that leads now, where the part was given to another."""
    given = undertaking_of(call)
    for one in undertakings.beside(call.work.connection, given):
        if (one.role, one.period) == ("LEAD", ""):
            if given.role == "LEAD" and one.state != "REASSIGNED":
                return {"undertaking": one.id, "unit": one.unit}
    return {"undertaking": given.id, "unit": given.unit}


def plan_quarters(call: handlers.Call) -> Mapping[str, object]:
    """Plan the feedback periods of the year; a unit's part as a whole is not urged."""
    assessments.rest_wholes(call.work, matter_of(call).id)
    return approval.plan_periods(call)


def plan_months(call: handlers.Call) -> Mapping[str, object]:
    """Plan the feedback periods and gather them by month, each with its circular.

    `compile_at` is some working days after the last feedback of the month
    (parameter `compile_after`), `freeze_at` when the chart of the month is due, in
    the month that follows (parameter `chart_day`).
    """
    work, matter = call.work, matter_of(call)
    after = int(str(opening.parameter(work, matter.id, "compile_after")))
    parameters = sources.procedure_of(work.connection, matter).parameters
    assessments.rest_wholes(work, matter.id)
    planned = periods.plan(work, matter)
    months = []
    for month, found in groupby(planned, key=lambda one: one.label.partition("月")[0]):
        of_month = list(found)
        last = max(one.due_at for one in of_month)
        compile_on = work.calendar.add_workdays(last, after)
        first = date(matter.received_on.year, int(month), 1)
        chart_on = work.calendar.add_months(first, 1).replace(
            day=int(parameters.get("chart_day", 5))
        )
        months.append(
            {
                "label": f"{first.year}年{first.month}月",
                "month": indicators.month_of(first),
                "opens_at": _moment(min(one.opens_at for one in of_month)),
                "compile_at": _moment(_morning(compile_on)),
                "freeze_at": _moment(
                    _morning(work.calendar.roll(chart_on, "previous"))
                ),
                "feedbacks": [
                    {"undertaking": one, "opens_at": _moment(period.opens_at)}
                    for period in of_month
                    for one in period.undertakings
                ],
            }
        )
    return {"months": months}


def compare_quarter(call: handlers.Call) -> Mapping[str, object]:
    """Compare the quarter's plan with what was done; write a draft of its circular."""
    work, matter = call.work, matter_of(call)
    period = mapping_of(call.variables, "period")
    ids = [
        entries.number({"undertaking": one}, "undertaking")
        for one in cast(list[object], period["undertakings"])
    ]
    lines = comparisons.compare_quarter(work, matter, str(period["label"]), ids)
    due_on = work.calendar.local_date(lines[0].undertaking.due_at)
    quarter = comparisons.quarter_of(work.connection, matter, due_on)
    late = comparisons.listed(lines, "MISSING")
    circular = write_circular(
        call,
        f"{due_on.year}年第{QUARTERS[quarter - 1]}季度政府工作报告任务落实情况通报",
        comparisons.told(work.connection, lines, QUARTER_HEADINGS),
        praised=comparisons.named_units(
            comparisons.listed(lines, "DONE"), "已完成全年目标"
        ),
        criticized=comparisons.named_units(
            [*comparisons.listed(lines, "BEHIND"), *late], "未完成季度计划或未反馈"
        ),
    )
    return {"compared": True, "circular": circular}


def report_circular(call: handlers.Call) -> None:
    """Send an approved circular to the office outside that the property `to` names."""
    matter = matter_of(call)
    circular = circulars.get(
        call.work.connection, entries.number(call.variables, "circular")
    )
    to = recording.required_property(call.element.properties, "to", call)
    call.work.send(
        "exchange",
        to,
        {
            "number": matter.number,
            "title": circular.title,
            "what": call.element.name,
            "result": circular.body,
        },
        key=f"exchange:{matter.id}:circular:{circular.id}:{to}",
        instance_id=call.root_id,
    )


def compile_month(call: handlers.Call) -> Mapping[str, object]:
    """Gather what the units reported in the month in a draft of its circular."""
    work = call.work
    month = mapping_of(call.variables, "month")
    lines = comparisons.lines_of(work.connection, _month_ids(month))
    body = [f"{month['label']}应反馈{len(lines)}期。"]
    for mandate, undertaking, completion in lines:
        said = completion.visible_progress or "未反馈"
        body.append(
            f"{targets.label(mandate)} {mandate.content[:40]}（{undertaking.period}）："
            f"{said[:200]}；投资完成{targets.shown(completion.investment)}万元。"
        )
    title = f"{month['label']}十件实事进展情况通报"
    circular = write_circular(call, title, "\n".join(body))
    return {"compared": True, "circular": circular}


def compare_milestones(call: handlers.Call) -> Mapping[str, object]:
    """Compare the milestones of the month; name the projects that are behind."""
    work, matter = call.work, matter_of(call)
    month = mapping_of(call.variables, "month")
    lines = comparisons.compare_milestones(
        work, matter, str(month["label"]), _month_ids(month)
    )
    behind = comparisons.listed(lines, "BEHIND")
    return {
        "compared": True,
        "lagging": [
            {
                "undertaking": line.undertaking.id,
                "comparison": line.comparison.id,
                "consecutive": line.comparison.consecutive,
            }
            for line in behind
        ],
        "circular": write_circular(
            call,
            f"{month['label']}重点项目问责观察情况通报",
            comparisons.told(work.connection, lines, WATCH_HEADINGS),
            criticized=comparisons.named_units(behind, "未按时间节点推进"),
        ),
    }


def record_adjustment_opinion(call: handlers.Call) -> None:
    """Append an opinion on a unit's request for another target."""
    asked = targets.get(
        call.work.connection, entries.number(call.variables, "adjustment")
    )
    subject = opinions.Subject("target_adjustment", asked.id, asked.person)
    opinions.record(call, asked.matter_id, subject, verb=_verb(call))


def grant_adjustment(call: handlers.Call) -> None:
    """Let the adjusted target count."""
    targets.grant(call.work, entries.number(call.variables, "adjustment"))


def record_lag_opinion(call: handlers.Call) -> None:
    """Append an opinion on what to do about a project that is behind."""
    number = entries.number(call.variables, "comparison")
    subject = opinions.Subject("comparison", number, None)
    opinions.record(call, matter_of(call).id, subject, verb=_verb(call))


def issue_lag_letter(call: handlers.Call) -> None:
    """Issue what was approved about a project that is behind, and tell its unit.

    The decision's `measure` is the type of the document.
    """
    work, matter = call.work, matter_of(call)
    measure = str(call.variables["measure"])
    comparison = comparisons.get(
        work.connection, entries.number(call.variables, "comparison")
    )
    undertaking = undertaking_of(call)
    mandate = mandates.get(work.connection, comparison.mandate_id)
    name = phrases.unit_names(work.connection, [undertaking.unit])[undertaking.unit]
    approver = opinions.about(
        work.connection, opinions.Subject("comparison", comparison.id, None)
    )[-1].person
    papers.keep(
        work,
        matter_id=matter.id,
        kind="lag",
        title=f"{targets.label(mandate)}节点滞后",
        content={
            "unit": name,
            "project": mandate.content,
            "label": targets.label(mandate),
            "period": comparison.period,
            "planned": comparison.planned,
            "actual": comparison.actual or "0",
            "behind": comparison.behind,
            "consecutive": comparison.consecutive,
            "consequence": CONSEQUENCES[measure],
        },
        element_id=call.element.id,
        person=approver,
    )
    letter = issuing.issue(
        work,
        matter,
        measure,
        chosen={},
        person=approver,
        undertaking_id=undertaking.id,
    )
    inbox.tell(
        work,
        [inbox.group(people.group("unit_head", undertaking.unit))],
        letter.title,
        CONSEQUENCES[measure],
        matter_id=matter.id,
    )


def write_circular(
    call: handlers.Call,
    title: str,
    body: str,
    *,
    praised: Sequence[Mapping[str, str]] = (),
    criticized: Sequence[Mapping[str, str]] = (),
) -> int:
    """Keep what was found as the draft of a circular, for the officer to go over."""
    drafted = circulars.draft(
        call.work,
        matter_id=matter_of(call).id,
        series="督查通报",
        given={
            "title": title,
            "body": comparisons.shortened(body),
            "praised": list(praised),
            "criticized": list(criticized),
        },
        person=bulletins.SYSTEM,
    )
    return drafted.id


def _verb(call: handlers.Call) -> str:
    return call.element.properties.get("verb", "审定")


def mapping_of(variables: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return a variable that is a feedback period or a month of them."""
    value = variables.get(key)
    if not isinstance(value, Mapping):
        raise errors.DuchaError(f"流程变量“{key}”不是一个反馈期。", variable=key)
    return value


def _month_ids(month: Mapping[str, object]) -> list[int]:
    rows = entries.rows(month, "feedbacks")
    return [entries.number(one, "undertaking") for one in rows]


def _morning(day: date) -> datetime:
    return workdays.Calendar.at(day, workdays.START_OF_WORK)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
