"""A matter is whole when it was assigned, examined, carried out and settled."""

from datetime import date

import pytest

from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.dossiers import completeness
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment

DAY = date(2026, 8, 3)


@pytest.mark.requirement("R-04-03")
def test_each_part_is_lacking_until_the_records_show_it(engine: Engine) -> None:
    told = []
    with engine.begin() as work:
        c = work.connection
        matter_id = counted.matter(c)
        other = counted.undertaking(c, "fgw", DAY)
        counted.review(c, other, counted.report(c, other, moment(DAY)), moment(DAY))
        told.append(completeness.lacking(c, matter_id))
        one = counted.undertaking(c, "zjj", DAY, matter_id=matter_id)
        told.append(completeness.lacking(c, matter_id))
        report_id = counted.report(c, one, moment(DAY))
        told.append(completeness.lacking(c, matter_id))
        counted.review(c, one, report_id, moment(DAY))
        told.append(completeness.lacking(c, matter_id))
        c.execute(
            tables.matter.update()
            .where(tables.matter.c.id == matter_id)
            .values(status="CLOSED")
        )
        told.append(completeness.lacking(c, matter_id))

    assert [
        ("有布置", "有检查", "有落实", "有结果"),
        ("有检查", "有落实", "有结果"),
        ("有检查", "有结果"),
        ("有结果",),
        (),
    ] == told


@pytest.mark.parametrize(
    ("status", "applies"),
    [("IN_PROGRESS", True), ("CLOSED", True), ("ARCHIVED", True), ("MERGED", False)],
)
def test_only_what_is_taken_up_must_be_whole(status: str, applies: bool) -> None:
    assert applies is completeness.applies(status)
