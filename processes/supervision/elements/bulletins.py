"""Compiling the circular of a quarter, and hearing whom it would criticize (P-13)."""

from collections.abc import Mapping
from functools import partial

from engine import handlers
from processes.supervision import entries
from processes.supervision import phrases
from processes.supervision.documents import circulars
from processes.supervision.elements.registration import matter_of
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import registration
from processes.supervision.matters import sources
from processes.supervision.settings import Settings
from processes.supervision.statistics import bulletins

OBJECTION = "objection"
STRIKING = "striking"
REFERRAL = "referral"
RECEIVERS = ("纪检监察机关", "司法机关")


def install(registry: handlers.Registry, settings: Settings) -> None:
    """Register the handlers of this part."""
    registry.handler("open_quarter")(partial(open_quarter, settings))
    registry.handler("compile_bulletin")(compile_bulletin)
    registry.handler("strike_candidates")(strike_candidates)
    registry.handler("revise_bulletin")(revise_bulletin)
    registry.handler("record_objection")(record_objection)
    registry.handler("gather_objections")(gather_objections)
    registry.handler("compare_bulletins")(compare_bulletins)
    registry.handler("propose_referral")(propose_referral)


def open_quarter(settings: Settings, call: handlers.Call) -> Mapping[str, object]:
    """Register the matter of the quarter that is over."""
    work = call.work
    quarter = bulletins.before(work.calendar.local_date(work.now()))
    source, due = sources.read(
        work,
        bulletins.PROCEDURE,
        {"title": f"{quarter.name}督查通报", "year": quarter.year},
    )
    matter = registration.register(
        work, source, due, area=settings.area, root_id=call.root_id, person=call.person
    )
    matters.move(work, matter, "IN_PROGRESS")
    work.set_business_key(call.instance_id, matter.number)
    return {
        "matter": matter.id,
        "round": matter.round,
        "year": quarter.year,
        "quarter": quarter.number,
    }


def compile_bulletin(call: handlers.Call) -> Mapping[str, object]:
    """Draft the circular of the quarter, with the candidates of both lists."""
    quarter = bulletins.Quarter(
        entries.number(call.variables, "year"),
        entries.number(call.variables, "quarter"),
    )
    matter = matter_of(call)
    told = sources.procedure_of(call.work.connection, matter).parameters
    drafted, _ = bulletins.compile(call.work, matter.id, quarter, told["copies"])
    return {"circular": drafted.id, **_listed(call, drafted)}


def strike_candidates(call: handlers.Call) -> Mapping[str, object]:
    """Take off the lists whom the chief strikes out, and keep why."""
    person = opinions.require_person(call)
    struck = entries.rows(call.fields, "struck")
    changed = bulletins.strike(
        call.work,
        entries.number(call.variables, "circular"),
        struck,
        person=person,
        on_behalf_of=call.on_behalf_of,
    )
    papers.keep(
        call.work,
        matter_id=changed.matter_id,
        kind=STRIKING,
        title=call.element.name,
        content={"struck": [dict(row) for row in struck]},
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=person,
        on_behalf_of=call.on_behalf_of,
    )
    return _listed(call, changed)


def revise_bulletin(call: handlers.Call) -> Mapping[str, object]:
    """Write over the draft what the officer changed, lists and words."""
    drafted = circulars.get(
        call.work.connection, entries.number(call.variables, "circular")
    )
    changed = circulars.draft(
        call.work,
        matter_id=drafted.matter_id,
        series=drafted.series,
        given={**call.fields, "cc": drafted.cc},
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
        circular_id=drafted.id,
    )
    return _listed(call, changed)


def record_objection(call: handlers.Call) -> None:
    """Keep what a unit says against being criticized; its form brings the words."""
    papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        kind=OBJECTION,
        title="申述",
        content={
            "unit": str(call.variables["unit"]),
            "objection": entries.text(call.fields, "objection", longest=2000),
        },
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def gather_objections(call: handlers.Call) -> Mapping[str, object]:
    """Return whether any unit objected, and what they all said."""
    kept = [
        one.content
        for one in papers.of_matter(call.work.connection, matter_of(call).id)
        if one.kind == OBJECTION
    ]
    units = {str(content["unit"]) for content in kept}
    names = phrases.unit_names(call.work.connection, units)
    said = [
        f"{names.get(str(content['unit']), '')}：{content['objection']}"
        for content in kept
    ]
    return {"objected": bool(said), "objections": "\n".join(said)}


def compare_bulletins(call: handlers.Call) -> Mapping[str, object]:
    """Return whether the draft repeats one of the two issues before it."""
    circular_id = entries.number(call.variables, "circular")
    found = bulletins.similarity(call.work.connection, circular_id)
    warning = ""
    if found > bulletins.SIMILAR:
        warning = (
            f"与前两期通报的相似度为{found:.0%}，"
            "请写明存在问题的原因分类和改进措施，不要沿用旧稿。"
        )
    return {"similar": found > bulletins.SIMILAR, "warning": warning}


def propose_referral(call: handlers.Call) -> None:
    """Keep the proposal to hand a grave case over; a leader must approve it (R-01-42).

    Reads about_unit, receiver, facts and basis.
    """
    unit = entries.text(call.fields, "about_unit", longest=100)
    names = phrases.unit_names(call.work.connection, [unit])
    if unit not in names:
        raise entries.refusal("about_unit", "没有这一单位。", rule="R-01-42")
    papers.keep(
        call.work,
        matter_id=matter_of(call).id,
        kind=REFERRAL,
        title="移交建议",
        content={
            "unit": names[unit],
            "receiver": entries.choice(call.fields, "receiver", RECEIVERS),
            "facts": entries.text(call.fields, "facts", longest=5000),
            "basis": entries.text(call.fields, "basis", longest=2000),
        },
        element_id=call.element.id,
        form=call.element.attributes.get("formRef"),
        person=opinions.require_person(call),
        on_behalf_of=call.on_behalf_of,
    )


def _listed(call: handlers.Call, drafted: circulars.Circular) -> Mapping[str, object]:
    """Return the draft for the next form, with the words each unit may read of itself.

    `title`, `body`, `praised` and `criticized` fill in the form of whoever revises it.
    """
    rows = (*drafted.praised, *drafted.criticized)
    names = phrases.unit_names(call.work.connection, {row["name"] for row in rows})

    def words(row: Mapping[str, str]) -> str:
        return f"{names.get(row['name'], row['name'])}：{row['reason']}"

    return {
        "title": drafted.title,
        "body": drafted.body,
        "praised": drafted.praised,
        "criticized": drafted.criticized,
        "criticizing": bool(drafted.criticized),
        "criticisms": [
            {"unit": row["name"], "charge": row["reason"]} for row in drafted.criticized
        ],
        "candidates": "\n".join(
            [
                "拟通报表扬",
                *([words(row) for row in drafted.praised] or ["无"]),
                "拟通报批评",
                *([words(row) for row in drafted.criticized] or ["无"]),
            ]
        ),
    }
