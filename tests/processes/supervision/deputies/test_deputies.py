"""建议提案: letters to each who made it, who is told, and what the year adds up to."""

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest
import sqlalchemy as sa

from engine import people
from engine import tables as engine_tables
from engine import testing
from processes.supervision import tables
from processes.supervision.deputies import annual_volumes
from processes.supervision.deputies import deputies
from processes.supervision.deputies import evaluations
from processes.supervision.deputies import replies
from processes.supervision.deputies import surveys
from processes.supervision.documents import documents
from tests.processes.supervision.deputies import deputies_office as office


@pytest.fixture(scope="module")
def whole_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return office.prepared(tmp_path_factory.mktemp("office"))


@pytest.fixture
def story(whole_office: Path, tmp_path: Path) -> Iterator[testing.Story]:
    with office.opened(whole_office, tmp_path) as opened:
        yield opened


def letters(story: testing.Story, type: str) -> list[str]:
    """Return what each printed document of a type says, the first one first."""
    document = tables.document.c
    with story.engine.read() as connection:
        contents = connection.scalars(
            sa.select(document.content)
            .where(document.type == type)
            .order_by(document.id)
        ).all()
    return [
        "".join(
            "".join(page.extract_text().split())
            for page in pypdf.PdfReader(io.BytesIO(bytes(content))).pages
        )
        for content in contents
    ]


@pytest.mark.requirement("R-01-30")
def test_each_of_them_gets_a_letter_of_his_own(story: testing.Story) -> None:
    """The title names the suggestion, the result stands first, a form goes with it."""
    office.hand_over(story)
    office.reply(story)

    first, second = letters(story, "REPLY")

    assert first.startswith("A")
    assert "关于十六届五次第12号建议的答复" in first
    assert "张代表代表：" in first
    assert "李代表" not in first
    assert "李代表代表：" in second
    assert "联系人：徐经办电话：0370-6200000" in first
    assert "抄送：人大代表工委。" in first
    assert ["张代表代表" in one for one in letters(story, "SURVEY_FORM")] == [
        True,
        False,
    ]


@pytest.mark.requirement("R-01-30")
def test_letters_and_copies_leave_once(story: testing.Story) -> None:
    """One message for each of them, and one for the committee that keeps copies."""
    office.hand_over(story)
    office.reply(story)

    outbox = engine_tables.outbox.c
    with story.engine.read() as connection:
        recipients = connection.scalars(
            sa.select(outbox.recipient).where(outbox.channel == replies.CHANNEL)
        ).all()

    assert ["人大代表工委", "建议：张代表", "建议：李代表"] == sorted(recipients)


def test_the_unit_that_replied_reads_its_letters_and_no_other_does(
    story: testing.Story,
) -> None:
    """县住建局 finds its replies among the documents of the matter, 县发改委 none."""
    office.hand_over(story)
    office.reply(story)
    matter = office.matter_of(story)

    with story.engine.read() as connection:
        read_by = {
            unit: [
                one.type
                for one in documents.of_matter(
                    connection,
                    people.identity(connection, f"unit_handler.{unit}", story.now),
                    matter.id,
                )
            ]
            for unit in ("zjj", "fgw")
        }

    assert 2 == read_by["zjj"].count("REPLY")
    assert [] == read_by["fgw"]


@pytest.mark.requirement("R-01-30")
def test_who_is_satisfied_need_not_be_answered_again(story: testing.Story) -> None:
    """Of two units that reply apart only the one that was found wanting goes on."""
    office.register(story)
    story.complete(
        "逐件梳理分析",
        person="dc_officer",
        fields={**office.ANALYSIS, "separate": [{"unit": "slj", "duty": "保障水源"}]},
    )
    for name, person in (
        ("副主任审阅", "go_deputy"),
        ("主任审阅", "go_director"),
        ("副县长审定", "vice_mayor"),
    ):
        story.complete(name, person=person, fields=office.AGREED)
    receipts = [{"unit": unit, "received_by": "收发"} for unit in ("zjj", "slj")]
    story.complete(
        "召开交办会议",
        person="dc_officer",
        fields={**office.MEETING, "receipts": receipts},
    )
    for unit in ("zjj", "slj"):
        take_and_reply(story, unit)
    with story.engine.read() as connection:
        sent = surveys.of_matter(connection, office.matter_of(story).id)
    for place, one in enumerate(sent):
        answer = "DISSATISFIED" if place == len(sent) - 1 else "SATISFIED"
        story.complete(
            "登记征询意见",
            person="dc_officer",
            fields={
                "survey": str(one.id),
                "answer": answer,
                "comment": "水源没有保障。",
                "answered_on": "2026-03-06",
            }
            if answer == "DISSATISFIED"
            else {
                "survey": str(one.id),
                "answer": answer,
                "answered_on": "2026-03-06",
            },
        )

    assert ["unit_registrar.slj"] == [
        holder for task in story.open_tasks() for holder in task.holders
    ]


