"""The yearbook of the office's work (年鉴) and the packet of a quarter: RP-15.

Chapters and words follow the seed of Weifang's yearbook. Figures are counted by class
and can be added up; what the yearbook itself once said of the year (“2400余项”) counts
otherwise, and stands beside the sum under its own label, never made equal (Q-11).
"""

import re
from collections import Counter
from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import sqlalchemy as sa

from engine import workdays
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.documents import docx
from processes.supervision.statistics import bulletins
from processes.supervision.statistics import plans
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries

#: Matters that bring their mandates into the count (项); all others count once (件).
BY_MANDATE = (summaries.GOVERNMENT_REPORT, summaries.MEETINGS)
REPORT, MEETING, TRIP, REVIEW = (
    "政府工作报告任务",
    "会议议定事项",
    "调研临时交办",
    "审议评议意见",
)
INSPECTION, ORDER, OTHER = "省政府专项督查", "督办件", "其他事项"
#: A leader of the party committee writes on papers as others do (P-08).
ASSIGNED, PARTY = "proc_other_assigned", "party_leader"
INSTRUCTIONS: Mapping[str, str] = {
    "upper": "省领导批示",
    PARTY: "市委领导批示",
    "mayor": "市政府领导批示",
    "exec_vice_mayor": "市政府领导批示",
    "vice_mayor": "市政府领导批示",
}
JOINT = "proc_joint_inspection"
#: What the office goes out for of itself: told in chapters of its own, in no class.
BESIDE = (
    plans.WATCH,
    JOINT,
    "proc_appraisal",
    "proc_npc_annual",
    "proc_patrol",
    "proc_research",
    "proc_scoring",
    "proc_special_inspection",
)
_STATED = re.compile(r"^(\d+)余项$")


@dataclass(frozen=True)
class Figure:
    """A count, what is counted and by which way of counting (口径)."""

    name: str
    count: int
    unit: str
    caliber: str


@dataclass(frozen=True)
class Yearbook:
    """The chapters of a year, and the figures they are written from."""

    year: int
    figures: tuple[Figure, ...]
    chapters: tuple[tuple[str, str], ...]

    def count(self, name: str) -> int:
        """Return the count of this name; 0 when the year had none."""
        return sum(one.count for one in self.figures if one.name == name)


def compile(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    *,
    stated: str = "",
) -> Yearbook:
    """Return the draft of the yearbook for the year of the span.

    `stated` is what the yearbook says of matters registered on the network, as
    “2400余项”; raise ValueError when it is written otherwise, or when the sum of the
    classes is not above it.
    """
    rows = _matters(connection, calendar, span)
    counted = _count(connection, rows)
    total = sum(counted.values())
    figures = [
        Figure(name, count, "项" if name in (REPORT, MEETING) else "件", "分类合计")
        for name, count in sorted(counted.items())
    ]
    figures.append(Figure("立项", total, "项", "分类合计"))
    chapters = [("网上立项", _registered(total, stated))]
    chapters += _chapters(connection, calendar, span, rows, counted)
    return Yearbook(span.since.year, tuple(figures), tuple(chapters))


