"""The three inspections (三查): monthly patrols, dispatches, samples, appraisals."""

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import time

from engine import errors
from engine import handlers
from engine import people
from engine import workdays
from engine.bpmn import model
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import phrases
from processes.supervision.documents import circulars
from processes.supervision.documents import documents
from processes.supervision.elements.registration import matter_of
from processes.supervision.forms import choices
from processes.supervision.inspections import key_inspections
from processes.supervision.inspections import patrols
from processes.supervision.leaders import briefings
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.three_lists import appraisals
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import remedies
from processes.supervision.three_lists import samples

#: 督查通报及时抄送监察部门 (观政办〔2016〕29号 二(一)3二).
DISCIPLINE = "discipline_recv"
#: Kinds of papers.
APPRAISAL, BREAKDOWN, LETTER = "appraisal", "breakdown", "letter"
DISPATCH = "dispatch"
#: The documents that a meeting at a quarter's end goes by.
MATERIALS = "MEETING_MATERIALS"
#: Who may lead what a meeting decided (R-02-19), by the values of the form.
LEADS = {"DIRECTOR": "go_director", "DEPUTY": "go_deputy", "UNIT": "unit_head"}
MORNING = time(9)
MONTHS, QUARTER = 12, 3


def install(registry: handlers.Registry) -> None:
    """Register the handlers, functions and choices of this part."""
    registry.handler("open_patrol_duties")(open_patrol_duties)
    registry.handler("begin_patrol")(begin_patrol)
    registry.handler("remind_patrol")(remind_patrol)
    registry.handler("order_key_inspection")(order_key_inspection)
    registry.handler("send_year_tasks")(send_year_tasks)
    registry.handler("draw_quarter_sample")(draw_quarter_sample)
    registry.handler("prepare_quarter_meeting")(prepare_quarter_meeting)
    registry.handler("tell_lead")(tell_lead)
    registry.handler("require_results")(require_results)
    registry.handler("record_appraisal")(record_appraisal)
    registry.handler("copy_to_discipline")(copy_to_discipline)
    registry.handler("keep_appraisal")(keep_appraisal)
    registry.handler("send_referral")(send_referral)
    registry.function("first_workday", needs_work=True)(first_workday)
    registry.function("quarters_left", needs_work=True)(quarters_left)
    registry.function("leader_of_duty", needs_work=True)(leader_of_duty)
    registry.function("duty_reminder", needs_work=True)(duty_reminder)
    registry.function("duty_due", needs_work=True)(duty_due)
    registry.choices("weighed_units")(weighed_units)


# -- monthly patrols ---------------------------------------------------------------


def open_patrol_duties(call: handlers.Call) -> Mapping[str, object]:
    """Open this month's duties that are not there yet."""
    return {"duties": [one.id for one in patrols.open_month(call.work)]}


def begin_patrol(call: handlers.Call) -> None:
    """Start the patrol that the vice mayor leads this month."""
    duty = patrols.get(call.work.connection, entries.number(call.variables, "duty"))
    patrols.begin(call.work, duty, call.fields, opinions.require_person(call))


def remind_patrol(call: handlers.Call) -> None:
    """Tell the vice mayor and the director that the patrol has not begun."""
    duty = patrols.get(call.work.connection, entries.number(call.variables, "duty"))
    patrols.remind(call.work, duty)


def order_key_inspection(call: handlers.Call) -> Mapping[str, object]:
    """Open the key inspection that the leader asked for, tied to this matter."""
    matter = matter_of(call)
    opened = key_inspections.open_for(
        call.work,
        matter,
        title=f"重点督查：{matter.title}",
        requirement=entries.text(call.fields, "requirement", longest=2000),
        person=opinions.require_person(call),
    )
    return {"key_inspection": opened.number}


def first_workday(work: handlers.Work, months: object) -> str:
    """Return the morning of a month's first working day, so many months from now."""
    today = work.calendar.local_date(work.now())
    first = work.calendar.add_months(today.replace(day=1), int(str(months)))
    return _morning(work, work.calendar.roll(first))


def leader_of_duty(work: handlers.Work, duty: object) -> str:
    """Return the account of the vice mayor whose duty it is."""
    return _duty(work, duty).leader


