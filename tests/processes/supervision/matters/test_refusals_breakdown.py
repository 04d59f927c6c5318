"""立项分解: what is missing is refused by its rule, and nothing changes."""

import shutil
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from engine import database
from engine import errors
from engine import testing
from processes import office
from processes import rehearsal
from processes.supervision.matters import proposals
from processes.verbs import finding
from tests.processes.supervision.refusing import refused
from tests.processes.supervision.refusing import rows

PROCEDURE = Path(__file__).parents[2] / "proc_audit_rectification"
#: 2026-03-02 09:00 in Shanghai, a Monday.
BEGIN = datetime(2026, 3, 2, 1, tzinfo=UTC)
SOURCE = {
    "title": "专项资金滞留问题整改",
    "doc_no": "夏审〔2026〕5号",
    "source_on": "2026-02-27",
    "auditor": "县审计局",
    "requirement": "限期拨付滞留资金。",
}
MANDATE = {
    "content": "拨付滞留的专项资金",
    "requirement": "3月底前拨付到位",
    "lead_unit": "fgw",
    "duty": "牵头拨付",
    "responsible_person": "丁主任",
    "due_on": "2026-03-31",
}
HELPER = {"unit": "zjj", "duty": "核对项目"}


@pytest.fixture(scope="module")
def office_with_audits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the catalog and a procedure of its own, to be copied."""
    folder = tmp_path_factory.mktemp("office")
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    files = {
        path.relative_to(PROCEDURE.parent).as_posix(): path.read_bytes()
        for path in PROCEDURE.rglob("*")
        if path.suffix in office.DEPLOYED
    }
    with testing.Story(rehearsal.opener(pool, folder), BEGIN).command() as work:
        work.deploy(files, strict=True)
    pool.dispose()
    return folder / "office.db"


@pytest.fixture
def story(office_with_audits: Path, tmp_path: Path) -> Iterator[testing.Story]:
    """A matter that waits to be broken down."""
    copy = shutil.copy(office_with_audits, tmp_path / "office.db")
    pool = database.create(f"sqlite:///{copy}")
    story = testing.Story(rehearsal.opener(pool, tmp_path), BEGIN, restarts=False)
    story.start(PROCEDURE.name, person="dc_registrar", fields=SOURCE)
    yield story
    pool.dispose()


def refusal(story: testing.Story, **fields: object) -> str:
    """Break down in vain: return what is said."""
    return refused(story, lambda: break_down(story, **fields))


def break_down(story: testing.Story, **fields: object) -> None:
    whole = {"opinion": "拟由县发改委牵头整改。", "mandates": [MANDATE], **fields}
    story.complete("立项分解", person="dc_officer", fields=whole)


@pytest.mark.requirement("R-00-13")
@pytest.mark.parametrize("opinion", ["", "   ", None])
def test_nothing_is_laid_before_leaders_without_an_opinion(
    story: testing.Story, opinion: str | None
) -> None:
    assert "R-00-13" in refusal(story, opinion=opinion)


@pytest.mark.requirement("R-00-11")
def test_a_breakdown_has_a_mandate(story: testing.Story) -> None:
    assert "mandates" in refusal(story, mandates=[])


@pytest.mark.requirement("R-00-15", "R-00-29")
@pytest.mark.parametrize(
    "key", ["content", "due_on", "lead_unit", "responsible_person"]
)
def test_each_of_the_four_elements_of_a_mandate_is_named_where_it_is_missing(
    story: testing.Story, key: str
) -> None:
    said = refusal(story, mandates=[MANDATE, {**MANDATE, key: None}])

    assert key in said
    assert "R-00-29" in said or (key == "lead_unit" and "R-00-16" in said)


@pytest.mark.requirement("R-00-16", "S11")
@pytest.mark.parametrize(
    "changes",
    [
        {"lead_unit": ["fgw", "zjj"]},
        {"lead_unit": "nowhere"},
        {"assisting": [{**HELPER, "duty": ""}]},
        {"assisting": [{**HELPER, "unit": "fgw"}]},
        {"assisting": [HELPER, HELPER]},
    ],
    ids=["two leads", "no such unit", "no duty", "lead assists", "assists twice"],
)
def test_a_mandate_has_one_lead_and_every_unit_its_own_duty(
    story: testing.Story, changes: dict[str, object]
) -> None:
    said = refusal(story, mandates=[{**MANDATE, **changes}])

    assert "lead_unit" in said or "assisting" in said


@pytest.mark.requirement("R-00-15")
def test_a_mandate_is_not_due_before_it_begins(story: testing.Story) -> None:
    assert "R-00-15" in refusal(story, mandates=[{**MANDATE, "due_on": "2026-03-01"}])


def test_a_unit_reports_no_later_than_its_mandate_is_due(story: testing.Story) -> None:
    late = {**MANDATE, "report_on": "2026-04-01"}

    assert "不得晚于完成时限" in refusal(story, mandates=[late])


@pytest.mark.requirement("R-00-11", "R-00-16")
def test_one_source_is_broken_down_into_as_many_mandates_as_it_needs(
    story: testing.Story,
) -> None:
    break_down(
        story,
        mandates=[
            {**MANDATE, "assisting": [HELPER]},
            {**MANDATE, "lead_unit": "zjj", "duty": " "},
            {**MANDATE, "lead_unit": "jtj"},
        ],
    )

    assert ["签阅"] == [task.name for task in story.open_tasks()]
    with story.engine.read() as connection:
        laid = proposals.current(connection, finding.matter(story).id).mandates
    assert [
        ("fgw", "牵头拨付", ["核对项目"]),
        ("zjj", "3月底前拨付到位", []),
        ("jtj", "牵头拨付", []),
    ] == [(one.lead_unit, one.duty, [a.duty for a in one.assisting]) for one in laid]


@pytest.mark.requirement("R-00-14")
def test_a_notice_goes_to_no_unit_before_leaders_approved(
    story: testing.Story,
) -> None:
    drawn = (PROCEDURE / f"{PROCEDURE.name}.bpmn").read_text("utf-8")
    careless = drawn.replace("${decision == 'APPROVE'}", "${decision == 'RETURN'}")
    with story.command() as work:
        work.deploy({f"{PROCEDURE.name}.bpmn": careless.encode()})
    story.start(PROCEDURE.name, person="dc_registrar", fields={**SOURCE, "doc_no": "2"})
    story.complete(
        "并案或继续登记",
        person="dc_officer",
        fields={"registration": "CONTINUE", "comment": "另一问题"},
    )
    break_down(story)

    returned = {"decision": "RETURN", "comment": "补充整改目标"}
    story.complete("签阅", person="go_deputy", fields=returned)
    before = rows(story)
    with pytest.raises(errors.Refused, match="R-00-14"):
        story.complete("核对用印", person="go_section", fields={"seal_verified": True})

    assert before == rows(story)
