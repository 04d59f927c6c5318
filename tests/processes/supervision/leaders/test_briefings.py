"""A leader's briefing is printed from the records as they stand."""

import io
from datetime import date

import pypdf
import pytest

from engine.engine import Engine
from processes.supervision.leaders import briefings
from processes.supervision.statistics import statistics
from tests.processes.supervision import counted
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.counted import moment

DAY = date(2026, 8, 3)
SPAN = statistics.Span(date(2026, 7, 1), date(2026, 9, 30), moment(DAY, 10))


@pytest.mark.requirement("R-01-39")
@pytest.mark.parametrize("count", [0, 2])
def test_a_leaders_open_matters_are_printed(engine: Engine, count: int) -> None:
    with engine.begin() as work:
        for serial in range(count):
            counted.matter(
                work.connection,
                number=f"411426-2026-05-000{serial + 1}",
                source_leader=("王县长", "mayor")[serial],
                light="RED",
            )
        leader = identity(work, "mayor")
        pages = briefings.pdf(work.connection, work.calendar, leader, SPAN)
    text = "".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pages)).pages
    )
    words = "".join(text.split())

    assert "王县长听取督查汇报材料" in words
    assert f"共{count}项" in words
    assert count == words.count("红灯")
