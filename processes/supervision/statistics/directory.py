"""The directory of statistical tables (统计报表): what there is, for whom, of what.

Each is declared once; the page and the workbook are made of the same rows. Leaders
and the office see the figures of all, a unit its own; the three guardians (三员) none.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine import errors
from engine import people
from engine import workdays
from processes.supervision import access
from processes.supervision import workloads
from processes.supervision.statistics import bulletins
from processes.supervision.statistics import filing
from processes.supervision.statistics import overviews
from processes.supervision.statistics import plans
from processes.supervision.statistics import rates
from processes.supervision.statistics import registers
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries
from processes.supervision.statistics import ticket_figures
from processes.supervision.statistics import yearbook

BUSINESS = frozenset({"biz_admin"})
#: What a table may be asked for, and how its field is called.
FILTERS: Mapping[str, str] = {
    "since": "从",
    "until": "至",
    "quarter": "季度",
    "year": "年度",
    "month": "月份",
    "unit": "承办单位",
    "source_type": "来源类别",
    "leader": "领导",
    "light": "亮灯",
    "status": "状态",
}
PERIOD = ("since", "until")


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know: of which days and units, narrowed to what.

    `units` None means all; `chosen` has the value of each filter, "" when left open.
    """

    identity: people.Identity
    span: statistics.Span
    units: frozenset[str] | None
    chosen: Mapping[str, str]
    ranked: bool


Find = Callable[[sa.Connection, workdays.Calendar, Asked], Sequence[summaries.Sheet]]


@dataclass(frozen=True)
class Statistic:
    """A page of one or more tables; `about` says in a line what it is good for.

    `readers` are the roles that see the figures of all; with `of_units` a unit sees
    its own.
    """

    key: str
    code: str
    title: str
    about: str
    find: Find
    filters: tuple[str, ...] = PERIOD
    readers: frozenset[str] = access.OVERSEERS
    of_units: bool = False


def _ledger(
    connection: sa.Connection, calendar: workdays.Calendar, asked: Asked
) -> Sequence[summaries.Sheet]:
    # What one may see is decided matter by matter, not by the unit.
    unit = asked.chosen["unit"]
    sheet = summaries.ledger(
        connection,
        calendar,
        asked.identity,
        asked.span,
        units=frozenset({unit}) if unit else None,
        **{name: asked.chosen[name] for name in LEDGER_FILTERS},
    )
    return [sheet]


def _indicators(
    connection: sa.Connection, calendar: workdays.Calendar, asked: Asked
) -> Sequence[summaries.Sheet]:
    month = asked.chosen["month"]
    shown = plans.indicators(connection, month, asked.span, only=asked.units)
    return [shown, plans.watched(connection, asked.span, only=asked.units)]


def _packet(
    connection: sa.Connection, calendar: workdays.Calendar, asked: Asked
) -> Sequence[summaries.Sheet]:
    quarter = bulletins.of(asked.span.since)
    return [yearbook.packet(connection, calendar, quarter, asked.span)]