def take_and_reply(story: testing.Story, unit: str) -> None:
    """Have a unit reply; the office accepts it."""
    for name, role, fields in (
        ("签收", "unit_registrar", {"acknowledged": True}),
        ("分办", "unit_deputy", {"handler": f"unit_handler.{unit}"}),
        ("与代表委员沟通", "unit_handler", office.CONTACT),
        ("拟答复稿", "unit_handler", office.REPLY),
        ("审核", "unit_deputy", office.AGREED),
        ("签发", "unit_head", office.AGREED),
    ):
        story.complete(name, person=f"{role}.{unit}", fields=fields)
    story.complete("审核报告", person="dc_officer", fields=office.ACCEPTANCE)
    story.complete("审签", person="dc_chief", fields=office.AGREED)


@pytest.mark.requirement("R-03-20")
@pytest.mark.requirement("R-03-18")
def test_the_reports_of_the_year_count_replies_and_answers(
    story: testing.Story,
) -> None:
    """件数, 办复率, A/B/C and 满意率, each by what it counts; nothing is a dash."""
    office.hand_over(story)
    office.reply(story)
    with story.engine.read() as connection:
        first = surveys.of_matter(connection, office.matter_of(story).id)[0]
    story.complete(
        "登记征询意见",
        person="dc_officer",
        fields={
            "survey": str(first.id),
            "answer": "BASICALLY",
            "answered_on": "2026-03-06",
        },
    )
    office.register(story, number=13)
    story.until(office.BEGIN.replace(month=12, day=10))

    with story.command() as work:
        volume_of = work.connection.scalar(sa.select(tables.annual_volume.c.matter_id))
        volume = annual_volumes.of_matter(work.connection, volume_of)
        said = annual_volumes.summaries(work, volume)

    assert (1, 1) == (len(volume.replies), len(volume.missing))
    assert said["deputies"] == (
        "2026年共办理建议2件（市交办0件、县本级2件）。截至2026年12月10日，"
        "已答复1件，办复率50.0%；其中A类1件、B类0件、C类0件。"
        "收到评价1份，满意率100.0%。"
    )
    assert "共办理提案0件" in said["members"]
    assert "办复率—" in said["members"]
    assert "尚未评议" in said["opinions"]


@pytest.mark.requirement("R-03-21")
def test_scores_are_kept_year_by_year(story: testing.Story) -> None:
    """The trend of a subject is its scores, the earliest year first."""
    office.register(story)
    about = office.matter_of(story).id
    with story.command() as work:
        for year, score in ((2026, 93.5), (2024, 90), (2025, "91.2")):
            evaluations.record(
                work,
                about,
                {"year": year, "subject": "代表建议办理工作", "score": score},
                person="dc_officer",
                on_behalf_of=None,
            )

    with story.engine.read() as connection:
        trend = evaluations.trend(connection, "代表建议办理工作")

    assert [
        (2024, Decimal(90)),
        (2025, Decimal("91.2")),
        (2026, Decimal("93.5")),
    ] == [(one.year, one.score) for one in trend]


@pytest.mark.requirement("R-01-30")
def test_reminders_stop_with_the_reply(story: testing.Story) -> None:
    """Who has replied is reminded of nothing more."""
    office.hand_over(story)
    office.reply(story)
    story.until(office.BEGIN.replace(month=6, day=8))

    message = tables.inbox_message.c
    with story.engine.read() as connection:
        titles = connection.scalars(
            sa.select(message.title).where(message.title.contains("距答复时限"))
        ).all()
        proposal = deputies.of_matter(connection, office.matter_of(story).id)

    assert [] == titles
    assert "第12号建议" == proposal.name


@pytest.mark.requirement("R-01-29")
def test_one_meeting_hands_over_many(story: testing.Story) -> None:
    """The list of a meeting is issued anew with each suggestion handed over there."""
    office.hand_over(story)
    office.register(story, number=13, title="关于增设公交站点的建议")
    office.approve(story)
    story.complete("召开交办会议", person="dc_officer", fields=office.MEETING)

    meeting = tables.handover_meeting
    with story.engine.read() as connection:
        held = connection.scalars(sa.select(meeting.c.attended)).all()
    first, second = letters(story, "HANDOVER_LIST")

    assert [19] == list(held)
    assert "第12号建议" in first
    assert "第13号建议" not in first
    assert "第12号建议" in second
    assert "第13号建议" in second
