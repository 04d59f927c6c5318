"""The volume of a year's replies (年度卷), what it lacks, and the year's reports."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes import procedures
from processes.supervision import inbox
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deputies import deputies
from processes.supervision.deputies import evaluations
from processes.supervision.deputies import surveys
from processes.supervision.documents import documents
from processes.supervision.matters import matters
from processes.supervision.matters import registration
from processes.supervision.matters import sources
from processes.supervision.statistics import statistics

PROCEDURE = "proc_npc_annual"
#: The procedure whose matters 落实评议意见 reports on.
OPINIONS = "proc_npc_review"
DECEMBER = 12
#: What was never taken up, or taken back, needs no reply.
WITHOUT_REPLY = ("DRAFT", "NOT_APPROVED", "CANCELLED", "MERGED", "SENT_BACK")


@dataclass(frozen=True)
class Line:
    """A suggestion of the year and its last accepted reply, if there is one."""

    matter_id: int
    number: str
    title: str
    level: str
    kind: str
    name: str
    result: str | None
    sha256: str | None


@dataclass(frozen=True)
class Volume:
    """The volume of a year as it was compiled last."""

    id: int
    year: int
    matter_id: int
    replies: Sequence[Mapping[str, object]]
    missing: Sequence[Mapping[str, object]]
    compiled_at: datetime


def open_volume(work: handlers.Work, *, area: str, root_id: str) -> Volume:
    """Open the volume of the year as a matter of its own, and compile it.

    Begun late, after the year is over, it is still the volume of that year.
    """
    today = work.calendar.local_date(work.now())
    year = today.year if today.month == DECEMBER else today.year - 1
    _require_first(work.connection, year)
    procedure, deployment = procedures.find(work.connection, PROCEDURE)
    matter = registration.register(
        work,
        registration.Source(
            procedure=procedure.key,
            procedure_deployment=deployment,
            category=procedure.category,
            type=procedure.source_type,
            title=f"{year}年度建议提案答复件立卷",
            doc_no=None,
            urgency="平件",
            secrecy="内部",
            received_on=today,
            assigned_on=today,
        ),
        deadlines.on_day(
            work.calendar,
            today,
            max(today, work.calendar.roll(date(year, 12, 31), "previous")),
        ),
        area=area,
        root_id=root_id,
        person=None,
    )
    ladder.take_down(work, "approval", matter.id)
    matters.move(work, matter, "IN_PROGRESS")
    work.connection.execute(
        tables.annual_volume.insert().values(
            year=year,
            matter_id=matter.id,
            replies=[],
            missing=[],
            compiled_at=work.now(),
        )
    )
    return compile(work, matter.id)


def compile(work: handlers.Work, matter_id: int) -> Volume:
    """Gather the replies of the year; what is missing alarms the office (R-01-31)."""
    volume = of_matter(work.connection, matter_id)
    found = lines(work.connection, volume.year)
    there = [asdict(one) for one in found if one.result is not None]
    missing = [asdict(one) for one in found if one.result is None]
    work.connection.execute(
        tables.annual_volume.update()
        .where(tables.annual_volume.c.id == volume.id)
        .values(replies=there, missing=missing, compiled_at=work.now())
    )
    if missing:
        named = "；".join(f"{one['number']} {one['name']}" for one in missing)
        inbox.tell(
            work,
            [inbox.group("dc_officer"), inbox.group("dc_chief")],
            f"{volume.year}年度卷缺{len(missing)}件答复件",
            f"缺少答复件：{named}。",
            matter_id=matter_id,
        )
    return of_matter(work.connection, matter_id)


def of_matter(connection: sa.Connection, matter_id: int) -> Volume:
    """Return the volume that a matter compiles."""
    row = connection.execute(
        sa.select(tables.annual_volume).where(
            tables.annual_volume.c.matter_id == matter_id
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(matter_id=matter_id)
    return Volume(**row._mapping)


def lines(connection: sa.Connection, year: int) -> list[Line]:
    """Return the suggestions of a year with their last accepted replies."""
    proposal, matter = tables.deputy_proposal.c, tables.matter.c
    rows = connection.execute(
        sa.select(tables.deputy_proposal, matter.number.label("said"), matter.title)
        .join(tables.matter, matter.id == proposal.matter_id)
        .where(proposal.year == year, matter.status.not_in(WITHOUT_REPLY))
        .order_by(proposal.level, proposal.kind, proposal.session, proposal.number)
    ).all()
    answered = _last_replies(connection, [row.matter_id for row in rows])
    return [
        Line(
            matter_id=row.matter_id,
            number=row.said,
            title=row.title,
            level=row.level,
            kind=row.kind,
            name=f"{row.session}第{row.number}号{row.kind}",
            result=answered[row.matter_id].result
            if row.matter_id in answered
            else None,
            sha256=answered[row.matter_id].sha256
            if row.matter_id in answered
            else None,
        )
        for row in rows
    ]


def summaries(work: handlers.Work, volume: Volume) -> dict[str, str]:
    """Return the drafts of the three reports of the year (R-03-20).

    Keys are deputies, opinions and members; figures name what they count.
    """
    today = phrases.chinese_day(work.now())
    return {
        "deputies": _summary(work.connection, volume.year, "建议", today),
        "opinions": _opinions(work.connection, volume.year, today),
        "members": _summary(work.connection, volume.year, "提案", today),
    }


def issue_list(work: handlers.Work, matter: matters.Matter, explanation: str) -> None:
    """Issue the list of the volume: every reply and its digest, and what is missing."""
    volume = of_matter(work.connection, matter.id)
    kind = sources.procedure_of(work.connection, matter).document("ANNUAL_VOLUME")
    documents.register(
        work,
        matter=matter,
        type=kind.type,
        number=matter.number,
        title=f"{kind.title}（{volume.year}年）",
        data={
            "year": volume.year,
            "replies": list(volume.replies),
            "missing": list(volume.missing),
            "explanation": explanation,
            "issued_on": phrases.chinese_day(work.now()),
        },
        template=kind.template,
    )


def _require_first(connection: sa.Connection, year: int) -> None:
    volume = tables.annual_volume.c
    if connection.scalar(sa.select(volume.id).where(volume.year == year)) is not None:
        raise errors.Refused(f"{year}年的年度卷已经建立。（R-01-31）", year=year)


def _last_replies(
    connection: sa.Connection, matter_ids: list[int]
) -> dict[int, sa.Row[*tuple[Any, ...]]]:
    """Return result and digest of the last accepted reply of each matter."""
    reply, report = tables.reply.c, tables.progress_report.c
    undertaking, survey = tables.undertaking.c, tables.survey
    document = tables.document.c
    letter = (
        sa.select(document.data_sha256)
        .join(survey, survey.c.document_id == document.id)
        .where(survey.c.reply_id == reply.id)
        .order_by(survey.c.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(reply.matter_id, reply.result, letter.label("sha256"))
        .join(tables.progress_report, report.id == reply.report_id)
        .join(tables.undertaking, undertaking.id == report.undertaking_id)
        .where(reply.matter_id.in_(matter_ids), undertaking.state == "ACCEPTED")
        .order_by(undertaking.id, report.version)
    )
    return {row.matter_id: row for row in rows}


def _summary(connection: sa.Connection, year: int, kind: str, today: str) -> str:
    """Return the draft on all suggestions, or all proposals, of a year."""
    found = [one for one in lines(connection, year) if one.kind == kind]
    answered = [one for one in found if one.result is not None]
    by_result = {
        letter: sum(one.result == letter for one in answered) for letter in "ABC"
    }
    said = [
        one.answer
        for line in found
        for one in surveys.of_matter(connection, line.matter_id)
        if one.answer in surveys.ANSWERS
    ]
    content = sum(answer in ("SATISFIED", "BASICALLY") for answer in said)
    levels = "、".join(
        f"{level}{sum(one.level == level for one in found)}件"
        for level in deputies.LEVELS
    )
    results = "、".join(f"{letter}类{count}件" for letter, count in by_result.items())
    done = statistics.Rate(len(answered), len(found), "已答复/应答复")
    satisfied = statistics.Rate(content, len(said), "满意和基本满意/已评价")
    return (
        f"{year}年共办理{kind}{len(found)}件（{levels}）。截至{today}，"
        f"已答复{len(answered)}件，办复率{done.percent}；其中{results}。"
        f"收到评价{len(said)}份，满意率{satisfied.percent}。"
    )


def _opinions(connection: sa.Connection, year: int, today: str) -> str:
    """Return the draft on the opinions of the standing committee of a year."""
    matter = tables.matter.c
    rows = connection.execute(
        sa.select(matter.title, matter.status)
        .where(
            matter.procedure == OPINIONS,
            matter.received_on.between(date(year, 1, 1), date(year, 12, 31)),
            matter.status.not_in(WITHOUT_REPLY),
        )
        .order_by(matter.id)
    ).all()
    reported = sum(row.status in statistics.CONCLUDED for row in rows)
    scored = "；".join(
        f"{one.subject}{one.score}分"
        for one in evaluations.trend(connection)
        if one.year == year
    )
    return (
        f"{year}年共办理人大常委会审议评议意见{len(rows)}件，截至{today}，"
        f"已按程序形成正式文件报送并办结{reported}件。"
        f"评议分数：{scored or '尚未评议'}。"
    )