LEDGER_FILTERS = ("source_type", "leader", "light", "status")
STATISTICS = (
    Statistic(
        "rates",
        "综合",
        "办理质量指标",
        "立项、应办、办结、按期、逾期、延期、退回和办理天数。",
        lambda c, calendar, asked: rates.sheets(c, calendar, asked.span),
    ),
    Statistic(
        "ledger",
        "RP-01",
        "督查事项台账",
        "期间登记的事项，可以筛选。",
        _ledger,
        (*PERIOD, "unit", *LEDGER_FILTERS),
        of_units=True,
    ),
    Statistic(
        "units",
        "RP-02",
        "单位办理情况",
        "各单位应办、按期、逾期和得分。",
        lambda c, calendar, asked: [
            summaries.units(
                c, calendar, asked.span, only=asked.units, ranked=asked.ranked
            )
        ],
        (*PERIOD, "unit"),
        of_units=True,
    ),
    Statistic(
        "composition",
        "RP-03",
        "类别构成与趋势",
        "立项事项从哪里来，逐月多少件。",
        lambda c, calendar, asked: [
            summaries.composition(
                c, calendar, asked.span, source_type=asked.chosen["source_type"]
            )
        ],
        (*PERIOD, "source_type"),
    ),
    Statistic(
        "instructions",
        "RP-04",
        "领导批示办理统计",
        "按层级和领导：批示多少、办结多少。",
        lambda c, calendar, asked: [summaries.instructions(c, calendar, asked.span)],
    ),
    Statistic(
        "meetings",
        "RP-05",
        "会议分解统计",
        "按会议类型：开了几次、分解多少任务、办结多少。",
        lambda c, calendar, asked: [summaries.meetings(c, calendar, asked.span)],
    ),
    Statistic(
        "government-report",
        "RP-06",
        "政府工作报告季度进度",
        "各反馈期的计划达成率，清单A和清单B。",
        lambda c, calendar, asked: plans.government_report(c, calendar, asked.span),
    ),
    Statistic(
        "livelihood",
        "RP-07",
        "实事月度进度",
        "每月10日、15日两期对照。",
        lambda c, calendar, asked: [plans.livelihood(c, calendar, asked.span)],
    ),
    Statistic(
        "deputies",
        "RP-08",
        "建议提案办理",
        "办复率、A/B/C类、满意率，历年评议分数。",
        lambda c, calendar, asked: [
            overviews.deputies(c, asked.span),
            overviews.evaluations(c, asked.span),
        ],
        ("year",),
    ),
    Statistic(
        "hotline",
        "RP-09",
        "热线督办",
        "按诉求类型：受理、按期、在办、满意；选一天为日报，选一月为月报。",
        lambda c, calendar, asked: [ticket_figures.tickets(c, calendar, asked.span)],
    ),
    Statistic(
        "three-lists",
        "RP-10",
        "三单台账与销号率",
        "各单位的问题、销号和回头看反弹。",
        lambda c, calendar, asked: [
            overviews.three_lists(c, calendar, asked.span, only=asked.units)
        ],
        (*PERIOD, "unit"),
        access.OVERSEERS | access.APPRAISERS,
        of_units=True,
    ),
    Statistic(
        "watch",
        "RP-11",
        "问责观察与指标完成",
        "当月冻结的指标完成率，重点项目落后几个节点。",
        _indicators,
        ("month", "unit"),
        of_units=True,
    ),
    Statistic(
        "lights",
        "RP-12",
        "红黄绿灯总览",
        "现在亮什么灯、哪些单位红灯多、逾期多久。",
        lambda c, calendar, asked: overviews.warnings(
            c, calendar, asked.span, only=asked.units
        ),
        ("unit",),
        of_units=True,
    ),
    Statistic(
        "numbers",
        "RP-13",
        "期号文号登记簿",
        "各系列用到几号，有没有断号。",
        lambda c, calendar, asked: [registers.numbers(c, asked.span)],
        ("year",),
    ),
    Statistic(
        "team",
        "RP-14",
        "督查人员工作量",
        "各人办结、代办和在办的任务，用于分工，不作排名。",
        lambda c, calendar, asked: [registers.team(c, calendar, asked.span)],
        readers=workloads.CHIEFS,
    ),
    Statistic(
        "packet",
        "RP-15",
        "季度通报数据包",
        "各单位本季度的账和表扬批评的候选。",
        _packet,
        ("quarter",),
    ),
    Statistic(
        "yearbook",
        "RP-15",
        "年度工作年鉴草稿",
        "按年鉴栏目成文的草稿和所依据的数字。",
        lambda c, calendar, asked: yearbook.sheets(c, calendar, asked.span),
        ("year",),
    ),
    Statistic(
        "appraisals",
        "考核",
        "年度考核依据",
        "各单位本年度巡查、督查和三单整改的结果。",
        lambda c, calendar, asked: [
            registers.appraised(c, asked.span, only=asked.units)
        ],
        ("year", "unit"),
        access.OVERSEERS | access.APPRAISERS,
        of_units=True,
    ),
    Statistic(
        "filing",
        "归档",
        "归档批次计划",
        "办结而没有归档的事项，按季度成批。",
        lambda c, calendar, asked: [filing.batches(c, calendar, asked.span)],
    ),
    Statistic(
        "burden",
        "减负",
        "填报负担",
        "各单位报了多少份材料，哪些指标重复要。",
        lambda c, calendar, asked: [
            registers.burden(c, calendar, asked.span, only=asked.units)
        ],
        (*PERIOD, "unit"),
        access.OVERSEERS | BUSINESS,
        of_units=True,
    ),
    Statistic(
        "vacancies",
        "岗位",
        "单位岗位配置校验",
        "承办单位还缺哪些岗位。",
        lambda c, calendar, asked: [registers.vacancies(c, asked.span)],
        (),
        access.OVERSEERS | BUSINESS,
    ),
)


def sees_all(identity: people.Identity, statistic: Statistic) -> bool:
    """Whether the table tells this person the figures of all units."""
    return access.holds(identity, *statistic.readers)


def offered(identity: people.Identity) -> list[Statistic]:
    """Return the tables this person may see, of all or of his own units."""
    if identity.roles & access.GUARDIANS:
        return []
    has_unit = bool(access.units_of(identity))
    return [
        one
        for one in STATISTICS
        if sees_all(identity, one) or (one.of_units and has_unit)
    ]


def find(identity: people.Identity, key: str) -> Statistic:
    """Return the table of this key; raise `NotFound` unless he may see it."""
    for one in offered(identity):
        if one.key == key:
            return one
    raise errors.NotFound("没有这张统计表，或者您无权查看。", key=key)
