"""The figures of the whole office in one table (domain §5.1): counted by hand first."""

from datetime import date

from engine.engine import Engine
from processes.supervision.statistics import rates
from processes.supervision.statistics import statistics
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment

QUARTER = statistics.Span(
    date(2026, 7, 1), date(2026, 9, 30), moment(date(2026, 10, 1), 0)
)
DAY = date(2026, 8, 10)
LATE = date(2026, 8, 12)


def test_each_figure_of_the_quarter_is_told_with_what_it_counts(
    engine: Engine,
) -> None:
    """Four due: one in time, one late and returned once, one missing, one of two days.

    7-01 to 8-10 is 40 days and 28 working days, to 8-12 it is 42 and 30.
    """
    with engine.begin() as work:
        c = work.connection
        closed = counted.matter(c, status="CLOSED")
        counted.undertaking(c, "fgw", DAY, matter_id=closed, reported=moment(DAY))
        late = counted.undertaking(c, "zjj", DAY, reported=moment(LATE))
        counted.undertaking(c, "mzj", DAY, signed_at=None)
        about = counted.report(c, late, moment(LATE))
        counted.review(c, late, about, moment(LATE))
        counts, told = rates.sheets(c, work.calendar, QUARTER)

    assert {
        "立项数": 3,
        "任务数": 3,
        "应办数": 3,
        "办结数": 2,
        "平均办理天数（自然日）": 41.0,
        "中位办理天数（自然日）": 41.0,
        "平均办理天数（工作日）": 29.0,
        "中位办理天数（工作日）": 29.0,
    } == {row[0]: row[1] for row in counts.rows}
    assert {
        "办结率": (1, 3, "33.3%"),
        "按期办结率": (1, 3, "33.3%"),
        "逾期率": (2, 3, "66.7%"),
        "按期反馈率": (1, 3, "33.3%"),
        "延期率": (0, 3, "0.0%"),
        "签收及时率": (2, 3, "66.7%"),
        "退回率": (1, 1, "100.0%"),
    } == {row[0]: row[1:4] for row in told.rows}


def test_a_quarter_without_matters_has_dashes(engine: Engine) -> None:
    with engine.read() as connection:
        counts, told = rates.sheets(connection, engine.calendar, QUARTER)

    assert [0, 0, 0, 0, "—", "—", "—", "—"] == [row[1] for row in counts.rows]
    assert {(0, 0, "—")} == {row[1:4] for row in told.rows}
