"""The yearbook of 003: its year made up of rows, its figures counted again (RP-15)."""

from collections.abc import Iterator
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.engine import Engine
from processes import office
from processes.supervision import tables
from processes.supervision.statistics import bulletins
from processes.supervision.statistics import statistics
from processes.supervision.statistics import yearbook
from tests.processes.supervision import counted

LISTS = office.CATALOG / "proc_quarterly_bulletin/decisions/bulletin.dmn"
YEAR = statistics.Span(
    date(2026, 1, 1), date(2026, 12, 31), datetime(2027, 1, 5, tzinfo=UTC)
)
MEETINGS = (("综合", 6), ("常务", 13), ("办公会", 16), ("专题", 20), ("文件", 6))
INSTRUCTIONS = (("upper", 9), ("party_leader", 101), ("mayor", 711))
DEPUTIES = (
    ("省", "建议", 1),
    ("省", "提案", 3),
    ("市", "建议", 141),
    ("市", "提案", 289),
)
SERIES = (
    ("督查通报", 9),
    ("督查通知", 72),
    ("督查专报", 66),
    ("重要工作情况通报", 12),
)


def seed(connection: sa.Connection) -> None:
    """Write the year 2016 of 003 as if it were this year's."""
    report = counted.matter(connection, procedure="proc_gov_work_report")
    counted.mandates(connection, report, 273)
    decided = iter(_split(431, sum(count for _, count in MEETINGS)))
    for kind, count in MEETINGS:
        for _ in range(count):
            held = counted.matter(
                connection,
                procedure="proc_meeting_decision",
                source={"meeting_type": kind},
            )
            counted.mandates(connection, held, next(decided))
    counted.matters(connection, 33, source_type="省政府专项督查")
    counted.matters(connection, 224, source_type="督办件")
    for rank, count in INSTRUCTIONS:
        counted.matters(
            connection, count, procedure="proc_leader_instruction", source_rank=rank
        )
    trips = iter(_split(307, 34))
    done = 288
    for day in range(34):
        count = next(trips)
        closed = min(count, done)
        done -= closed
        for status, some in (("CLOSED", closed), ("IN_PROGRESS", count - closed)):
            if some:
                counted.matters(
                    connection,
                    some,
                    procedure="proc_other_assigned",
                    source={"mode": "调研现场"},
                    source_leader="王县长",
                    source_on=date(2026, 7, 1) + timedelta(days=day),
                    status=status,
                )
    counted.matters(connection, 11, source_type="审议意见", procedure="proc_npc_review")
    for level, kind, count in DEPUTIES:
        _deputies(connection, level, kind, count)
    for series, count in SERIES:
        _circulars(connection, report, series, count)
    watched = counted.matter(connection, procedure="proc_accountability_watch")
    counted.mandates(connection, watched, 33)
    for number in range(1, 9):
        connection.execute(
            tables.indicator_value.insert().values(
                matter_id=watched,
                indicator=f"指标{number}",
                unit="zjj",
                month="2026-09",
                target="10",
                actual="9",
                person="dc_officer",
                at=counted.SINCE,
            )
        )
    # What the office does of itself is in no count.
    counted.matter(connection, procedure="proc_training")


@pytest.mark.requirement("R-03-17")
@pytest.mark.requirement("R-03-18")
@pytest.mark.requirement("R-03-14")
@pytest.mark.requirement("R-03-15")
@pytest.mark.requirement("R-03-16")
def test_the_year_of_003_is_told_in_its_own_figures(engine: Engine) -> None:
    with engine.begin() as work:
        seed(work.connection)
        book = yearbook.compile(work.connection, work.calendar, YEAR, stated="2400余项")

    said = dict(book.chapters)
    assert {
        "政府工作报告任务": 273,
        "会议议定事项": 431,
        "省政府专项督查": 33,
        "省领导批示": 9,
        "市委领导批示": 101,
        "市政府领导批示": 711,
        "督办件": 224,
        "调研临时交办": 307,
        "省建议": 1,
        "省提案": 3,
        "市建议": 141,
        "市提案": 289,
        "审议评议意见": 11,
        "立项": 2534,
    } == {one.name: one.count for one in book.figures}
    assert (
        "立项2534（分类合计）\n"
        "年鉴口径2400余项（网络平台立项；与分类合计口径不同，不作凑平）"
    ) == said["网上立项"]
    assert "6综合+13常务+16办公会+20专题+6文件=61次（件）→431项。" == said["会议"]
    assert (
        "调研活动34次，临时交办立项307项，落实288项，落实率93.8%。" == said["领导交办"]
    )
    assert "共434件，办复率100.0%。" in said["建议提案"]
    assert "督查通报9期" in said["工作报告"]
    assert "重点项目33个，考核指标8项。" == said["问责观察"]
    assert "督查通知72期，督查专报66期，重要工作情况通报12期。" == said["刊物"]


