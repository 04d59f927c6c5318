"""The formulas of the office's figures (domain §5.1), by examples worked by hand."""

from datetime import date
from datetime import datetime

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.statistics import overviews
from processes.supervision.statistics import registers
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment

#: The third quarter, looked at on its last evening but one hour.
QUARTER = statistics.Span(
    date(2026, 7, 1), date(2026, 9, 30), moment(date(2026, 10, 1), 0)
)


def test_a_rate_of_nothing_is_a_dash() -> None:
    assert "—" == statistics.Rate(0, 0, "件").percent
    assert "—" == statistics.completion(3, 0)


@pytest.mark.requirement("R-03-17")
def test_288_of_307_carried_out_is_93_8_percent() -> None:
    assert "93.8%" == statistics.carried_out(288, 307).percent


def test_on_time_and_overdue_make_a_hundred_percent_of_what_is_due(
    engine: Engine,
) -> None:
    """Four are due: two in time, one late, one missing; the fifth is not due yet."""
    with engine.begin() as work:
        c = work.connection
        counted.undertaking(
            c, "zjj", date(2026, 8, 10), reported=moment(date(2026, 8, 10))
        )
        counted.undertaking(
            c, "zjj", date(2026, 8, 20), reported=moment(date(2026, 8, 1))
        )
        counted.undertaking(
            c, "fgw", date(2026, 8, 20), reported=moment(date(2026, 8, 21), 0)
        )
        counted.undertaking(c, "mzj", date(2026, 9, 1))
        counted.undertaking(c, "mzj", date(2026, 10, 9))
        due = statistics.objects(c, work.calendar, QUARTER)

    assert 4 == len(due)
    assert (2, 4, "50.0%") == _told(statistics.on_time(due))
    assert (2, 4, "50.0%") == _told(statistics.overdue(due))


def test_what_is_not_due_yet_is_in_no_rate(engine: Engine) -> None:
    """The same day, looked at a second before its end and a second after."""
    day = date(2026, 9, 30)
    with engine.begin() as work:
        counted.undertaking(work.connection, "mzj", day)
        found = [
            len(
                statistics.objects(
                    work.connection,
                    work.calendar,
                    statistics.Span(date(2026, 7, 1), day, as_of),
                )
            )
            for as_of in (moment(day, 23), moment(date(2026, 10, 1), 0))
        ]

    assert [0, 1] == found


@pytest.mark.parametrize("state", ["REASSIGNED", "CANCELLED", "SUSPENDED"])
def test_what_a_unit_no_longer_answers_for_is_left_out(
    engine: Engine, state: str
) -> None:
    with engine.begin() as work:
        counted.undertaking(work.connection, "zjj", date(2026, 8, 10), state=state)

        assert [] == statistics.objects(work.connection, work.calendar, QUARTER)


@pytest.mark.parametrize("status", ["MERGED", "CANCELLED", "SUSPENDED"])
def test_what_belongs_to_a_matter_that_rests_or_ended_is_left_out(
    engine: Engine, status: str
) -> None:
    with engine.begin() as work:
        resting = counted.matter(work.connection, status=status)
        counted.undertaking(
            work.connection, "zjj", date(2026, 8, 10), matter_id=resting
        )

        assert [] == statistics.objects(work.connection, work.calendar, QUARTER)


@pytest.mark.requirement("S09")
def test_feedback_counts_the_first_report_and_conclusion_the_last(
    engine: Engine,
) -> None:
    """S09: reported in time, sent back, reported again after the original day."""
    with engine.begin() as work:
        counted.undertaking(
            work.connection,
            "zjj",
            date(2026, 8, 10),
            reported=moment(date(2026, 8, 13)),
            first_reported_at=moment(date(2026, 8, 10)),
            returns=1,
            due_at=counted.due(date(2026, 8, 13)),
        )
        due = statistics.objects(work.connection, work.calendar, QUARTER)

    assert (1, 1, "100.0%") == _told(statistics.fed_back_on_time(due))
    assert (0, 1, "0.0%") == _told(statistics.on_time(due))


