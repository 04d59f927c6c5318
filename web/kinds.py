"""What may be asked for or ordered on the page of a matter: one table of kinds."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine import handlers
from engine import people
from engine import queries
from processes.supervision import access
from processes.supervision import entries
from processes.supervision.dossiers import dossiers
from processes.supervision.escalation import recommendations
from processes.supervision.escalation import urges
from processes.supervision.hotline import caller_waits
from processes.supervision.hotline import hotline
from processes.supervision.hotline import ticket_extensions
from processes.supervision.inspections import initiatives
from processes.supervision.leaders import cancellations
from processes.supervision.matters import matters
from processes.supervision.matters import passing
from processes.supervision.requests import clocks
from processes.supervision.requests import difficulties
from processes.supervision.requests import extensions
from processes.supervision.requests import reassignments
from processes.supervision.targets import targets
from processes.supervision.undertakings import undertakings

#: A command: (work, id of what it is about, identity, fields).
Command = Callable[[handlers.Work, int, people.Identity, Mapping[str, object]], object]
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Situation:
    """A matter as somebody sees it at one moment: from it follows what is offered."""

    identity: people.Identity
    dossier: dossiers.Dossier
    matter: matters.Matter
    #: The messages that the matter's instances wait for.
    awaited: frozenset[str]
    receivers: Options
    may_guide: bool
    manners: Options
    targets: Options

    def holds(self, *roles: str) -> bool:
        """Whether the person holds one of these roles, or acts for one who does."""
        return access.holds(self.identity, *roles)


#: Whether the person may do it to this record of the matter, as it stands.
Allowed = Callable[[Situation, Any], bool]


@dataclass(frozen=True)
class Field:
    """One field; `options` are what may be chosen, the same always or as it stands."""

    key: str
    label: str
    kind: str = "text"
    options: Options | Callable[[Situation], Options] = ()
    required: bool = True

    def choices(self, situation: Situation) -> Options:
        """Return values and labels of what may be chosen."""
        return self.options(situation) if callable(self.options) else self.options


@dataclass(frozen=True)
class Kind:
    """A request or an order: about what, what it needs, and who may send it when.

    It is offered where `allowed`, where every choice has something to choose and the
    procedure waits for its message, if it sends one. The command decides again.
    """

    title: str
    done: str
    command: Command
    allowed: Allowed
    fields: tuple[Field, ...]
    about: str = "matter"
    message: str | None = None


def situation(
    connection: sa.Connection, identity: people.Identity, dossier: dossiers.Dossier
) -> Situation:
    """Return how the matter stands for this person."""
    matter = matters.from_row(dossier.matter)
    running = matter.root_id is not None and matter.status not in matters.ENDED
    awaited = queries.awaited(connection, str(matter.root_id)) if running else []
    adjustable = []
    if targets.MESSAGE in awaited and dossier.proposals:
        adjustable = targets.adjustable(connection, identity, matter)
    return Situation(
        identity=identity,
        dossier=dossier,
        matter=matter,
        awaited=frozenset(awaited),
        receivers=[
            (unit, dossier.unit(unit))
            for unit in passing.receivers(connection, identity, matter)
        ],
        may_guide=passing.may_guide(connection, identity, matter),
        manners=[
            (one, one)
            for one in (
                initiatives.manners(connection, matter)
                if initiatives.MESSAGE in awaited
                else ()
            )
        ],
        targets=[
            (targets.label(one), f"{targets.label(one)} {one.content[:40]}")
            for one in adjustable
        ],
    )


def records(situation: Situation, about: str) -> list[tuple[Any, str]]:
    """Return the records of a matter that a request may be about, and their names."""
    dossier = situation.dossier
    parts = {one.id: one for one in dossier.undertakings}
    if about == "undertaking":
        return [
            (one, dossier.part(one))
            for one in parts.values()
            if one.state not in undertakings.RESTING
        ]
    if about == "urge":
        return [
            (one, f"{dossier.part(parts[one.undertaking_id])}，第{one.level}次催办")
            for one in dossier.urges
            if one.undertaking_id in parts and one.id not in dossier.responses
        ]
    if about == "recommendation":
        labels = recommendations.KIND_LABELS
        return [
            (one, f"{labels[one.kind]}，{dossier.part(parts[one.undertaking_id])}")
            for one in dossier.recommendations
            if one.decision is None
        ]
    return [(dossier.matter, "")]


def _by(*roles: str) -> Allowed:
    return lambda situation, record: situation.holds(*roles)


def _by_handler(situation: Situation, record: Any) -> bool:
    return situation.holds(people.group("unit_handler", record.unit))


def _hotline(allowed: Allowed) -> Allowed:
    return lambda situation, record: (
        situation.dossier.ticket is not None and allowed(situation, record)
    )


def _any(*alternatives: Allowed) -> Allowed:
    return lambda situation, record: any(one(situation, record) for one in alternatives)


def _resting(situation: Situation, record: Any) -> bool:
    return record.status == "SUSPENDED" and situation.holds(*clocks.MAY_SUSPEND)


def _may_cancel(situation: Situation, record: Any) -> bool:
    return cancellations.may_cancel(situation.identity, situation.matter)


def _may_respond(situation: Situation, record: Any) -> bool:
    parts = {one.id: one.unit for one in situation.dossier.undertakings}
    return urges.may_respond(situation.identity, parts[record.undertaking_id])


def _may_decide(situation: Situation, record: Any) -> bool:
    return situation.holds(*recommendations.DECIDERS[record.kind])


def _resume(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    clocks.resume(work, matter_id, identity)


def _guide(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    passing.guide(work, matter_id, identity, str(given.get("text", "")))


def _inspect(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    initiatives.begin(work, matters.get(work.connection, matter_id), identity, given)


def _adjust(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    targets.request(work, matters.get(work.connection, matter_id), identity, given)


def _supplement(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    content = entries.text(given, "content", longest=2000)
    hotline.supplement_by_hand(work, matter_id, identity, content)


def _withdraw(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: Mapping[str, object],
) -> None:
    reason = entries.text(given, "reason", longest=500)
    hotline.withdrawal_by_hand(work, matter_id, identity, reason)


def _these(labels: Iterable[str]) -> Options:
    return tuple((one, one) for one in labels)


def _units(situation: Situation) -> Options:
    return tuple(situation.dossier.units.items())


#: Every kind by the name that its address carries; shown in this order.
KINDS: Mapping[str, Kind] = {
    "extension": Kind(
        "申请延期",
        "延期申请已送主要负责人签发。",
        extensions.request,
        _by_handler,
        (
            Field("wanted_on", "拟延至", "date"),
            Field("reason", "原因"),
            Field("progress", "进展情况"),
        ),
        about="undertaking",
    ),
    "difficulty": Kind(
        "上报难题",
        "难题已送督查室主任。",
        difficulties.report,
        _any(_by_handler, _by("dc_officer")),
        (
            Field("description", "难以解决的问题"),
            Field("needed_level", "呈报", "choice", tuple(difficulties.LEVELS.items())),
        ),
        about="undertaking",
    ),
    "caller_wait": Kind(
        "申请停钟等待诉求人答复",
        "申请已送督查专员。",
        caller_waits.request,
        _hotline(_by_handler),
        (Field("question", "须由诉求人答复的问题"),),
        about="undertaking",
    ),
    "target_adjustment": Kind(
        "申请调整年度目标",
        "申请已送主要负责人签发，逐级报县长审定。",
        _adjust,
        lambda situation, record: True,
        (
            Field("mandate", "任务", "choice", lambda situation: situation.targets),
            *(Field(key, targets.LABELS[key], "number") for key in targets.PLANNED),
            Field("reason", "调整理由"),
        ),
        message=targets.MESSAGE,
    ),
    "urge_response": Kind(
        "回应催办",
        "回应已登记。",
        urges.respond,
        _may_respond,
        (Field("response", "回应"),),
        about="urge",
    ),
    "urge": Kind(
        "催办",
        "催办已记录，并已通知承办单位。",
        urges.by_hand,
        _by(*urges.URGING),
        (
            Field("mode", "方式", "choice", _these(urges.MODES)),
            Field("target", "对象", "line"),
            Field("content", "内容"),
            Field("response", "回应", required=False),
        ),
        about="undertaking",
    ),
    "reassignment": Kind(
        "提出改派或增加协办",
        "已送督查室主任审核。",
        reassignments.order,
        _by(*reassignments.ORDERING),
        (
            Field("proposed_unit", "建议的单位", "choice", _units),
            Field("reason", "理由"),
        ),
        about="undertaking",
    ),
    "pass_down": Kind(
        "转督下级",
        "已转督，接收单位的收发岗已收到。",
        passing.pass_down,
        lambda situation, record: True,
        (
            Field("unit", "接收单位", "choice", lambda situation: situation.receivers),
            Field("requirement", "工作要求"),
            Field("due_on", "办结时限（不晚于本级时限）", "date"),
        ),
    ),
    "guidance": Kind(
        "下发指导意见",
        "指导意见已送该单位负责人。",
        _guide,
        lambda situation, record: situation.may_guide,
        (Field("text", "指导意见"),),
    ),
    "inspection": Kind(
        "组织督查",
        "督查已发起，请督查室制订方案。",
        _inspect,
        _by(*initiatives.ROLES),
        (
            Field("manner", "形式", "choice", lambda situation: situation.manners),
            Field("reason", "事由"),
        ),
        message=initiatives.MESSAGE,
    ),
    "recommendation": Kind(
        "决定逾期处理建议",
        "决定已记录。",
        recommendations.decide,
        _may_decide,
        (
            Field(
                "decision",
                "决定",
                "choice",
                tuple(recommendations.DECISION_LABELS.items()),
            ),
            Field("comment", "说明"),
        ),
        about="recommendation",
    ),
    "ticket_extension": Kind(
        "提请热线室延期",
        "已送主任审定。",
        ticket_extensions.request,
        _hotline(_by("dc_officer")),
        (Field("wanted_on", "拟延至", "date"), Field("reason", "理由")),
    ),
    "supplement": Kind(
        "登记诉求人补充",
        "补充内容已附到事项，并已通知办理人。",
        _supplement,
        _by(*hotline.CLERKS),
        (Field("content", "诉求人补充的内容"),),
        message="hotline_supplement",
    ),
    "withdrawal": Kind(
        "登记诉求人撤回",
        "撤回申请已登记，等督查专员确认。",
        _withdraw,
        _by(*hotline.CLERKS),
        (Field("reason", "诉求人撤回的理由"),),
        message="hotline_withdrawal",
    ),
    "suspend": Kind(
        "暂停督查",
        "事项已暂停，时钟停止。",
        clocks.suspend,
        _by(*clocks.MAY_SUSPEND),
        (Field("reason", "理由"),),
    ),
    "resume": Kind("恢复督查", "事项已恢复，时限相应顺延。", _resume, _resting, ()),
    "cancellation": Kind(
        "撤销督查事项",
        "事项已撤销，承办单位和督查室已收到通知。",
        cancellations.cancel,
        _may_cancel,
        (Field("reason", "撤销理由"),),
        message=cancellations.MESSAGE,
    ),
}
