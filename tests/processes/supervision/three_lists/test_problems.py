"""Problems, measures, samples, patrols and appraisals as records, on both databases."""

import io
from collections.abc import Mapping
from datetime import UTC
from datetime import date
from datetime import datetime

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from engine import clock as clocks
from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from engine.engine import Engine
from processes import procedures
from processes.supervision import access
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.elements import patrols as elements
from processes.supervision.hotline import callers
from processes.supervision.inspections import inspections
from processes.supervision.inspections import patrols
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.statistics import registers
from processes.supervision.statistics import statistics
from processes.supervision.three_lists import appraisals
from processes.supervision.three_lists import problems
from processes.supervision.three_lists import raising
from processes.supervision.three_lists import rectifications
from processes.supervision.three_lists import remedies
from processes.supervision.three_lists import samples
from processes.supervision.three_lists import second_looks
from processes.supervision.three_lists import three_lists
from tests.processes.supervision.conftest import Act
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.conftest import registered
from tests.processes.supervision.documents import test_layout

#: 2026-09-18 10:00 in Shanghai (S14).
FOUND_AT = datetime(2026, 9, 18, 2, tzinfo=UTC)
MEASURES: Mapping[str, object] = {
    "deadline": "2026-09-29",
    "roadmap": "先疏后堵。",
    "measures": [
        {"content": "=清理摊点", "milestones": [{"on": "2026-09-25", "what": "清完"}]}
    ],
}


def signed(work: handlers.Work, person: str = "group_leader") -> problems.Signature:
    return problems.Signature(person, None, work.now())


def found(unit: str = "cgj") -> problems.Found:
    return problems.Found(
        content="南门占道经营",
        place="东关农贸市场南门",
        object="流动摊贩",
        fact="占道12处。",
        evidence=["照片3张"],
        suggestion="限期清理。",
        unit=unit,
    )


def listed(
    work: handlers.Work, vault: callers.Vault, *units: str
) -> list[problems.Problem]:
    """Register a matter that was inspected, list a problem for each unit, send them."""
    matter = registered(work, vault)
    inspection = inspections.open_inspection(work, matter.id, "督查")
    problems.register(
        work, matter, inspection.id, [found(unit) for unit in units], signed(work)
    )
    return problems.send(work, matter, inspection.id)


