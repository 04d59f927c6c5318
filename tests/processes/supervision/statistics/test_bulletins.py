"""The quarterly circular: which quarter, whose accounts, whom the table lists."""

from datetime import date
from itertools import pairwise

import pytest

from engine.engine import Engine
from processes import office
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.statistics import bulletins
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment

LISTS = office.CATALOG / "proc_quarterly_bulletin/decisions/bulletin.dmn"
QUARTER = bulletins.Quarter(2026, 3)
LOOKED_AT = moment(date(2026, 10, 13))


@pytest.mark.parametrize(
    ("day", "quarter", "name"),
    [
        (date(2026, 10, 13), bulletins.Quarter(2026, 3), "2026年第三季度"),
        (date(2026, 1, 1), bulletins.Quarter(2025, 4), "2025年第四季度"),
        (date(2026, 3, 31), bulletins.Quarter(2025, 4), "2025年第四季度"),
        (date(2026, 4, 1), bulletins.Quarter(2026, 1), "2026年第一季度"),
        (date(2026, 12, 31), bulletins.Quarter(2026, 3), "2026年第三季度"),
    ],
)
def test_a_circular_tells_of_the_quarter_that_is_over(
    day: date, quarter: bulletins.Quarter, name: str
) -> None:
    found = bulletins.before(day)

    assert (quarter, name) == (found, found.name)


def test_four_quarters_make_a_year_without_a_gap() -> None:
    quarters = [bulletins.Quarter(2026, number) for number in (1, 2, 3, 4)]

    assert (date(2026, 1, 1), date(2026, 12, 31)) == (
        quarters[0].first,
        quarters[3].last,
    )
    assert all(
        1 == (later.first - earlier.last).days for earlier, later in pairwise(quarters)
    )


@pytest.mark.requirement("S18")
def test_accounts_tell_in_time_late_and_missing_apart(engine: Engine) -> None:
    day = date(2026, 8, 10)
    with engine.begin() as work:
        c = work.connection
        counted.undertaking(c, "fgw", day, reported=moment(day))
        counted.undertaking(c, "fgw", day, reported=moment(date(2026, 8, 9)))
        counted.undertaking(c, "zjj", day, reported=moment(date(2026, 8, 12)))
        late = counted.undertaking(c, "mzj", day)
        sent = counted.report(c, late, moment(day))
        counted.review(c, late, sent, moment(date(2026, 8, 11)))
        counted.review(c, late, sent, moment(date(2026, 10, 8)))
        # Due in another quarter.
        counted.undertaking(c, "zjj", date(2026, 10, 9))
        found = bulletins.accounts(c, work.calendar, QUARTER, LOOKED_AT)

    assert [
        bulletins.Account("fgw", 2, 2, 2, 0, 0, 0),
        bulletins.Account("mzj", 1, 0, 0, 0, 1, 1),
        bulletins.Account("zjj", 1, 1, 0, 1, 0, 0),
    ] == found


@pytest.mark.requirement("R-01-41")
@pytest.mark.parametrize(
    ("account", "lists"),
    [
        (bulletins.Account("u", 2, 2, 2, 0, 0, 0), {"PRAISE"}),
        (bulletins.Account("u", 2, 0, 2, 0, 0, 0), set()),
        (bulletins.Account("u", 2, 2, 2, 0, 0, 1), set()),
        (bulletins.Account("u", 2, 1, 1, 1, 0, 0), set()),
        (bulletins.Account("u", 2, 1, 1, 0, 1, 0), {"CRITICIZE"}),
        (bulletins.Account("u", 2, 2, 2, 0, 0, 2), {"CRITICIZE"}),
        (bulletins.Account("u", 2, 0, 0, 0, 2, 3), {"CRITICIZE"}),
    ],
    ids=[
        "all in time, concluded, none returned",
        "nothing concluded",
        "one returned",
        "one late",
        "one missing",
        "two returned",
        "missing and returned",
    ],
)
def test_the_table_lists_by_the_thresholds_of_the_requirements(
    engine: Engine, account: bulletins.Account, lists: set[str]
) -> None:
    with engine.begin() as work:
        work.deploy({LISTS.name: LISTS.read_bytes()})
        found = bulletins.candidates(work.connection, [account])

    assert lists == {one.list for one in found}
    assert len(lists) == len(found)


@pytest.mark.parametrize(
    ("earlier", "alike"),
    [
        ([], False),
        (["各单位高度重视，成效明显，问题是责任不清。"], True),
        (["各单位高度重视，成效明显，问题是责任不清。", "一。", "二。"], False),
        (["第三季度集中整治燃气隐患三百二十处。"], False),
    ],
    ids=["the first issue", "the issue before", "three issues before", "another text"],
)
def test_only_the_two_issues_before_are_compared(
    engine: Engine, earlier: list[str], alike: bool
) -> None:
    with engine.begin() as work:
        about = counted.matter(work.connection)
        drafts = [
            circulars.draft(
                work,
                matter_id=about,
                series=bulletins.SERIES,
                given={"title": "通报", "body": text},
                person="dc_officer",
            )
            for text in [*earlier, "各单位高度重视，成效明显，问题是责任不清！"]
        ]
        for day, issued in enumerate(drafts[:-1], start=1):
            circulars.change(
                work,
                issued.id,
                status="ISSUED",
                year=2026,
                issue_no=day,
                total_no=day,
                issued_at=moment(date(2026, 8, day)),
            )
        found = bulletins.similarity(work.connection, drafts[-1].id)

    assert alike == (found > bulletins.SIMILAR)


def test_a_circular_of_another_series_is_not_compared(engine: Engine) -> None:
    with engine.begin() as work:
        about = counted.matter(work.connection)
        for series in ("督查专报", bulletins.SERIES):
            last = circulars.draft(
                work,
                matter_id=about,
                series=series,
                given={"title": "通报", "body": "一样的话。"},
                person="dc_officer",
            )
            if series != bulletins.SERIES:
                circulars.issue(work, last.id)
        issued = tables.circular.c

        assert 0.0 == bulletins.similarity(work.connection, last.id)
        assert 1 == len(
            work.connection.execute(
                tables.circular.select().where(issued.status == "ISSUED")
            ).all()
        )
