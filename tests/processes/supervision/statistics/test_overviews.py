"""The tables RP-01, RP-03, RP-06 to RP-08, RP-10, RP-11, RP-14: of rows of a line."""

from datetime import date

import pytest

from engine import handlers
from engine import people
from engine import tables as engine_tables
from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.statistics import overviews
from processes.supervision.statistics import plans
from processes.supervision.statistics import registers
from processes.supervision.statistics import statistics
from processes.supervision.statistics import summaries
from tests.processes.supervision import counted
from tests.processes.supervision.counted import moment

QUARTER = statistics.Span(
    date(2026, 7, 1), date(2026, 9, 30), moment(date(2026, 10, 1), 0)
)
SPRING = statistics.Span(date(2026, 4, 1), date(2026, 6, 30), QUARTER.as_of)
DAY = date(2026, 8, 10)


def test_the_ledger_shows_each_what_he_may_see(engine: Engine) -> None:
    """RP-01: the office sees all, a unit its own; filters are of columns."""
    with engine.begin() as work:
        c = work.connection
        ours = counted.matter(c, number="411426-2026-07-0001", light="RED")
        counted.matter(c, number="411426-2026-07-0002", title="停电")
        counted.matter(c, title="还没有编号")
        counted.undertaking(c, "zjj", DAY, matter_id=ours)
        officer, unit = (
            people.identity(c, person, work.now())
            for person in ("dc_officer", "unit_head.zjj")
        )
        seen = [
            [row[0] for row in sheet.rows]
            for sheet in (
                summaries.ledger(c, work.calendar, officer, QUARTER),
                summaries.ledger(c, work.calendar, unit, QUARTER),
                summaries.ledger(c, work.calendar, officer, QUARTER, light="RED"),
                summaries.ledger(
                    c, work.calendar, officer, QUARTER, units=frozenset({"fgw"})
                ),
            )
        ]
        first = summaries.ledger(c, work.calendar, unit, QUARTER).rows[0]

    both = ["411426-2026-07-0001", "411426-2026-07-0002"]
    assert [both, both[:1], both[:1], []] == seen
    assert (
        "411426-2026-07-0001",
        "路灯不亮",
        "热线",
        "县住建局",
        "2026-09-30",
        "红灯",
        "办理中",
    ) == first


def test_sources_are_counted_by_month(engine: Engine) -> None:
    """RP-03."""
    with engine.begin() as work:
        c = work.connection
        counted.matters(c, 2)
        counted.matter(c, created_at=moment(date(2026, 8, 1)))
        counted.matter(c, source_type="会议")
        sheet = summaries.composition(c, work.calendar, QUARTER)
        meetings = summaries.composition(c, work.calendar, QUARTER, source_type="会议")

    assert (("热线", 2, 1, 3, "75.0%"), ("会议", 1, 0, 1, "25.0%")) == sheet.rows
    assert ("来源类别", "2026-07", "2026-08", "合计", "占比") == sheet.headings
    assert (("会议", 1, 1, "100.0%"),) == meetings.rows


@pytest.mark.requirement("R-03-14")
def test_the_lists_of_a_quarter_add_up_to_its_mandates(engine: Engine) -> None:
    """RP-06: three of five reached the plan, one of them the whole year's target."""
    verdicts = ("DONE", "ON_PLAN", "ON_PLAN", "BEHIND", "MISSING")
    with engine.begin() as work:
        c = work.connection
        about = counted.matter(c, procedure="proc_gov_work_report")
        _compare(work, about, counted.mandates(c, about, 5), verdicts)
        progress, done, behind = plans.government_report(c, work.calendar, QUARTER)
        earlier, *_ = plans.government_report(c, work.calendar, SPRING)

    assert (("7月10日", 1, 2, 1, 1, "60.0%"),) == progress.rows
    assert (("7月10日", "任务1", "县住建局", "10", "8"),) == done.rows
    assert (("7月10日", "任务4", "县住建局", "10", "8"),) == behind.rows
    assert () == earlier.rows


def test_both_days_of_a_month_stand_side_by_side(engine: Engine) -> None:
    """RP-07: 8-10 in time, 8-15 (rolled to 8-17) missing."""
    with engine.begin() as work:
        c = work.connection
        about = counted.matter(c, procedure="proc_ten_livelihood")
        counted.undertaking(
            c, "zjj", DAY, matter_id=about, period="8月10日", reported=moment(DAY)
        )
        other = counted.matter(c, procedure="proc_ten_livelihood")
        counted.undertaking(
            c, "zjj", date(2026, 8, 17), matter_id=other, period="8月15日"
        )
        rows = plans.livelihood(c, work.calendar, QUARTER).rows

    assert (
        ("8月10日", "2026-08-10", 1, 1, "100.0%"),
        ("8月15日", "2026-08-17", 1, 0, "0.0%"),
    ) == rows


