"""Progress reports (办理情况报告): drafted, signed, submitted; every version kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.undertakings import undertakings

ReportClass = Literal["GENERAL", "COMPREHENSIVE"]
CLASS_LABELS: Mapping[ReportClass, str] = {
    "GENERAL": "一般报告",
    "COMPREHENSIVE": "综合报告",
}
COMPLETION_LABELS = {
    "DONE": "已完成",
    "IN_PROGRESS": "进行中",
    "NOT_STARTED": "未启动",
    "IMPOSSIBLE": "无法完成",
}
#: 000四(二): a general report should not exceed this, so more needs a reason; a
#: comprehensive one must not. Exactly the limit is allowed (Q-04, S10).
GENERAL_LIMIT = 1000
COMPREHENSIVE_LIMIT = 2000
LONGEST_BASIS = 2000
#: Conclusion and actions, each: 简明扼要.
LONGEST_PART = 500
#: 004二(三): the deputy signs, and the head what is major (Q-05).
HEAD_ALWAYS = "HEAD_ALWAYS"
DEPUTY_UNLESS_MAJOR = "DEPUTY_THEN_HEAD_IF_MAJOR"
VERTICAL = "vertical"
CONTACT = ("contacted_on", "contact_mode", "contact_content")


@dataclass(frozen=True)
class Report:
    """One version of a report; `submitted_at` is None while it is a draft."""

    id: int
    undertaking_id: int
    version: int
    report_class: ReportClass
    body: str
    #: 事实清楚、结论准确、措施有力; None for a letter, which has no such parts.
    conclusion: str | None
    actions: str | None
    word_count: int
    excess_reason: str | None
    completion: str
    progress: int
    problems: str
    need_rectify: bool
    #: Each with its `measure` and the `deadline` it has, as ISO day or None.
    measures: list[dict[str, str | None]]
    investigated: bool
    fact_basis: str | None
    legal_basis: str | None
    assist_note: str | None
    drafted_by: str
    signer: str | None
    signed_for: str | None
    signed_at: datetime | None
    submitted_at: datetime | None
    is_late: bool | None


class NotSigned(errors.Refused):
    """办理情况报告须由本单位主要负责人签发后才能上报。（R-00-18）"""


def word_count(body: str) -> int:
    """Return the number of characters, blanks and line ends not counted."""
    return len("".join(body.split()))


def draft(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
    is_letter: bool = False,
) -> Report:
    """Keep the draft of the next version; a draft sent back is written over.

    Reads the fields of `read`, and for all but letters `conclusion` and `actions`
    (R-00-34). What has been submitted is never touched. A report is about one
    undertaking (一事一报): a `task_number` that is not its own is refused.
    """
    named = entries.optional_text(given, "task_number", longest=100)
    if named and named != undertaking.number:
        raise entries.refusal(
            "task_number",
            f"一事一报：本报告只能对应任务 {undertaking.number}。",
            rule="R-00-36",
        )
    matter = matters.get(work.connection, undertaking.matter_id)
    told = read(given, limited=are_limited(work.connection, matter))
    values = {**told, **({} if is_letter else _parts(given))}
    waiting = undertakings.open_assistance(work.connection, undertaking)
    if waiting and not values["assist_note"]:
        units = "、".join(one.unit for one in waiting)
        raise entries.refusal(
            "assist_note",
            f"协办单位（{units}）还没有意见，请说明情况。",
            rule="R-00-35",
        )
    last = latest(work.connection, undertaking.id)
    report = tables.progress_report
    if last is not None and last.submitted_at is None:
        statement = (
            report.update()
            .where(report.c.id == last.id)
            # A signature is for the words that were signed, not for new ones.
            .values(signer=None, signed_for=None, signed_at=None)
        )
        report_id = last.id
        work.connection.execute(statement.values(drafted_by=person, **values))
    else:
        version = 1 if last is None else last.version + 1
        report_id = work.connection.execute(
            report.insert()
            .values(
                undertaking_id=undertaking.id,
                version=version,
                drafted_by=person,
                **values,
            )
            .returning(report.c.id)
        ).scalar_one()
    undertakings.move(work, undertaking, "UNIT_REVIEW")
    return get(work.connection, report_id)


def are_limited(connection: sa.Connection, matter: matters.Matter) -> bool:
    """Whether the matter's procedure limits the length of reports.

    The limits stand in 000四(二) alone: `word_limits = false` among a procedure's
    parameters puts them out of force (Q-04).
    """
    parameters = sources.procedure_of(connection, matter).parameters
    return parameters.get("word_limits", True) is not False


def read(given: entries.Entries, *, limited: bool = True) -> Mapping[str, object]:
    """Return the columns of a report from what was filled in, or raise `Invalid`.

    Problems may be 无, never empty; rectification needs a measure (R-01-24); an
    investigation its facts and its law (R-01-25); limits of length as in Q-04, where
    they are in force.
    """
    report_class = entries.choice(given, "report_class", list(CLASS_LABELS))
    body = entries.text(given, "body")
    count = word_count(body)
    excess_reason = entries.optional_text(given, "excess_reason", longest=500)
    most = COMPREHENSIVE_LIMIT if report_class == "COMPREHENSIVE" else GENERAL_LIMIT
    too_long = limited and count > most
    if too_long and report_class == "COMPREHENSIVE":
        raise entries.refusal(
            "body",
            f"综合报告不超过{COMPREHENSIVE_LIMIT}字，现有{count}字。",
            rule="R-00-37",
        )
    if too_long and not excess_reason:
        raise entries.refusal(
            "excess_reason",
            f"一般报告原则上不超过{GENERAL_LIMIT}字，现有{count}字，请说明超限理由。",
            rule="R-00-37",
        )
    need_rectify = entries.flag(given, "need_rectify")
    measures = [_measure(row) for row in entries.rows(given, "measures")]
    if need_rectify and not measures:
        raise entries.refusal(
            "measures", "需要整改的，至少填写一条整改措施。", rule="R-01-24"
        )
    investigated = entries.flag(given, "investigated")
    fact_basis = entries.optional_text(given, "fact_basis", longest=LONGEST_BASIS)
    legal_basis = entries.optional_text(given, "legal_basis", longest=LONGEST_BASIS)
    if investigated and not fact_basis:
        raise entries.refusal("fact_basis", "查处问题须填写事实依据。", rule="R-01-25")
    if investigated and not legal_basis:
        raise entries.refusal(
            "legal_basis", "查处问题须填写法律法规政策依据。", rule="R-01-25"
        )
    progress = entries.optional_whole(given, "progress", least=0, largest=100)
    completion = entries.choice(given, "completion", list(COMPLETION_LABELS))
    return {
        "report_class": report_class,
        "body": body,
        "word_count": count,
        "excess_reason": excess_reason or None,
        "completion": completion,
        "progress": (100 if completion == "DONE" else 0)
        if progress is None
        else progress,
        "problems": entries.text(given, "problems", longest=LONGEST_BASIS),
        "need_rectify": need_rectify,
        "measures": measures,
        "investigated": investigated,
        "fact_basis": fact_basis or None,
        "legal_basis": legal_basis or None,
        "assist_note": entries.optional_text(given, "assist_note") or None,
    }


def _parts(given: entries.Entries) -> dict[str, object]:
    """Return what a report must have beside the facts (R-00-34)."""
    found: dict[str, object] = {}
    for key, label in (("conclusion", "结论"), ("actions", "措施")):
        text = entries.optional_text(given, key, longest=LONGEST_PART)
        if not text:
            raise entries.refusal(key, f"{label}不能为空。", rule="R-00-34")
        found[key] = text
    return found


def sign(
    work: handlers.Work, report: Report, *, person: str, on_behalf_of: str | None
) -> Report:
    """Record who signed the report and, for a substitute, on whose behalf (R-00-18)."""
    values = {"signer": person, "signed_for": on_behalf_of, "signed_at": work.now()}
    return _change(work, report.id, values)


def submit(work: handlers.Work, undertaking: undertakings.Undertaking) -> Report:
    """Send the signed report to the office; from now on it cannot be changed.

    Raise `NotSigned` unless the head of the unit signed, or one who validly stands
    in for him at this moment (Q-05, R-00-18).
    """
    report = latest(work.connection, undertaking.id)
    if report is None or report.signer is None or report.submitted_at is not None:
        raise NotSigned(undertaking=undertaking.number)
    if not _may_sign(work, report, undertaking):
        raise NotSigned(
            f"{report.signer} 不是该单位的主要负责人，也没有有效的代理。",
            undertaking=undertaking.number,
            signer=report.signer,
        )
    now = work.now()
    undertakings.reported(work, undertaking.id)
    late = now > undertaking.due_at
    return _change(work, report.id, {"submitted_at": now, "is_late": late})


def get(connection: sa.Connection, report_id: int) -> Report:
    """Return the report of this id."""
    row = connection.execute(
        sa.select(tables.progress_report).where(
            tables.progress_report.c.id == report_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(report_id=report_id)
    return Report(**row._mapping)


def latest(connection: sa.Connection, undertaking_id: int) -> Report | None:
    """Return the newest version, a draft or submitted; None where there is none."""
    versions = of_undertaking(connection, undertaking_id)
    return versions[-1] if versions else None


def of_undertaking(connection: sa.Connection, undertaking_id: int) -> list[Report]:
    """Return all versions, the first one first."""
    report = tables.progress_report.c
    rows = connection.execute(
        sa.select(tables.progress_report)
        .where(report.undertaking_id == undertaking_id)
        .order_by(report.version)
    )
    return [Report(**row._mapping) for row in rows]


def record_contact(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    given: entries.Entries,
    *,
    person: str,
) -> None:
    """Keep when, how and about what the handler was in touch with the caller.

    Reads `contacted_on`, `contact_mode` and `contact_content`; with none of them
    there was no contact to keep.
    """
    if not any(given.get(key) for key in CONTACT):
        return
    work.connection.execute(
        tables.contact.insert().values(
            undertaking_id=undertaking.id,
            contacted_on=entries.day(given, "contacted_on"),
            mode=entries.text(given, "contact_mode", longest=50),
            content=entries.text(given, "contact_content", longest=LONGEST_BASIS),
            person=person,
            at=work.now(),
        )
    )


def _measure(row: entries.Entries) -> dict[str, str | None]:
    deadline = entries.optional_day(row, "deadline")
    return {
        "measure": entries.text(row, "measure", longest=500),
        "deadline": deadline.isoformat() if deadline else None,
    }


def head_signs(
    connection: sa.Connection, undertaking: undertakings.Undertaking
) -> bool:
    """Whether the unit's head must sign (Q-05).

    The procedure's `sign_rule` says so; without one the head always signs (000三(二)),
    but in the vertical tree the deputy may sign what is not major (004二(三)).
    """
    matter = matters.get(connection, undertaking.matter_id)
    rule = sources.procedure_of(connection, matter).parameters.get("sign_rule")
    if rule is None:
        unit = engine_tables.unit.c
        tree = connection.scalar(
            sa.select(unit.tree_type).where(unit.code == undertaking.unit)
        )
        rule = DEPUTY_UNLESS_MAJOR if tree == VERTICAL else HEAD_ALWAYS
    return rule != DEPUTY_UNLESS_MAJOR or matter.major


def _may_sign(
    work: handlers.Work, report: Report, undertaking: undertakings.Undertaking
) -> bool:
    roles = ["unit_head"]
    if not head_signs(work.connection, undertaking):
        roles.append("unit_deputy")
    groups = {people.group(role, undertaking.unit) for role in roles}
    identity = people.identity(work.connection, report.signer or "", work.now())
    return bool(groups & identity.groups) or any(
        groups & principal.groups for principal in identity.substitutes_for
    )


def _change(
    work: handlers.Work, report_id: int, values: Mapping[str, object]
) -> Report:
    work.connection.execute(
        tables.progress_report.update()
        .where(tables.progress_report.c.id == report_id)
        .values(**values)
    )
    return get(work.connection, report_id)