def test_a_granted_extension_moves_the_deadline_a_return_does_not(
    engine: Engine,
) -> None:
    """Extended from 8-10 to 8-17; sent back then, and in again on the 17th."""
    with engine.begin() as work:
        extended = counted.undertaking(
            work.connection,
            "zjj",
            date(2026, 8, 10),
            reported=moment(date(2026, 8, 17)),
            returns=1,
            due_at=counted.due(date(2026, 8, 20)),
        )
        work.connection.execute(
            tables.extension_request.insert().values(
                undertaking_id=extended,
                reason="汛期",
                progress="过半",
                wanted_on=date(2026, 8, 17),
                due_before=counted.due(date(2026, 8, 10)),
                short=True,
                decide_by=counted.due(date(2026, 8, 10)),
                status="GRANTED",
                granted_on=date(2026, 8, 17),
                person="unit_handler.zjj",
                at=moment(date(2026, 8, 7)),
            )
        )
        counted.undertaking(work.connection, "fgw", date(2026, 8, 10))
        due = statistics.objects(work.connection, work.calendar, QUARTER)

    assert (1, 2, "50.0%") == _told(statistics.on_time(due))
    assert (1, 2, "50.0%") == _told(statistics.extended(due))


def test_assistance_that_lapsed_before_its_day_was_never_due(engine: Engine) -> None:
    with engine.begin() as work:
        for closed_on in (date(2026, 8, 9), date(2026, 8, 11)):
            counted.undertaking(
                work.connection,
                "fgw",
                date(2026, 8, 10),
                role="ASSIST",
                state="LAPSED",
                closed_at=moment(closed_on),
            )
        due = statistics.objects(work.connection, work.calendar, QUARTER)

    assert (0, 1, "0.0%") == _told(statistics.on_time(due))


def test_the_rate_of_returns_is_of_the_reports_handed_in(engine: Engine) -> None:
    """Three reports, one of them sent back twice: a third."""
    with engine.begin() as work:
        c = work.connection
        for unit in ("zjj", "fgw", "mzj"):
            one = counted.undertaking(c, unit, date(2026, 8, 10))
            sent = counted.report(c, one, moment(date(2026, 8, 3)))
            if unit == "zjj":
                counted.review(c, one, sent, moment(date(2026, 8, 4)))
                counted.review(c, one, sent, moment(date(2026, 8, 5)))
        rate = statistics.returned(c, work.calendar, QUARTER)

    assert (1, 3, "33.3%") == _told(rate)


def test_acknowledging_within_a_working_day_is_in_time(engine: Engine) -> None:
    """Issued on 7-01: signed on 07-02 in time, on 07-03 late, never."""
    with engine.begin() as work:
        for signed_on in (date(2026, 7, 2), date(2026, 7, 3), None):
            counted.undertaking(
                work.connection,
                "zjj",
                date(2026, 8, 10),
                signed_at=moment(signed_on) if signed_on else None,
            )
        rate = statistics.acknowledged(work.connection, work.calendar, QUARTER)

    assert (1, 3, "33.3%") == _told(rate)


def test_matters_and_mandates_are_counted_apart(engine: Engine) -> None:
    """Two matters approved, of three and one mandates; drafts and merged are none."""
    with engine.begin() as work:
        c = work.connection
        big, small = counted.matter(c), counted.matter(c, status="CLOSED")
        counted.mandates(c, big, 3)
        counted.mandates(c, small, 1)
        for status in ("DRAFT", "APPROVING", "NOT_APPROVED", "MERGED", "SENT_BACK"):
            counted.matter(c, status=status)
        called_off = counted.matter(c, status="CANCELLED")
        found = statistics.registered(c, work.calendar, QUARTER)
        mandates = statistics.mandates(c, found)
        rate = statistics.concluded(c, found)

    assert [big, small, called_off] == found
    assert {big: 3, small: 1} == mandates
    assert (1, 2, "50.0%") == _told(rate)


