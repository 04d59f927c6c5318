"""Minutes of a meeting: what is ticked as 督查事项 waits in the pool, nothing else."""

from datetime import UTC
from datetime import datetime

import pytest
import sqlalchemy as sa

from engine import testing
from processes.supervision import tables
from tests.processes.supervision.refusing import refused_start

TICKED = {
    "content": "恢复会亭镇客运班线",
    "supervised": True,
    "requirement": "明确开行日期并报送结果。",
}
UNTICKED = {"content": "听取上半年经济运行情况汇报", "unit": "fgw"}
MINUTES: testing.Values = {
    "title": "农村客运协调会议定事项",
    "meeting_type": "协调会议",
    "meeting_no": "第3次",
    "held_on": "2026-09-21",
    "source_on": "2026-09-21",
    "source_rank": "vice_mayor",
    "source_leader": "vice_mayor",
    "original": "纪要2026-010",
    "items": [UNTICKED, TICKED],
    "urgency": "平件",
    "secrecy": "内部",
}


@pytest.fixture
def begins() -> datetime:
    """2026-09-21 09:00 in Shanghai, a Monday."""
    return datetime(2026, 9, 21, 1, tzinfo=UTC)


@pytest.mark.requirement("R-00-01")
def test_only_a_resolution_ticked_as_supervised_goes_to_the_pool(
    story: testing.Story,
) -> None:
    story.start("proc_meeting_decision", person="go_section", fields=MINUTES)

    with story.engine.read() as connection:
        pooled = connection.execute(
            sa.select(tables.matter).where(tables.matter.c.title == MINUTES["title"])
        ).one()

    assert ("DRAFT", None) == (pooled.status, pooled.number)
    assert [TICKED] == pooled.source["items"]


@pytest.mark.requirement("R-00-01")
@pytest.mark.parametrize(
    "items",
    [
        [UNTICKED],
        [],
        [{**TICKED, "requirement": " "}],
        [TICKED, {**UNTICKED, "requirement": "按月报送。"}],
    ],
    ids=["none ticked", "no item", "no requirement", "not ticked"],
)
def test_minutes_without_a_whole_supervised_resolution_leave_nothing(
    story: testing.Story, items: list[object]
) -> None:
    refused_start(
        story,
        "proc_meeting_decision",
        person="go_section",
        fields={**MINUTES, "items": items},
        words="R-00-01",
    )
