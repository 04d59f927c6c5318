"""Filing is planned: what was concluded in a quarter is one batch, due in 30 days."""

from datetime import date

import pytest

from engine.engine import Engine
from processes.supervision.statistics import filing
from processes.supervision.statistics import statistics
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment


@pytest.mark.requirement("R-04-09")
def test_concluded_matters_wait_in_the_batch_of_their_quarter(engine: Engine) -> None:
    span = statistics.Span(
        date(2026, 1, 1), date(2026, 12, 31), moment(date(2026, 7, 31), 10)
    )
    stories = (
        ("CLOSED", date(2026, 6, 30)),
        ("CLOSED", date(2026, 7, 1)),
        ("ARCHIVED", date(2026, 7, 2)),
        ("CANCELLED", date(2026, 7, 3)),
        ("CLOSED", date(2026, 8, 1)),
        ("CLOSED", date(2025, 12, 31)),
    )
    with engine.begin() as work:
        for serial, (status, closed_on) in enumerate(stories, start=1):
            counted.matter(
                work.connection,
                number=f"411426-2026-07-000{serial}",
                status=status,
                closed_at=moment(closed_on),
            )
        sheet = filing.batches(work.connection, work.calendar, span)

    assert ("批次", "督查编号", "标题", "办结日", "应归档日", "状态") == sheet.headings
    assert (
        (
            "2026年第2季度",
            "411426-2026-07-0001",
            "路灯不亮",
            "2026-06-30",
            "2026-07-30",
            "逾期未归档",
        ),
        (
            "2026年第3季度",
            "411426-2026-07-0002",
            "路灯不亮",
            "2026-07-01",
            "2026-07-31",
            "待归档",
        ),
    ) == sheet.rows