def test_days_taken_leave_out_the_time_the_clock_stood_still(engine: Engine) -> None:
    """7-01 to 7-08 is 7 days, 5 working days; 7-01 to 7-22 is 21 and 15, less a rest.

    The rest from 7-10 to 7-17 takes 7 days and 5 working days from the second.
    """
    with engine.begin() as work:
        c = work.connection
        counted.undertaking(
            c, "zjj", date(2026, 8, 10), reported=moment(date(2026, 7, 8))
        )
        rested = counted.matter(c)
        counted.undertaking(
            c,
            "fgw",
            date(2026, 8, 10),
            reported=moment(date(2026, 7, 22)),
            matter_id=rested,
        )
        c.execute(
            tables.clock_stop.insert().values(
                matter_id=rested,
                kind="SUSPENDED",
                status_before="IN_PROGRESS",
                ladders=[],
                stopped_at=moment(date(2026, 7, 10)),
                resumed_at=moment(date(2026, 7, 17)),
                workdays=5,
            )
        )
        took = statistics.duration(c, work.calendar, QUARTER)

    assert 2 == took.count
    assert (10.5, 10.5) == (took.mean_days, took.median_days)
    assert (7.5, 7.5) == (took.mean_workdays, took.median_workdays)


def test_nothing_concluded_took_no_time(engine: Engine) -> None:
    with engine.read() as connection:
        took = statistics.duration(connection, engine.calendar, QUARTER)

    assert statistics.Duration(0, None, None, None, None) == took


def test_a_score_counts_what_is_in_effect_and_never_falls_below_zero(
    engine: Engine,
) -> None:
    with engine.begin() as work:
        for serial, (points, status) in enumerate(
            ((-10, "EFFECTIVE"), (-5, "PENDING"), (-30, "REVOKED"), (20, "EFFECTIVE"))
        ):
            _entry(work.connection, "zjj", points, status, serial)
        for serial in range(11):
            _entry(work.connection, "fgw", -100, "EFFECTIVE", 100 + serial)
        found = [
            statistics.score(work.connection, unit, QUARTER)
            for unit in ("zjj", "fgw", "mzj")
        ]

    assert [101.0, 0.0, 100.0] == found


@pytest.mark.requirement("R-03-04")
def test_the_register_of_numbers_names_every_gap(engine: Engine) -> None:
    with engine.begin() as work:
        about = counted.matter(work.connection)
        for issue_no in (1, 2, 4):
            work.connection.execute(
                tables.circular.insert().values(
                    matter_id=about,
                    series="督查专报",
                    year=2026,
                    issue_no=issue_no,
                    total_no=issue_no,
                    title="专报",
                    body="专报",
                    praised=[],
                    criticized=[],
                    cc=[],
                    status="ISSUED",
                    issued_at=moment(date(2026, 8, issue_no)),
                    person="dc_officer",
                    at=moment(date(2026, 8, issue_no)),
                )
            )
        found = registers.numbers(work.connection, QUARTER).rows

    assert (("督查专报", 2026, 4, "3"),) == found


def test_units_stand_in_groups_and_are_ranked_where_that_is_let(
    engine: Engine,
) -> None:
    """县直部门, 乡镇 and 垂直管理单位 never meet in one list (domain §5.1)."""
    day = date(2026, 8, 10)
    with engine.begin() as work:
        c = work.connection
        counted.undertaking(c, "zjj", day, reported=moment(day))
        counted.undertaking(c, "zjj", day)
        counted.undertaking(c, "fgw", day)
        counted.undertaking(c, "mzj", day, reported=moment(day))
        counted.undertaking(c, "slj", day, reported=moment(day))
        counted.undertaking(c, "cgz", day, reported=moment(day))
        counted.undertaking(c, "sthjj", day)
        _entry(c, "mzj", -10, "EFFECTIVE", 1)
        listed, ranked, own = (
            summaries.units(c, work.calendar, QUARTER, only=only, ranked=ranked)
            for only, ranked in (
                (None, False),
                (None, True),
                (frozenset({"zjj"}), False),
            )
        )

    assert (
        ("县直部门", "县发改委", 1, 0, 1, "0.0%", 100.0),
        ("县直部门", "县民政局", 1, 1, 0, "100.0%", 99.0),
        ("县直部门", "县水利局", 1, 1, 0, "100.0%", 100.0),
        ("县直部门", "县住建局", 2, 1, 1, "50.0%", 100.0),
        ("乡镇", "城关镇", 1, 1, 0, "100.0%", 100.0),
        ("垂直管理单位", "生态环境分局", 1, 0, 1, "0.0%", 100.0),
    ) == listed.rows
    assert [
        (1, "县水利局"),
        (2, "县住建局"),
        (3, "县发改委"),
        (4, "县民政局"),
        (1, "城关镇"),
        (1, "生态环境分局"),
    ] == [row[1:3] for row in ranked.rows]
    assert listed.rows[3:4] == own.rows