def duty_reminder(work: handlers.Work, duty: object) -> str:
    """Return when a duty not begun is reminded of, as ISO 8601."""
    at = patrols.reminder_at(work.calendar, _duty(work, duty))
    return at.isoformat(timespec="seconds")


def duty_due(work: handlers.Work, duty: object) -> str:
    """Return the last second of the duty's month, as ISO 8601."""
    at = work.calendar.end_of_day(patrols.last_day(_duty(work, duty)))
    return at.isoformat(timespec="seconds")


# -- quarterly samples -------------------------------------------------------------


def quarters_left(work: handlers.Work) -> list[dict[str, str]]:
    """Return the quarters of this year that have not ended, the present one first.

    Each has a label, when the sample is drawn (the first working day of its last
    month) and when the meeting is called (its last working day).
    """
    calendar = work.calendar
    today = calendar.local_date(work.now())
    found = []
    for last in range(QUARTER, MONTHS + 1, QUARTER):
        end = calendar.add_days(calendar.add_months(date(today.year, last, 1), 1), -1)
        if end < today:
            continue
        found.append(
            {
                "label": f"{today.year}年第{last // QUARTER}季度",
                "sample_at": _morning(work, calendar.roll(end.replace(day=1))),
                "meeting_at": _morning(work, calendar.roll(end, "previous")),
            }
        )
    return found


def send_year_tasks(call: handlers.Call) -> None:
    """Send the year's tasks to their departments; the matter is in progress."""
    matter = matters.move(call.work, matter_of(call), "IN_PROGRESS")
    for task in _year_tasks(call):
        unit = entries.text(task, "unit", longest=100)
        inbox.tell(
            call.work,
            [inbox.group(people.group("unit_registrar", unit))],
            matter.title,
            f"{matter.number}：{entries.text(task, 'content')}，"
            f"完成时限 {entries.day(task, 'due_on')}，请组织落实，按月报告进展。",
            matter_id=matter.id,
        )


def draw_quarter_sample(call: handlers.Call) -> Mapping[str, object]:
    """Draw at random which of the year's tasks are inspected this quarter (R-02-17)."""
    matter, connection = matter_of(call), call.work.connection
    least = remedies.rule(connection, "quarter_percent")
    percent = entries.optional_whole(
        call.fields, "percent", least=least, largest=samples.WHOLE
    )
    tasks = [
        f"{number}. {entries.text(row, 'content')}（{entries.text(row, 'unit')}）"
        for number, row in enumerate(_year_tasks(call), start=1)
    ]
    drawn = samples.at_random(
        call.work,
        matter.id,
        "QUARTER",
        tasks,
        percent or least,
        problems.signature(call),
    )
    return {"sampled": list(drawn.drawn), "seed": drawn.seed}


def prepare_quarter_meeting(call: handlers.Call) -> None:
    """Print what the meeting at the quarter's end goes by (R-02-18 材料包).

    The year's tasks with what the samples drew of them, and the last dispatch.
    """
    matter, connection = matter_of(call), call.work.connection
    drawn = [
        one
        for sample in samples.of_matter(connection, matter.id)
        for one in sample.drawn
    ]
    last = papers.latest(connection, matter.id, DISPATCH)
    tasks = _year_tasks(call)
    names = phrases.unit_names(connection, [entries.text(row, "unit") for row in tasks])
    today = call.work.calendar.local_date(call.work.now())
    title = f"季度“三重工作”分析会、点评会材料（{today}）"
    documents.register(
        call.work,
        matter=matter,
        type=MATERIALS,
        number=f"{matter.number} {today}",
        title=title,
        data={
            "document_title": title,
            "number": matter.number,
            "source": briefings.NO_SOURCE,
            "as_of": today.isoformat(),
            "caliber": f"{matter.title}。最近一次督查调度："
            + (str(last.content["progress"]) if last else "尚未调度。"),
            "headings": ["任务", "责任部门", "完成时限", "重点抽查"],
            "rows": [
                [
                    entries.text(row, "content"),
                    names[entries.text(row, "unit")],
                    entries.text(row, "due_on"),
                    "已抽查" if _sampled(number, drawn) else "未抽中",
                ]
                for number, row in enumerate(tasks, start=1)
            ],
        },
        template=briefings.TEMPLATE,
        person=call.person,
    )