@pytest.mark.requirement("R-03-18")
def test_replies_are_rated_by_their_own_denominators(engine: Engine) -> None:
    """RP-08: of four three answered (A, A, B), of these two evaluated, one content."""
    replies = (("A", "SATISFIED"), ("A", "DISSATISFIED"), ("B", "NOT_EVALUATED"), None)
    with engine.begin() as work:
        for number, reply in enumerate(replies, start=1):
            _deputy(work, number, reply)
        rows = overviews.deputies(work.connection, QUARTER).rows

    assert (
        (
            "县本级",
            "建议",
            4,
            3,
            "75.0%",
            2,
            1,
            0,
            "66.7%",
            "66.7%",
            "50.0%",
        ),
    ) == rows


@pytest.mark.requirement("R-03-21")
def test_scores_of_the_committee_are_told_by_year(engine: Engine) -> None:
    with engine.begin() as work:
        about = counted.matter(work.connection)
        for year, tenths in ((2026, 925), (2025, 880)):
            work.connection.execute(
                tables.evaluation.insert().values(
                    matter_id=about,
                    year=year,
                    subject="建议办理",
                    score_tenths=tenths,
                    comment="好",
                    person="dc_officer",
                    at=counted.SINCE,
                )
            )
        rows = overviews.evaluations(work.connection, QUARTER).rows

    assert ((2025, "建议办理", 88.0), (2026, "建议办理", 92.5)) == rows


def test_problems_are_told_by_unit(engine: Engine) -> None:
    """RP-10: of two problems one was struck off, looked at again, and came back."""
    with engine.begin() as work:
        c = work.connection
        about = counted.matter(c)
        inspection_id = c.execute(
            tables.inspection.insert()
            .values(
                matter_id=about,
                kind="督查",
                state="REPORTED",
                light="OFF",
                created_at=counted.SINCE,
            )
            .returning(tables.inspection.c.id)
        ).scalar_one()
        ids = [
            c.execute(
                tables.problem.insert()
                .values(
                    matter_id=about,
                    inspection_id=inspection_id,
                    number=f"WT-2026-01-00{serial}",
                    content="未清理",
                    place="南门",
                    object="摊位",
                    fact="12个",
                    evidence=[],
                    suggestion="清理",
                    unit="zjj",
                    state="CLOSED" if closed else "RECTIFYING",
                    light="OFF",
                    closed_at=closed,
                    person="group_leader",
                    at=counted.SINCE,
                )
                .returning(tables.problem.c.id)
            ).scalar_one()
            for serial, closed in enumerate((moment(DAY), None), start=1)
        ]
        sample = c.execute(
            tables.sample.insert()
            .values(
                matter_id=about,
                purpose="回头看",
                population=ids,
                drawn=ids[:1],
                person="perf_office",
                at=moment(DAY),
            )
            .returning(tables.sample.c.id)
        ).scalar_one()
        c.execute(
            tables.second_look.insert().values(
                problem_id=ids[0],
                round=1,
                sample_id=sample,
                result="REBOUND",
                finding="又占道",
                person="perf_office",
                at=moment(DAY),
            )
        )
        rows = overviews.three_lists(c, work.calendar, QUARTER).rows
        others, earlier = (
            overviews.three_lists(c, work.calendar, span, only=units).rows
            for span, units in ((QUARTER, frozenset({"fgw"})), (SPRING, None))
        )

    assert (("县住建局", 2, 1, "50.0%", 1, "100.0%"),) == rows
    assert ((), ()) == (others, earlier)


@pytest.mark.requirement("R-03-11")
def test_a_watched_project_is_told_by_its_last_comparison(engine: Engine) -> None:
    with engine.begin() as work:
        c = work.connection
        about = counted.matter(c, procedure="proc_accountability_watch")
        watched = counted.mandates(c, about, 1)
        _compare(work, about, watched, ("ON_PLAN",), period="2026-07")
        _compare(work, about, watched, ("BEHIND",), period="2026-08", behind=2)
        rows = plans.watched(c, QUARTER).rows
        others = plans.watched(c, QUARTER, only=frozenset({"fgw"})).rows

    assert (("任务1", "县住建局", "2026-08", "未完成计划", 2, 2),) == rows
    assert () == others


@pytest.mark.requirement("R-03-12")
def test_only_frozen_indicators_are_shown(engine: Engine) -> None:
    with engine.begin() as work:
        c = work.connection
        about = counted.matter(c, procedure="proc_accountability_watch")
        for unit, frozen_at in (("zjj", moment(date(2026, 9, 5))), ("fgw", None)):
            c.execute(
                tables.indicator_value.insert().values(
                    matter_id=about,
                    indicator="投资完成",
                    unit=unit,
                    month="2026-08",
                    target="40",
                    actual="30",
                    frozen_at=frozen_at,
                    person="dc_officer",
                    at=counted.SINCE,
                )
            )
        rows = plans.indicators(c, "2026-08", QUARTER).rows
        months = plans.frozen_months(c)

    assert (("投资完成", "县直部门", "县住建局", 40, 30, "75.0%"),) == rows
    assert ["2026-08"] == months