def charged(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Bring a problem to the unit that rectifies it, due on 2026-09-29."""
    handler = signed(work, f"unit_handler.{problem.unit}")
    analysed = remedies.analyse(work, problem, "巡查不到位。", "LIMITED", handler)
    planned = remedies.plan(work, analysed, MEASURES, handler)
    given = {"responsible": f"unit_handler.{problem.unit}", "duty": "清理。"}
    remedies.charge(work, planned, given, signed(work, "perf_office"))
    return rectifications.begin(work, planned)


def closed(work: handlers.Work, problem: problems.Problem) -> problems.Problem:
    """Rectify, sign, submit, verify and close a problem."""
    rectifying = charged(work, problem)
    report = {"completed": True, "body": "已清理。", "evidence": "照片8张"}
    handler = signed(work, f"unit_handler.{problem.unit}")
    rectifications.draft(work, rectifying, report, handler)
    drafted = rectifications.require_report(work.connection, rectifying)
    rectifications.sign(work, drafted, signed(work, f"unit_head.{problem.unit}"))
    reported = rectifications.submit(work, rectifying)
    verdict = {"verdict": "CLOSE", "comment": "已清理。"}
    rectifications.verify(work, reported, verdict, signed(work, "perf_office"))
    return problems.close(work, reported)


@pytest.fixture
def at_site(clock: clocks.FixedClock) -> None:
    """The clock stands at 2026-09-18 10:00."""
    clock.set(FOUND_AT)


pytestmark = pytest.mark.usefixtures("at_site")


# -- 三单 ----------------------------------------------------------------------------


@pytest.mark.requirement("R-02-39")
def test_problems_are_numbered_by_year_group_and_serial(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        first = listed(work, vault, "cgj", "zjj")
        matter = matters.get(work.connection, first[0].matter_id)
        inspection = inspections.open_inspection(work, matter.id, "督查")
        another = problems.register(
            work, matter, inspection.id, [found()], signed(work)
        )

    assert ["WT-2026-01-001", "WT-2026-01-002"] == [one.number for one in first]
    assert ["WT-2026-02-001"] == [one.number for one in another]


@pytest.mark.requirement("R-02-34", "S14")
def test_a_report_is_due_three_working_days_after_the_deadline(
    engine: Engine, vault: callers.Vault, clock: clocks.FixedClock
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        rectifying = charged(work, problem)

    assert date(2026, 9, 29) == rectifying.deadline
    assert work.calendar.end_of_day(date(2026, 10, 9)) == rectifying.report_due_at
    assert "GREEN" == rectifying.light

    clock.set(work.calendar.end_of_day(date(2026, 10, 10)))
    with engine.begin() as work:
        red = rectifications.redden(work, problems.get(work.connection, problem.id))
        report = {"completed": False, "body": "清理一半。"}
        handler = signed(work, "unit_handler.cgj")
        rectifications.draft(work, red, report, handler)
        drafted = rectifications.require_report(work.connection, red)
        rectifications.sign(work, drafted, signed(work, "unit_head.cgj"))
        late = rectifications.submit(work, red)

    assert ("RED", "OFF", True) == (red.light, late.light, late.ever_red)
    assert (1, 1) == (late.late_days, late.late_workdays)


@pytest.mark.requirement("R-02-36")
def test_a_problem_that_comes_back_is_opened_as_another_round(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        done = closed(work, problem)
        chosen = second_looks.choose(
            work,
            inspections.get(work.connection, done.inspection_id),
            {"mode": "CHOSEN", "chosen": [done.number]},
            10,
            signed(work, "perf_office"),
        )
        seen = {"result": "REBOUND", "finding": "回流8处。"}
        again = second_looks.record(work, chosen[0], seen, signed(work, "perf_office"))

    assert ("CLOSED", 1) == (done.state, done.round)
    assert ("REOPENED", 2, None) == (again.state, again.round, again.closed_at)


@pytest.mark.requirement("R-02-41")
def test_a_problem_is_traced_from_what_was_found_to_who_answered(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        done = closed(work, problem)
        told = three_lists.trace(work.connection, done)

    assert [
        "列入",
        "根源分析",
        "措施1（第1版）",
        "责任人 县城管局刘经办",
        "整改报告（第1版）",
        "核验：销号",
    ] == [one.what for one in told]


@pytest.mark.requirement("R-02-32", "S14")
def test_a_problem_climbs_from_town_to_county_to_city(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "ljx")
        handler = signed(work, "unit_handler.ljx")
        beyond = remedies.analyse(work, problem, "财力不足。", "UPPER", handler)
        raising.advise(work, beyond, "请县统筹资金。", handler)
        asked = [raising.climb(work, beyond)]
        at_county = problems.get(work.connection, problem.id)
        vice = signed(work, "vice_mayor")
        raising.answer(work, at_county, "FURTHER", "请市支持。", vice)
        asked.append(raising.climb(work, at_county))
        at_city = problems.get(work.connection, problem.id)
        officer = signed(work, "dc_officer")
        with pytest.raises(errors.Invalid, match="不符合要求"):
            raising.answer(work, at_city, "FURTHER", "再上报。", officer)
        resolved = raising.answer(work, at_city, "RESOLVE", "补助80万元。", officer)
        said = raising.opinions_of(work.connection, problem.id)

    assert ["vice_mayor", "dc_officer"] == asked
    assert "ANALYSED" == resolved.state
    assert [("ljx", "RAISE"), ("xyx", "FURTHER"), ("upper_gov", "RESOLVE")] == [
        (one.level, one.decision) for one in said
    ]


@pytest.mark.requirement("R-02-43")
def test_the_ledger_has_the_columns_of_the_annex_and_no_formula(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        rectifying = charged(work, problem)
        content = three_lists.workbook(work.connection, [rectifying])
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    headings = [cell.value for cell in sheet[2] if cell.value]
    measure = sheet["D4"]

    assert ["整改问题", "整改措施", "整改责任"] == headings
    assert list(three_lists.COLUMNS) == [cell.value for cell in sheet[3]]
    assert ("s", True) == (measure.data_type, str(measure.value).startswith("=清理"))
    assert "landscape" == sheet.page_setup.orientation


@pytest.mark.requirement("R-02-43")
def test_the_three_lists_are_printed(engine: Engine, vault: callers.Vault) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        charged(work, problem)
        matter = matters.get(work.connection, problem.matter_id)
        document = three_lists.register(work, matter, person="perf_office")

    pages = documents.print_once(engine, document.id)
    with engine.begin() as work:
        reader = identity(work, "perf_office")
    words = test_layout.text_of_pdf(pages)

    for heading in ("整改问题", "整改措施", "整改责任", "牵头责任单位", "配合责任单位"):
        assert heading in words
    assert words == test_layout.text_of_docx(
        documents.word_file(engine, reader, document.id)
    )


# -- who sees what -------------------------------------------------------------------


def test_a_unit_sees_its_own_problems_and_the_appraisal_office_all(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        sent = listed(work, vault, "cgj", "zjj")
        seen = {
            person: [
                one.unit
                for one in problems.ledger(
                    work.connection,
                    people.identity(work.connection, person, work.now()),
                )
            ]
            for person in ("unit_head.cgj", "unit_head.mzj", "perf_office", "sys_admin")
        }

    assert 2 == len(sent)
    assert {
        "unit_head.cgj": ["cgj"],
        "unit_head.mzj": [],
        "perf_office": ["zjj", "cgj"],
        "sys_admin": [],
    } == seen


def test_a_member_of_a_group_sees_what_the_group_inspects(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        work.connection.execute(
            tables.inspection_member.insert().values(
                inspection_id=problem.inspection_id,
                role="MEMBER",
                account="group_member",
                name="唐组员",
                from_unit="夏邑县发展和改革委员会",
                duty="查看",
                person="dc_chief",
                at=work.now(),
            )
        )
        matter = matters.get(work.connection, problem.matter_id)
        member = people.identity(work.connection, "group_member", work.now())
        other = people.identity(work.connection, "group_leader", work.now())
        found = matters.find(work.connection, member, matter.number)
        with pytest.raises(errors.NotFound):
            matters.find(work.connection, other, matter.number)

    assert matter.id == found.id
    assert not access.holds(other, *access.OVERSEERS)


@pytest.mark.requirement("R-02-28")
def test_only_what_was_referred_is_seen_by_whoever_receives_referrals(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        matter = matters.get(work.connection, problem.matter_id)
        receiver = people.identity(work.connection, "discipline_recv", work.now())
        with pytest.raises(errors.NotFound):
            matters.find(work.connection, receiver, matter.number)
        documents.register(
            work,
            matter=matter,
            type="TRANSFER",
            number="夏政办函〔2026〕1号",
            title="移交函",
            data={},
            template=None,
        )
        found = matters.find(work.connection, receiver, matter.number)

    assert matter.id == found.id


@pytest.mark.requirement("R-02-44")
def test_the_procedures_name_the_documents_they_follow(engine: Engine) -> None:
    with engine.read() as connection:
        bases = {
            one.key: one.basis
            for one in procedures.in_force(connection)
            if one.category == "09"
        }

    assert {"proc_appraisal", "proc_patrol", "proc_special_inspection"} == bases.keys()
    for basis in bases.values():
        for cited in (
            "观政办〔2016〕29号",
            "皖政秘〔2015〕188号",
            "宜政办秘〔2015〕124号",
        ):
            assert cited in basis


# -- samples -------------------------------------------------------------------------


@pytest.mark.requirement("R-02-17")
@given(
    st.lists(st.text(min_size=1), min_size=1, max_size=60, unique=True),
    st.integers(1, 100),
    st.text(min_size=1),
)
def test_a_seed_draws_the_same_whatever_the_order(
    population: list[str], percent: int, seed: str
) -> None:
    drawn = samples.draw(population, percent, seed)

    assert drawn == samples.draw(list(reversed(population)), percent, seed)
    assert set(drawn) <= set(population)
    assert len(drawn) == len(set(drawn)) >= max(1, len(population) * percent / 100)


# -- patrols -------------------------------------------------------------------------


@pytest.mark.requirement("R-02-07", "S16")
def test_a_month_begun_twice_has_each_duty_once(
    engine: Engine, clock: clocks.FixedClock
) -> None:
    clock.set(datetime(2026, 10, 8, 1, tzinfo=UTC))
    with engine.begin() as work:
        opened = patrols.open_month(work)
    with engine.begin() as work:
        again = patrols.open_month(work)
        kept = patrols.of_month(work.connection, "2026-10")

    assert ["exec_vice_mayor", "vice_mayor"] == [one.leader for one in opened]
    assert [] == again
    assert opened == kept


@pytest.mark.requirement("S16")
@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 1, 1), "2026-01-04T01:00:00+00:00"),
        (date(2026, 10, 1), "2026-10-08T01:00:00+00:00"),
        (date(2026, 3, 1), "2026-03-02T01:00:00+00:00"),
    ],
)
def test_a_month_begins_with_its_first_working_day(
    engine: Engine, clock: clocks.FixedClock, today: date, first: str
) -> None:
    with engine.begin() as work:
        clock.turn_back(work.calendar.start_of_day(today))
    with engine.begin() as work:
        assert first == elements.first_workday(work, 0)


@pytest.mark.requirement("R-02-18")
def test_quarters_that_have_not_ended_are_left(engine: Engine) -> None:
    with engine.begin() as work:
        left = elements.quarters_left(work)

    assert [
        {
            "label": "2026年第3季度",
            "sample_at": "2026-09-01T01:00:00+00:00",
            "meeting_at": "2026-09-30T01:00:00+00:00",
        },
        {
            "label": "2026年第4季度",
            "sample_at": "2026-12-01T01:00:00+00:00",
            "meeting_at": "2026-12-31T01:00:00+00:00",
        },
    ] == left


@pytest.mark.requirement("R-02-18")
def test_the_meeting_at_a_quarters_end_has_its_papers(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    """材料包: the year's tasks, which of them were sampled, the last dispatch."""
    task = {"content": "产业园一期", "unit": "fgw", "due_on": "2026-12-20"}
    with engine.begin() as work:
        matter = registered(work, vault)
        for kind, content in (
            ("breakdown", {"tasks": [task, {**task, "content": "农村公路"}]}),
            ("dispatch", {"progress": "均已开工。"}),
        ):
            papers.keep(
                work,
                matter_id=matter.id,
                kind=kind,
                title=kind,
                content=content,
                element_id=kind,
                person="go_section",
            )
        drawn = call(work, "dc_officer", {"percent": 50}, matter=matter.id)
        elements.draw_quarter_sample(drawn)
        elements.prepare_quarter_meeting(call(work, None, {}, matter=matter.id))
        (document,) = [
            one
            for one in documents.of_matter(
                work.connection, identity(work, "mayor"), matter.id
            )
            if one.type == "MEETING_MATERIALS"
        ]
    words = test_layout.text_of_pdf(documents.print_once(engine, document.id))

    for said in ("产业园一期", "农村公路", "2026-12-20", "均已开工。"):
        assert said in words
    assert (1, 1) == (words.count("已抽查"), words.count("未抽中"))


@pytest.mark.requirement("R-02-40")
def test_who_answers_is_told_of_each_milestone_while_it_is_open(
    engine: Engine, vault: callers.Vault, clock: clocks.FixedClock
) -> None:
    """定期跟踪: on its morning, and no more once the problem was reported on."""
    with engine.begin() as work:
        (problem,) = listed(work, vault, "cgj")
        charged(work, problem)
    job = engine_tables.job.c
    with engine.read() as connection:
        planned = connection.execute(
            sa.select(job.due_at, job.payload).where(
                job.handler == rectifications.MILESTONE
            )
        ).one()
    clock.set(planned.due_at)
    with engine.begin() as work:
        rectifications.tell_milestone(work, planned.payload)
        told = said_to(work, "unit_handler.cgj")
        report = {"completed": True, "body": "已清理。", "evidence": "照片8张"}
        current = problems.get(work.connection, problem.id)
        handler = signed(work, "unit_handler.cgj")
        rectifications.draft(work, current, report, handler)
        drafted = rectifications.require_report(work.connection, current)
        rectifications.sign(work, drafted, signed(work, "unit_head.cgj"))
        rectifications.submit(work, current)
        rectifications.tell_milestone(work, planned.payload)
        later = said_to(work, "unit_handler.cgj")

    assert datetime(2026, 9, 25, 1, tzinfo=UTC) == planned.due_at
    assert ["WT-2026-01-001：整改节点“清完”今日到期，请核对进展。"] == told
    assert told == later


def said_to(work: handlers.Work, person: str) -> list[str]:
    """Return what somebody was told of milestones."""
    messages = inbox.messages(work.connection, identity(work, person))
    return [one.body for one in messages if "整改节点" in one.body]


# -- appraisals ----------------------------------------------------------------------


@pytest.mark.requirement("R-02-25")
def test_how_units_rectified_is_kept_for_the_year(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        first, second = listed(work, vault, "cgj", "zjj")
        closed(work, first)
        charged(work, second)
        inspection = inspections.get(work.connection, first.inspection_id)
        appraisals.record_rectifying(work, inspection)
        this, last = (
            statistics.Span(date(year, 1, 1), date(year, 12, 31), work.now())
            for year in (2026, 2025)
        )
        rows = registers.appraised(work.connection, this).rows
        own = registers.appraised(work.connection, this, only=frozenset({"zjj"}))
        before = registers.appraised(work.connection, last)

    assert (
        ("县城管局", "三单整改", "—", 1, 1, 0, 0),
        ("县住建局", "三单整改", "—", 1, 0, 0, 0),
    ) == rows
    assert rows[1:] == own.rows
    assert () == before.rows
