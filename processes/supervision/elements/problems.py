"""The three lists: problems, measures, responsibilities, reports, second looks."""

from collections.abc import Mapping

from engine import handlers
from engine import workdays
from engine.bpmn import model
from processes.supervision import entries
from processes.supervision.elements.inspecting import inspection_of
from processes.supervision.elements.registration import matter_of
from processes.supervision.forms import choices
from processes.supervision.inspections import inspections
from processes.supervision.inspections import key_inspections
from processes.supervision.inspections import site_visits
from processes.supervision.matters import opinions
from processes.supervision.three_lists import appraisals
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import raising
from processes.supervision.three_lists import rectifications
from processes.supervision.three_lists import remedies
from processes.supervision.three_lists import second_looks
from processes.supervision.three_lists import three_lists

#: The word with which the unit's head decides (主要领导亲自审定, R-02-37).
FINAL = "审定"


def install(registry: handlers.Registry) -> None:
    """Register the handlers, functions and choices of this part."""
    registry.handler("record_problems")(record_problems)
    registry.handler("send_problems")(send_problems)
    registry.handler("record_root_cause")(record_root_cause)
    registry.handler("record_advice")(record_advice)
    registry.handler("raise_problem")(raise_problem)
    registry.handler("record_level_opinion")(record_level_opinion)
    registry.handler("record_measures")(record_measures)
    registry.handler("record_measures_opinion")(record_measures_opinion)
    registry.handler("record_responsibility")(record_responsibility)
    registry.handler("issue_responsibility")(issue_responsibility)
    registry.handler("record_rectification")(record_rectification)
    registry.handler("record_rectification_opinion")(record_rectification_opinion)
    registry.handler("submit_rectification")(submit_rectification)
    registry.handler("remind_rectification")(remind_rectification)
    registry.handler("redden_problem")(redden_problem)
    registry.handler("record_verdict")(record_verdict)
    registry.handler("close_problem")(close_problem)
    registry.handler("return_problem")(return_problem)
    registry.handler("order_problem_inspection")(order_problem_inspection)
    registry.handler("print_three_lists")(print_three_lists)
    registry.handler("choose_second_looks")(choose_second_looks)
    registry.handler("record_second_look")(record_second_look)
    registry.handler("keep_rectifying_results")(keep_rectifying_results)
    registry.function("group_leader_of", needs_work=True)(group_leader_of)
    registry.function("unit_of_problem", needs_work=True)(unit_of_problem)
    registry.function("problems_to_rectify", needs_work=True)(problems_to_rectify)
    registry.function("rectification_ends", needs_work=True)(rectification_ends)
    registry.function("rectification_due", needs_work=True)(rectification_due)
    registry.function("rectification_overdue", needs_work=True)(rectification_overdue)
    registry.function("list_rule", needs_work=True)(list_rule)
    registry.job(rectifications.MILESTONE)(rectifications.tell_milestone)
    registry.choices("findings")(findings)
    registry.choices("closed_problems")(closed_problems)
    registry.choices("staff_of_unit")(staff_of_unit)


def problem_of(call: handlers.Call) -> problems.Problem:
    """Return the problem whose id the instance carries."""
    return problems.get(call.work.connection, entries.number(call.variables, "problem"))


# -- the list of problems ----------------------------------------------------------


def record_problems(call: handlers.Call) -> Mapping[str, object]:
    """Enter the problems that the group lists; with none it must say so."""
    matter, inspection = matter_of(call), inspection_of(call)
    found = problems.read(call.work.connection, inspection.id, call.fields)
    if not found and not entries.flag(call.fields, "none_found"):
        raise entries.refusal(
            "problems", "没有发现问题的，请勾选“未发现问题”。", rule="R-02-30"
        )
    if found and entries.flag(call.fields, "none_found"):
        raise entries.refusal(
            "none_found", "已列问题，不能再勾选“未发现问题”。", rule="R-02-30"
        )
    signed = problems.signature(call)
    problems.register(call.work, matter, inspection.id, found, signed)
    return {"found": bool(found)}


def send_problems(call: handlers.Call) -> None:
    """Send the list to the units that must rectify."""
    problems.send(call.work, matter_of(call), inspection_of(call).id)


# -- causes, levels, measures, responsibilities ------------------------------------