@pytest.mark.parametrize("stated", ["2534余项", "约2400项"])
def test_a_stated_figure_is_never_made_equal_to_the_sum(
    engine: Engine, stated: str
) -> None:
    with engine.begin() as work:
        counted.matters(work.connection, 3)
        with pytest.raises(ValueError, match="年鉴口径"):
            yearbook.compile(work.connection, work.calendar, YEAR, stated=stated)


def test_a_year_without_matters_has_dashes(engine: Engine) -> None:
    with engine.read() as connection:
        book = yearbook.compile(connection, engine.calendar, YEAR)

    said = dict(book.chapters)
    assert "立项0（分类合计）" == said["网上立项"]
    assert "调研活动0次，临时交办立项0项，落实0项，落实率—。" == said["领导交办"]
    assert said["建议提案"].endswith("办复率—。")


@pytest.mark.requirement("R-01-41")
def test_the_packet_of_a_quarter_tells_units_and_lists(engine: Engine) -> None:
    day = date(2026, 8, 10)
    with engine.begin() as work:
        c = work.connection
        counted.undertaking(c, "fgw", day, reported=counted.moment(day))
        counted.undertaking(c, "mzj", day)
        work.deploy({LISTS.name: LISTS.read_bytes()})
        span = statistics.Span(
            date(2026, 7, 1), date(2026, 9, 30), counted.moment(date(2026, 10, 13))
        )
        packet = yearbook.packet(c, work.calendar, bulletins.Quarter(2026, 3), span)

    assert [
        ("夏邑县发展和改革委员会", 1, 1, 0, 0, 0, 1),
        ("夏邑县民政局", 1, 0, 0, 1, 0, 0),
    ] == [row[:7] for row in packet.rows]
    assert ["拟表扬", "拟批评"] == [
        str(row[7]).partition("：")[0] for row in packet.rows
    ]


def _split(total: int, parts: int) -> Iterator[int]:
    """Yield `parts` whole numbers that make up the total, as equal as can be."""
    for part in range(parts):
        yield total // parts + (part < total % parts)


def _deputies(connection: sa.Connection, level: str, kind: str, count: int) -> None:
    for number in range(1, count + 1):
        matter_id = counted.matter(connection, procedure="proc_npc_cppcc")
        connection.execute(
            tables.deputy_proposal.insert().values(
                matter_id=matter_id,
                kind=kind,
                level=level,
                session="十七届五次",
                number=number,
                year=2026,
                body="正文",
            )
        )
        handled = counted.undertaking(
            connection, "zjj", date(2026, 8, 10), matter_id=matter_id
        )
        sent = counted.moment(date(2026, 8, 1))
        report_id = counted.report(connection, handled, sent)
        connection.execute(
            tables.reply.insert().values(
                matter_id=matter_id,
                report_id=report_id,
                result="A",
                public=True,
                contact_name="刘某",
                contact_phone="1",
                sent_at=sent,
            )
        )


def _circulars(
    connection: sa.Connection, matter_id: int, series: str, count: int
) -> None:
    at = counted.moment(date(2026, 8, 1))
    connection.execute(
        tables.circular.insert(),
        [
            {
                "matter_id": matter_id,
                "series": series,
                "year": 2026,
                "issue_no": number,
                "total_no": number,
                "title": series,
                "body": series,
                "praised": [],
                "criticized": [],
                "cc": [],
                "status": "ISSUED",
                "issued_at": at,
                "person": "dc_officer",
                "at": at,
            }
            for number in range(1, count + 1)
        ],
    )