def tell_lead(call: handlers.Call) -> None:
    """Tell whoever leads the inspection that it is his (R-02-19)."""
    matter = matter_of(call)
    lead = entries.choice(call.fields, "lead", tuple(LEADS))
    role = LEADS[lead]
    if lead == "UNIT":
        role = people.group(role, entries.text(call.fields, "lead_unit", longest=100))
    inbox.tell(
        call.work,
        [inbox.group(role)],
        f"牵头督查：{matter.title}",
        f"{matter.number}：请您牵头组织督查。"
        f"{entries.text(call.fields, 'body', longest=2000)}",
        matter_id=matter.id,
    )


# -- appraisals --------------------------------------------------------------------


def require_results(call: handlers.Call) -> None:
    """Refuse an appraisal of a period without any result (R-02-23), else begin it."""
    since, until = _period(call)
    appraisals.require_basis(call.work.connection, since, until)
    matters.move(call.work, matter_of(call), "IN_PROGRESS")


def record_appraisal(call: handlers.Call) -> Mapping[str, object]:
    """Keep the grades as a paper, to be approved; each rests on results."""
    since, until = _period(call)
    appraisals.read(call.work.connection, call.fields, since, until)
    papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        undertaking_id=None,
        kind=APPRAISAL,
        title="考察综合评价",
        content=call.fields,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )
    units = [
        entries.text(row, "unit") for row in entries.rows(call.fields, "evaluations")
    ]
    return {"appraised": units}


def copy_to_discipline(call: handlers.Call) -> None:
    """Put 监察部门 among those who get a copy, whatever was typed (R-02-26)."""
    number = entries.number(call.variables, "circular")
    circular = circulars.get(call.work.connection, number)
    if DISCIPLINE not in circular.cc:
        circulars.change(call.work, number, cc=[*circular.cc, DISCIPLINE])


def keep_appraisal(call: handlers.Call) -> None:
    """Keep the approved grades for the annual appraisal (R-02-25)."""
    matter, (since, until) = matter_of(call), _period(call)
    paper = papers.require(call.work.connection, matter.id, APPRAISAL)
    found = appraisals.read(call.work.connection, paper.content, since, until)
    appraisals.record(call.work, matter.id, found, since, until)


def send_referral(call: handlers.Call) -> None:
    """Send what a leader approved to those who hold people to account.

    Raise `Refused` without the approval: nothing is ever referred by itself.
    """
    matter = matter_of(call)
    letter = papers.require(call.work.connection, matter.id, LETTER)
    given = opinions.about(
        call.work.connection, opinions.Subject("paper", letter.id, letter.person)
    )
    if not given or given[-1].decision != "APPROVE":
        raise errors.Refused(
            "追责、移交须经领导批准。（R-02-27、R-02-28）", matter=matter.number
        )
    number = str(call.variables.get("document_number", matter.number))
    call.work.send(
        "exchange",
        DISCIPLINE,
        {"matter": matter.number, "document": number, "title": matter.title},
        key=f"referral:{matter.number}",
        instance_id=call.instance_id,
    )
    inbox.tell(
        call.work,
        [inbox.group(DISCIPLINE)],
        f"移交：{matter.title}",
        f"{number}：经领导批准移交，请签收并退回回执。",
        matter_id=matter.id,
    )


def weighed_units(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return the units that were inspected within the period of the appraisal."""
    since, until = _days(variables)
    codes = sorted(appraisals.basis(reading.connection, since, until))
    names = phrases.unit_names(reading.connection, codes)
    return [{"value": code, "label": names[code]} for code in codes]


def _year_tasks(call: handlers.Call) -> list[entries.Entries]:
    matter_id = matter_of(call).id
    paper = papers.require(call.work.connection, matter_id, BREAKDOWN)
    return entries.rows(paper.content, "tasks")


def _sampled(number: int, drawn: Sequence[str]) -> bool:
    return any(one.startswith(f"{number}. ") for one in drawn)


def _period(call: handlers.Call) -> tuple[date, date]:
    return _days(call.variables)


def _days(variables: Mapping[str, object]) -> tuple[date, date]:
    return entries.day(variables, "since"), entries.day(variables, "until")


def _duty(work: handlers.Work, duty: object) -> patrols.Duty:
    return patrols.get(work.connection, entries.number({"duty": duty}, "duty"))


def _morning(work: handlers.Work, day: date) -> str:
    return workdays.Calendar.at(day, MORNING).isoformat(timespec="seconds")