def test_an_indicator_asked_for_twice_is_named(engine: Engine) -> None:
    """Domain §6.6: 同一指标多程序只报一次."""
    with engine.begin() as work:
        c = work.connection
        for name in ("投资完成额", "投资完成额", "开工率"):
            one = counted.undertaking(c, "zjj", DAY)
            c.execute(
                tables.mandate.update()
                .where(tables.mandate.c.matter_id == one)
                .values(indicator={"name": name})
            )
            counted.report(c, one, moment(DAY))
        counted.report(c, counted.undertaking(c, "fgw", DAY), moment(DAY))
        rows = registers.burden(c, work.calendar, QUARTER).rows

    assert (("县住建局", 3, "投资完成额"), ("县发改委", 1, "")) == rows


@pytest.mark.requirement("R-01-39")
def test_a_leader_hears_of_his_open_matters_the_worst_first(engine: Engine) -> None:
    with engine.begin() as work:
        c = work.connection
        for serial, (leader, light) in enumerate(
            (("王县长", "GREEN"), ("王县长", "RED"), ("钱副县长", "RED")), start=1
        ):
            about = counted.matter(
                c,
                number=f"411426-2026-05-000{serial}",
                source_leader=leader,
                light=light,
            )
            one = counted.undertaking(c, "zjj", DAY, matter_id=about)
            counted.report(c, one, moment(DAY))
        c.execute(
            tables.progress_report.update()
            .where(tables.progress_report.c.undertaking_id == 2)
            .values(problems="资金缺口200万元")
        )
        counted.matter(
            c, number="411426-2026-05-0009", source_leader="王县长", light="OFF"
        )
        rows = registers.briefing(c, work.calendar, "王县长", QUARTER).rows

    assert (
        ("411426-2026-05-0002", "路灯不亮", "2026-09-30", "红灯", "资金缺口200万元"),
        ("411426-2026-05-0001", "路灯不亮", "2026-09-30", "绿灯", ""),
    ) == rows


@pytest.mark.requirement("R-03-03")
def test_work_done_for_somebody_else_is_counted_apart(engine: Engine) -> None:
    """RP-14: three tasks, one of them as the B角 of a colleague; nobody is ranked."""
    with engine.begin() as work:
        c = work.connection
        for seq, on_behalf_of in enumerate((None, None, "dc_officer"), start=1):
            c.execute(
                engine_tables.history_event.insert().values(
                    instance_id="i",
                    seq=seq,
                    at=moment(DAY),
                    type="task_completed",
                    person="dc_officer_b",
                    on_behalf_of=on_behalf_of,
                    details={},
                    hash="",
                )
            )
        rows = registers.team(c, work.calendar, QUARTER).rows

    assert [
        ("吴主任", 0, 0),
        ("陈专员", 0, 0),
        ("林专员", 3, 1),
        ("周登记", 0, 0),
    ] == [row[:3] for row in rows]


def _compare(
    work: handlers.Work,
    matter_id: int,
    mandate_ids: list[int],
    verdicts: tuple[str, ...],
    *,
    period: str = "7月10日",
    behind: int = 0,
) -> None:
    for mandate_id, verdict in zip(mandate_ids, verdicts, strict=True):
        work.connection.execute(
            tables.comparison.insert().values(
                matter_id=matter_id,
                mandate_id=mandate_id,
                period=period,
                planned="10",
                actual="8",
                verdict=verdict,
                behind=behind,
                consecutive=behind,
                at=moment(DAY),
            )
        )


def _deputy(work: handlers.Work, number: int, reply: tuple[str, str] | None) -> None:
    c = work.connection
    about = counted.matter(c, procedure="proc_npc_cppcc")
    deputy_id = c.execute(
        tables.deputy_proposal.insert()
        .values(
            matter_id=about,
            kind="建议",
            level="县本级",
            session="十七届五次",
            number=number,
            year=2026,
            body="正文",
        )
        .returning(tables.deputy_proposal.c.id)
    ).scalar_one()
    if reply is None:
        return
    result, answer = reply
    handled = counted.undertaking(c, "zjj", DAY, matter_id=about, reported=moment(DAY))
    reply_id = c.execute(
        tables.reply.insert()
        .values(
            matter_id=about,
            report_id=counted.report(c, handled, moment(DAY)),
            result=result,
            public=True,
            contact_name="刘某",
            contact_phone="1",
            sent_at=moment(DAY),
        )
        .returning(tables.reply.c.id)
    ).scalar_one()
    proposer_id = c.execute(
        tables.proposer.insert()
        .values(deputy_proposal_id=deputy_id, place=1, name="代表", address="城关")
        .returning(tables.proposer.c.id)
    ).scalar_one()
    document_id = c.execute(
        tables.document.insert()
        .values(
            matter_id=about,
            type="REPLY",
            number=f"夏政建函〔2026〕{number}号",
            version=1,
            year=2026,
            title="答复",
            data=b"{}",
            data_sha256="",
            created_at=moment(DAY),
        )
        .returning(tables.document.c.id)
    ).scalar_one()
    c.execute(
        tables.survey.insert().values(
            matter_id=about,
            reply_id=reply_id,
            proposer_id=proposer_id,
            document_id=document_id,
            round=1,
            sent_at=moment(DAY),
            due_at=moment(date(2026, 9, 10)),
            answer=answer,
        )
    )