@entries.under("R-02-31")
def record_root_cause(call: handlers.Call) -> Mapping[str, object]:
    """Keep the root cause, and whether the unit can put it right itself."""
    disposal = entries.choice(call.fields, "disposal", tuple(remedies.DISPOSALS))
    remedies.analyse(
        call.work,
        problem_of(call),
        entries.text(call.fields, "cause", longest=5000),
        disposal,
        problems.signature(call),
    )
    return {"within_duty": disposal in remedies.OWN_DISPOSALS}


@entries.under("R-02-32")
def record_advice(call: handlers.Call) -> None:
    """Keep the unit's written opinion for the levels above it."""
    advice = entries.text(call.fields, "advice", longest=5000)
    raising.advise(call.work, problem_of(call), advice, problems.signature(call))


def raise_problem(call: handlers.Call) -> Mapping[str, object]:
    """Lay the problem before the next level up; `level` is the group that answers."""
    return {"level": raising.climb(call.work, problem_of(call))}


@entries.under("R-02-32")
def record_level_opinion(call: handlers.Call) -> Mapping[str, object]:
    """Keep what the level says."""
    decision = entries.choice(call.fields, "level_decision", raising.DECISIONS)
    opinion = entries.text(call.fields, "opinion", longest=5000)
    signed = problems.signature(call)
    raising.answer(call.work, problem_of(call), decision, opinion, signed)
    return {"level_decision": decision}


def record_measures(call: handlers.Call) -> None:
    """Keep the measures with their milestones and the one deadline."""
    remedies.plan(call.work, problem_of(call), call.fields, problems.signature(call))


def record_measures_opinion(call: handlers.Call) -> None:
    """Append what the unit's deputy or head decides on the measures.

    A return opens them again; what the head has approved is sent.
    """
    problem = problem_of(call)
    drafter = remedies.measures_in_force(call.work.connection, problem.id)[-1].person
    opinion = _opinion(call, problem, "measures", problem.id, drafter)
    if opinion.decision == "RETURN":
        problems.move(call.work, problem, "ANALYSED")
    elif opinion.verb == FINAL:
        remedies.submit(call.work, problem)


def record_responsibility(call: handlers.Call) -> None:
    """Enter who answers for the problem."""
    remedies.charge(call.work, problem_of(call), call.fields, problems.signature(call))


def issue_responsibility(call: handlers.Call) -> Mapping[str, object]:
    """Hand the responsibility to the unit; its clock starts."""
    problem = rectifications.begin(call.work, problem_of(call))
    charged = remedies.require_responsibility(call.work.connection, problem)
    return {"responsible": charged.responsible}


# -- rectifying --------------------------------------------------------------------


def record_rectification(call: handlers.Call) -> None:
    """Keep the draft of the report on what was rectified."""
    signed = problems.signature(call)
    rectifications.draft(call.work, problem_of(call), call.fields, signed)


def record_rectification_opinion(call: handlers.Call) -> None:
    """Append what the unit's head decides on the report; approving signs it."""
    problem = problem_of(call)
    report = rectifications.require_report(call.work.connection, problem)
    opinion = _opinion(call, problem, "rectification", report.id, report.person)
    if opinion.decision == "APPROVE":
        rectifications.sign(call.work, report, problems.signature(call))


def submit_rectification(call: handlers.Call) -> None:
    """Send the signed report to the appraisal office."""
    rectifications.submit(call.work, problem_of(call))


def remind_rectification(call: handlers.Call) -> None:
    """Remind the unit: the deadline is over, the report is awaited."""
    rectifications.remind(call.work, problem_of(call))


def redden_problem(call: handlers.Call) -> None:
    """Turn the light red: the report is overdue."""
    rectifications.redden(call.work, problem_of(call))


def record_verdict(call: handlers.Call) -> Mapping[str, object]:
    """Keep the verdict; it becomes a variable."""
    signed = problems.signature(call)
    verdict = rectifications.verify(call.work, problem_of(call), call.fields, signed)
    return {"verdict": verdict.verdict}


def close_problem(call: handlers.Call) -> None:
    """Strike the problem off the list."""
    problems.close(call.work, problem_of(call))


def return_problem(call: handlers.Call) -> None:
    """Give the problem back to the unit with another deadline.

    While it is inspected (重点督查) the unit goes on rectifying.
    """
    rectifications.return_to_unit(call.work, problem_of(call))


def order_problem_inspection(call: handlers.Call) -> None:
    """Open a key inspection of the problem as a matter of its own (重点督查)."""
    problem, matter = problem_of(call), matter_of(call)
    opened = key_inspections.open_for(
        call.work,
        matter,
        title=f"重点督查：{problem.number} {problem.content}",
        requirement=f"问题 {problem.number} 未按要求完成整改，组织重点督查。",
        person=call.person,
    )
    rectifications.record_key_inspection(call.work, problem, opened.id)