@pytest.mark.requirement("R-03-15")
def test_meetings_and_what_they_decided_are_two_counts(engine: Engine) -> None:
    with engine.begin() as work:
        c = work.connection
        for kind, decided in (("常务会议", 4), ("常务会议", 2), ("专题性会议", 1)):
            held = counted.matter(
                c, procedure="proc_meeting_decision", source={"meeting_type": kind}
            )
            counted.mandates(c, held, decided)
        rows = summaries.meetings(c, work.calendar, QUARTER).rows

    assert (("专题性会议", 1, 1, 0), ("常务会议", 2, 6, 0)) == rows


@pytest.mark.requirement("R-03-16")
def test_instructions_are_told_by_rank_and_leader(engine: Engine) -> None:
    with engine.begin() as work:
        c = work.connection
        for leader, rank, status in (
            ("王县长", "mayor", "CLOSED"),
            ("王县长", "mayor", "IN_PROGRESS"),
            ("钱副县长", "vice_mayor", "ARCHIVED"),
        ):
            counted.matter(
                c,
                procedure="proc_leader_instruction",
                source_leader=leader,
                source_rank=rank,
                status=status,
            )
        rows = summaries.instructions(c, work.calendar, QUARTER).rows

    assert (
        ("副县长", "钱副县长", 1, 1, "100.0%"),
        ("县长", "王县长", 2, 1, "50.0%"),
    ) == rows


def test_lights_and_lateness_of_what_is_open(
    engine: Engine, clock: clocks.FixedClock
) -> None:
    """Due on 9-24: three working days late by 10-01 (中秋 9-25 to 27)."""
    with engine.begin() as work:
        c = work.connection
        counted.undertaking(c, "zjj", date(2026, 9, 24), light="RED")
        counted.undertaking(c, "fgw", date(2026, 9, 30), light="YELLOW")
        lights, units, longest, bars = overviews.warnings(c, work.calendar, QUARTER)
        own, *_ = overviews.warnings(c, work.calendar, QUARTER, only=frozenset({"fgw"}))

    assert (("红灯", 1), ("黄灯", 1), ("绿灯", 0)) == lights.rows
    assert (("红灯", 0), ("黄灯", 1), ("绿灯", 0)) == own.rows
    assert (("县住建局", 1, 0, 0), ("县发改委", 0, 1, 0)) == units.rows
    assert ("县住建局", "2026-09-24", 3) == longest.rows[0][1:]
    assert ("3个工作日内", 1) == bars.rows[0]


@pytest.mark.requirement("R-04-15")
def test_a_unit_without_a_deputy_is_named(engine: Engine) -> None:
    with engine.begin() as work:
        before = registers.vacancies(work.connection, QUARTER).rows
        work.connection.execute(
            sa.text("DELETE FROM post WHERE role = 'unit_deputy' AND unit = 'mzj'")
        )
        after = registers.vacancies(work.connection, QUARTER).rows

    assert () == before
    assert (("夏邑县民政局", "分管督查负责人"),) == after


def _told(rate: statistics.Rate) -> tuple[int, int, str]:
    return rate.part, rate.whole, rate.percent


def _entry(
    connection: sa.Connection, unit: str, points: int, status: str, serial: int
) -> None:
    at: datetime = moment(date(2026, 8, 10))
    connection.execute(
        tables.score_entry.insert().values(
            event_key=f"event {serial}",
            unit=unit,
            rule="R",
            rule_version="1",
            family="R",
            basis="办法",
            points_tenths=points,
            status=status,
            reason="事由",
            at=at,
        )
    )