def sheets(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> tuple[summaries.Sheet, summaries.Sheet]:
    """Return the chapters of the draft and the figures they are written from."""
    book = compile(connection, calendar, span)
    return (
        summaries.sheet(
            "RP-15",
            f"{book.year}年工作年鉴草稿",
            "按年鉴栏目成文，须经人工核改",
            span,
            ("栏目", "内容"),
            book.chapters,
        ),
        summaries.sheet(
            "RP-15",
            "年鉴数字",
            "分类合计；与年鉴自称的口径不同的，两数并列，不作凑平",
            span,
            ("类别", "数量", "单位", "口径"),
            ((one.name, one.count, one.unit, one.caliber) for one in book.figures),
        ),
    )


def document(book: Yearbook, created_at: datetime) -> bytes:
    """Return the draft as a docx."""
    title = f"{book.year}年政务督查工作年鉴（草稿）"
    said = [f'<p class="title">{escape(title)}</p>']
    for heading, text in book.chapters:
        said.append(f'<p class="first-level">{escape(heading)}</p>')
        said += [f"<p>{escape(line)}</p>" for line in text.splitlines()]
    return docx.write("".join(said), title=title, created_at=created_at)


def packet(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    quarter: bulletins.Quarter,
    span: statistics.Span,
) -> summaries.Sheet:
    """Return what the circular of a quarter rests on, unit by unit (季度通报数据包)."""
    found = bulletins.accounts(connection, calendar, quarter, span.as_of)
    names = phrases.unit_names(connection, (one.unit for one in found))
    listed: dict[str, list[str]] = {}
    labels = {"PRAISE": "拟表扬", "CRITICIZE": "拟批评"}
    for one in bulletins.candidates(connection, found):
        listed.setdefault(one.unit, []).append(f"{labels[one.list]}：{one.reason}")
    return summaries.sheet(
        "RP-15",
        f"{quarter.name}通报数据包",
        "承办记录和反馈期，按时限归集；名单为候选，须经复核审定",
        span,
        ("单位", "应反馈", "按期", "逾期后反馈", "逾期未报", "退回", "办结", "名单"),
        (
            (
                names[one.unit],
                one.due,
                one.on_time,
                one.late,
                one.overdue,
                one.returned,
                one.concluded,
                "；".join(listed.get(one.unit, [])),
            )
            for one in found
        ),
    )


def classify(row: Any) -> str:
    """Return the class of a matter: by its source type, procedure and leader's rank."""
    source = row.source
    if row.source_type in (INSPECTION, ORDER):
        return str(row.source_type)
    if row.procedure == summaries.GOVERNMENT_REPORT:
        return REPORT
    if row.procedure == summaries.MEETINGS:
        return MEETING
    if row.source_type in ("审议意见", "评议意见"):
        return REVIEW
    if row.procedure == summaries.INSTRUCTIONS:
        return INSTRUCTIONS.get(row.source_rank or "", OTHER)
    if row.procedure == ASSIGNED and row.source_rank == PARTY:
        return INSTRUCTIONS[PARTY]
    if row.procedure == ASSIGNED and source.get("mode") == "调研现场":
        return TRIP
    if row.deputy_kind is not None:
        return f"{row.deputy_level[:1]}{row.deputy_kind}"
    return OTHER


def _matters(
    connection: sa.Connection, calendar: workdays.Calendar, span: statistics.Span
) -> Sequence[Any]:
    matter, deputy = tables.matter.c, tables.deputy_proposal.c
    ids = statistics.registered(connection, calendar, span)
    return connection.execute(
        sa.select(
            tables.matter,
            deputy.kind.label("deputy_kind"),
            deputy.level.label("deputy_level"),
        )
        .outerjoin(tables.deputy_proposal, deputy.matter_id == matter.id)
        .where(matter.id.in_(ids))
        .order_by(matter.id)
    ).all()


def _count(connection: sa.Connection, rows: Sequence[Any]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        if row.procedure not in (*BY_MANDATE, *BESIDE):
            counted[classify(row)] += 1
    for procedure, name in zip(BY_MANDATE, (REPORT, MEETING), strict=True):
        ids = [row.id for row in rows if row.procedure == procedure]
        counted[name] += sum(statistics.mandates(connection, ids).values())
    return +counted


def _registered(total: int, stated: str) -> str:
    lines = [f"立项{total}（分类合计）"]
    if stated:
        found = _STATED.fullmatch(stated)
        if found is None:
            raise ValueError(f"年鉴口径应写成“2400余项”，不是“{stated}”。")
        if total <= int(found[1]):
            raise ValueError(f"分类合计{total}不大于年鉴口径{stated}。")
        lines.append(f"年鉴口径{stated}（网络平台立项；与分类合计口径不同，不作凑平）")
    return "\n".join(lines)


def _chapters(
    connection: sa.Connection,
    calendar: workdays.Calendar,
    span: statistics.Span,
    rows: Sequence[Any],
    counted: Mapping[str, int],
) -> list[tuple[str, str]]:
    def listed(*names: str) -> str:
        told = [f"{name}{counted[name]}件" for name in names if counted.get(name)]
        return "，".join(told) or statistics.NOTHING

    deputies = [
        name
        for name in counted
        if name.endswith(("建议", "提案")) and name not in (REVIEW,)
    ]
    reports = [row.id for row in rows if classify(row) == REPORT]
    return [
        (
            "工作报告",
            f"分解重点任务{counted.get(REPORT, 0)}项，按季调度、按季通报，"
            f"印发督查通报{_issued(connection, span, '督查通报', reports)}期。",
        ),
        ("会议", _meetings(rows, counted)),
        (
            "批示",
            listed(INSPECTION, *dict.fromkeys(INSTRUCTIONS.values()), ORDER) + "。",
        ),
        ("领导交办", _trips(rows)),
        ("建议提案", _answered(connection, rows, deputies, listed(*sorted(deputies)))),
        ("审议意见", listed(REVIEW) + "。"),
        (
            "刊物",
            "，".join(
                f"{series}{_issued(connection, span, series)}期"
                for series in ("督查通知", "督查专报", "重要工作情况通报")
            )
            + "。",
        ),
        ("联合督查", f"现场督查{_visits(connection, span, rows)}次。"),
        ("问责观察", _watched(connection, rows)),
    ]


def _meetings(rows: Sequence[Any], counted: Mapping[str, int]) -> str:
    kinds = Counter(
        str(row.source.get("meeting_type", "其他"))
        for row in rows
        if row.procedure == summaries.MEETINGS
    )
    told = "+".join(f"{count}{kind}" for kind, count in kinds.items())
    return (
        f"{told or statistics.NOTHING}={kinds.total()}次（件）"
        f"→{counted.get(MEETING, 0)}项。"
    )


def _trips(rows: Sequence[Any]) -> str:
    trips = [row for row in rows if classify(row) == TRIP]
    occasions = {(row.source_leader, row.source_on) for row in trips}
    done = sum(row.status in statistics.CONCLUDED for row in trips)
    rate = statistics.carried_out(done, len(trips))
    return (
        f"调研活动{len(occasions)}次，临时交办立项{len(trips)}项，"
        f"落实{done}项，落实率{rate.percent}。"
    )


def _answered(
    connection: sa.Connection, rows: Sequence[Any], kinds: Sequence[str], told: str
) -> str:
    reply = tables.reply.c
    asked = [row for row in rows if classify(row) in kinds]
    sent = set(
        connection.scalars(
            sa.select(reply.matter_id).where(
                reply.matter_id.in_(row.id for row in asked),
                reply.sent_at.is_not(None),
            )
        )
    )
    # What deputies of a level above asked is answered by a report upward.
    answered = [row for row in asked if row.id in sent or row.closed_at is not None]
    rate = statistics.Rate(len(answered), len(asked), "已答复/应答复")
    return f"{told}，共{len(asked)}件，办复率{rate.percent}。"


def _issued(
    connection: sa.Connection,
    span: statistics.Span,
    series: str,
    matters: Collection[int] | None = None,
) -> int:
    """Return how many of a series were issued, about these matters if given."""
    circular = tables.circular.c
    query = sa.select(sa.func.count()).where(
        circular.series == series,
        circular.year == span.since.year,
        circular.status == "ISSUED",
        circular.issued_at <= span.as_of,
    )
    if matters is not None:
        query = query.where(circular.matter_id.in_(matters))
    return connection.scalar(query) or 0


def _visits(
    connection: sa.Connection, span: statistics.Span, rows: Sequence[Any]
) -> int:
    visit, inspection = tables.site_visit.c, tables.inspection.c
    joint = [row.id for row in rows if row.procedure == JOINT]
    return (
        connection.scalar(
            sa.select(sa.func.count())
            .select_from(tables.site_visit)
            .join(tables.inspection, inspection.id == visit.inspection_id)
            .where(
                inspection.matter_id.in_(joint),
                visit.held_on.between(span.since, span.until),
            )
        )
        or 0
    )


def _watched(connection: sa.Connection, rows: Sequence[Any]) -> str:
    value, mandate = tables.indicator_value.c, tables.mandate.c
    ids = [row.id for row in rows if row.procedure == plans.WATCH]
    projects = connection.scalar(
        sa.select(sa.func.count()).where(mandate.matter_id.in_(ids))
    )
    kinds = connection.scalar(
        sa.select(sa.func.count(sa.distinct(value.indicator))).where(
            value.matter_id.in_(ids)
        )
    )
    return f"重点项目{projects}个，考核指标{kinds}项。"