# -- the ledger and second looks ---------------------------------------------------


def print_three_lists(call: handlers.Call) -> None:
    """Print the three lists as they are now."""
    three_lists.register(call.work, matter_of(call), person=call.person)


def choose_second_looks(call: handlers.Call) -> Mapping[str, object]:
    """Choose which closed problems are looked at again; none ends the looking."""
    inspection = inspection_of(call)
    least = remedies.rule(call.work.connection, "second_look_percent")
    signed = problems.signature(call)
    chosen = second_looks.choose(call.work, inspection, call.fields, least, signed)
    return {"looked_at": [one.id for one in chosen]}


def record_second_look(call: handlers.Call) -> None:
    """Keep what was seen; a problem that has come back is opened again."""
    signed = problems.signature(call)
    second_looks.record(call.work, problem_of(call), call.fields, signed)


def keep_rectifying_results(call: handlers.Call) -> None:
    """Keep how each unit rectified, for the annual appraisal."""
    appraisals.record_rectifying(call.work, inspection_of(call))


# -- functions of expressions ------------------------------------------------------


def group_leader_of(work: handlers.Work, inspection: object) -> str | None:
    """Return the account of the head of an inspection's group."""
    number = entries.number({"inspection": inspection}, "inspection")
    return inspections.get(work.connection, number).leader


def list_rule(work: handlers.Work, name: object) -> int:
    """Return a number of days that the office fixed for the three lists."""
    return remedies.rule(work.connection, str(name))


def unit_of_problem(work: handlers.Work, problem: object) -> str:
    """Return the code of the unit that must rectify."""
    return _get(work, problem).unit


def problems_to_rectify(work: handlers.Work, inspection: object) -> list[int]:
    """Return what an inspection found that is sent to a unit, or opened again."""
    number = entries.number({"inspection": inspection}, "inspection")
    waiting = problems.with_states(work.connection, number, problems.TO_ANALYSE)
    return [one.id for one in waiting]


def rectification_ends(work: handlers.Work, problem: object) -> str:
    """Return the last second of the deadline (整改时限届满), as ISO 8601."""
    day = remedies.require_deadline(_get(work, problem))
    return workdays.Calendar.end_of_day(day).isoformat(timespec="seconds")


def rectification_due(work: handlers.Work, problem: object) -> str:
    """Return the last second in which the report is due, as ISO 8601."""
    day = remedies.require_deadline(_get(work, problem))
    on = rectifications.report_day(work, day)
    return work.calendar.end_of_day(on).isoformat(timespec="seconds")


def rectification_overdue(work: handlers.Work, problem: object) -> str:
    """Return the midnight after the report was due, as ISO 8601."""
    day = remedies.require_deadline(_get(work, problem))
    on = work.calendar.add_days(rectifications.report_day(work, day), 1)
    return work.calendar.start_of_day(on).isoformat(timespec="seconds")


# -- what forms offer --------------------------------------------------------------


def findings(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return what the group wrote down on site."""
    inspection = entries.number(variables, "inspection")
    return [
        {"value": str(one.id), "label": f"{one.place}：{one.fact[:60]}"}
        for one in site_visits.findings(reading.connection, inspection)
    ]


def closed_problems(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return the closed problems that the inspection found."""
    inspection = entries.number(variables, "inspection")
    closed = problems.with_states(reading.connection, inspection, ("CLOSED",))
    return [
        {"value": one.number, "label": f"{one.number} {one.content[:60]}"}
        for one in closed
    ]


def staff_of_unit(
    reading: handlers.Reading, element: model.Element, variables: Mapping[str, object]
) -> list[choices.Choice]:
    """Return everybody who holds a post in the unit the instance is about."""
    unit = str(variables.get("unit", ""))
    staff = remedies.staff_of(reading.connection, unit, reading.now())
    return [{"value": person, "label": name} for person, name in staff]


def _opinion(
    call: handlers.Call,
    problem: problems.Problem,
    kind: str,
    subject_id: int,
    drafter: str,
) -> opinions.Opinion:
    subject = opinions.Subject(kind, subject_id, drafter)
    verb = call.element.properties.get("verb", "审定")
    return opinions.record(call, problem.matter_id, subject, verb=verb)


def _get(work: handlers.Work, problem: object) -> problems.Problem:
    return problems.get(
        work.connection, entries.number({"problem": problem}, "problem")
    )
