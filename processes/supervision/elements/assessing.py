"""What became of a year: evaluated, accepted, concluded; the chart of each month."""

from collections.abc import Mapping

from engine import handlers
from processes.supervision import entries
from processes.supervision.elements import measuring
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.targets import assessments
from processes.supervision.targets import indicators


def install(registry: handlers.Registry) -> None:
    """Register the handlers of this part."""
    registry.handler("evaluate_year")(evaluate_year)
    registry.handler("settle_evaluation")(settle_evaluation)
    registry.handler("accept_results")(accept_results)
    registry.handler("conclude_watch")(conclude_watch)
    registry.handler("record_indicators")(record_indicators)
    registry.handler("freeze_indicators")(freeze_indicators)


def evaluate_year(call: handlers.Call) -> Mapping[str, object]:
    """Keep the chief's evaluation and lay it before the leaders."""
    work, matter = call.work, matter_of(call)
    outcomes = assessments.evaluate(work.connection, matter, call.fields)
    _keep(call, matter, assessments.EVALUATION)
    decided = {one.outcome for one in outcomes}
    if not decided - {assessments.FINISHED}:
        settle_evaluation(call)
    return {
        "unfinished": bool(decided - {assessments.FINISHED}),
        "carried": assessments.CARRY in decided,
    }


def settle_evaluation(call: handlers.Call) -> None:
    """Accept the units' parts as a whole, as the evaluation in force judges them."""
    matter = matter_of(call)
    finished = assessments.finished(call.work.connection, matter)
    assessments.conclude_wholes(call.work, matter, finished)


def accept_results(call: handlers.Call) -> Mapping[str, object]:
    """Keep the acceptance; what is not finished is criticized and goes on."""
    work, matter = call.work, matter_of(call)
    today = work.calendar.local_date(work.now())
    outcomes = assessments.accept(work.connection, matter, call.fields, today)
    _keep(call, matter, assessments.ACCEPTANCE)
    continued = [one for one in outcomes if one.outcome == assessments.CONTINUE]
    accepted = [one.mandate.id for one in outcomes if one.outcome == assessments.DONE]
    assessments.conclude_wholes(work, matter, accepted)
    if not continued:
        return {"unfinished": False}
    circular = measuring.write_circular(
        call,
        f"{matter.received_on.year}年十件实事未完成情况通报",
        assessments.told(continued),
        criticized=[
            {"name": one.mandate.lead_unit, "reason": one.reason[:500]}
            for one in continued
        ],
    )
    return {"unfinished": True, "circular": circular}


def conclude_watch(call: handlers.Call) -> None:
    """Keep what a year of watching came to; projects that are done are concluded."""
    matter = matter_of(call)
    _keep(call, matter, assessments.CONCLUSION)
    done = assessments.finished(call.work.connection, matter)
    assessments.conclude_wholes(call.work, matter, done)


def record_indicators(call: handlers.Call) -> None:
    """Keep the indicators' values of the month."""
    indicators.record(
        call.work,
        matter_of(call),
        str(measuring.mapping_of(call.variables, "month")["month"]),
        call.fields,
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def freeze_indicators(call: handlers.Call) -> None:
    """Freeze what the chart of the month shows."""
    month = str(measuring.mapping_of(call.variables, "month")["month"])
    indicators.freeze(call.work, matter_of(call), month)


def _keep(call: handlers.Call, matter: matters.Matter, kind: str) -> None:
    """Keep the form as a paper and its `opinion` as the matter's summary."""
    person = opinions.require_person(call)
    opinion = entries.text(call.fields, "opinion")
    papers.keep(
        call.work,
        matter_id=matter.id,
        kind=kind,
        title=call.element.name,
        content=call.fields,
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=person,
        on_behalf_of=call.on_behalf_of,
    )
    assessments.sum_up(call.work, matter, opinion, person=person)
