"""建议提案, 审议评议意见: what is wrong is refused by its rule, nothing changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import people
from engine import testing
from processes import office as shipped
from processes.supervision.deputies import annual_volumes
from processes.supervision.deputies import evaluations
from processes.supervision.deputies import replies
from processes.supervision.deputies import surveys
from processes.supervision.deputies import tracking
from processes.supervision.requests import extensions
from tests.processes.supervision.deputies import deputies_office as office
from tests.processes.supervision.refusing import refused
from tests.processes.supervision.refusing import refused_start
from tests.processes.supervision.refusing import refused_task


@pytest.fixture(scope="module")
def whole_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return office.prepared(tmp_path_factory.mktemp("office"))


@pytest.fixture
def story(whole_office: Path, tmp_path: Path) -> Iterator[testing.Story]:
    with office.opened(whole_office, tmp_path) as opened:
        yield opened


# -- registering -------------------------------------------------------------------


@pytest.mark.requirement("R-00-08")
def test_a_number_of_a_session_is_registered_once(story: testing.Story) -> None:
    """The same type, level, session and number again names the matter there is."""
    office.register(story)

    refused_start(
        story,
        office.COUNTY,
        person="dc_registrar",
        fields={**office.SUGGESTION, "title": "换一个案由"},
        words="已经登记，督查编号 411426-2026-06-0001。（R-00-08）",
    )
    office.register(story, kind="提案")
    office.register(story, session="十六届六次")
    office.register(story, number=13)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"proposers": []}, "至少填写领衔人"),
        (
            {"proposers": [{"name": "张代表", "address": "东关"}] * 2},
            "不能填写两次",
        ),
        ({"proposers": [{"name": "张代表"}]}, "address"),
        ({"number": 0}, "number"),
        ({"number": "十二"}, "number"),
        ({"kind": "意见"}, "kind"),
        ({"session": ""}, "session"),
        ({"body": ""}, "body"),
        ({"title": "题" * 201}, "title"),
        ({"secrecy": "秘密"}, "secrecy"),
        ({"assigned_on": "不是日期"}, "assigned_on"),
    ],
)
@pytest.mark.requirement("R-00-08")
def test_a_suggestion_says_who_made_it_what_and_when(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """Every field that is missing or wrong is named."""
    refused_start(
        story,
        office.COUNTY,
        person="dc_registrar",
        fields={**office.SUGGESTION, **changes},
        words=words,
    )


@pytest.mark.parametrize(
    ("upper_due_on", "words"),
    [(None, "upper_due_on"), ("2026-03-10", "不足5个工作日。（R-01-28）")],
)
@pytest.mark.requirement("R-01-28")
def test_what_the_city_assigned_leaves_five_working_days(
    story: testing.Story, upper_due_on: str | None, words: str
) -> None:
    """The county must be done five working days before the city wants it."""
    fields = {**office.ASSIGNED, "upper_due_on": upper_due_on}

    refused_start(
        story,
        office.CITY,
        person="dc_registrar",
        fields={key: value for key, value in fields.items() if value is not None},
        words=words,
    )


@pytest.mark.requirement("R-01-29")
def test_only_the_registrar_registers(story: testing.Story) -> None:
    """A unit cannot bring a suggestion in."""
    refused_start(
        story,
        office.COUNTY,
        person="unit_handler.zjj",
        fields=office.SUGGESTION,
        words="",
    )


# -- analysis and handover ---------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"opinion": ""}, "opinion"),
        ({"analysis": ""}, "analysis"),
        ({"duty": ""}, "duty"),
        ({"lead_unit": "xyz"}, "lead_unit"),
        ({"lead_unit": ["zjj", "fgw"]}, "lead_unit"),
        ({"assisting": [{"unit": "zjj", "duty": "配合"}]}, "（R-00-16）"),
        ({"separate": [{"unit": "zjj", "duty": "分办"}]}, "（R-00-16）"),
        ({"assisting": [{"unit": "fgw", "duty": ""}]}, "duty"),
    ],
)
@pytest.mark.requirement("R-01-29")
def test_every_suggestion_is_analyzed_and_has_one_lead(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """An opinion for each, one lead, a duty for every unit."""
    office.register(story)

    refused_task(
        story,
        "逐件梳理分析",
        person="dc_officer",
        fields={**office.ANALYSIS, **changes},
        words=words,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"receipts": []}, "夏邑县住房和城乡建设局尚未签收交办清单。（R-01-29）"),
        ({"attended": 21}, "实到不得多于应到。（R-01-29）"),
        ({"held_on": "2026-03-07"}, "召开后再登记。（R-01-29）"),
        ({"place": ""}, "place"),
        (
            {
                "receipts": [
                    {"unit": "zjj", "received_by": "刘收发"},
                    {"unit": "fgw", "received_by": "杨收发"},
                ]
            },
            "只登记本件承办单位",
        ),
        ({"receipts": [{"unit": "zjj", "received_by": ""}]}, "received_by"),
    ],
)
@pytest.mark.requirement("R-01-29")
def test_the_units_of_a_suggestion_sign_its_list_at_the_meeting(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """Place, day, who was expected and came, and a receipt of every unit."""
    office.register(story)
    office.approve(story)

    refused_task(
        story,
        "召开交办会议",
        person="dc_officer",
        fields={**office.MEETING, **changes},
        words=words,
    )


@pytest.mark.requirement("R-01-29")
def test_one_meeting_has_one_attendance(story: testing.Story) -> None:
    """What another suggestion recorded of the meeting cannot be contradicted."""
    office.hand_over(story)
    office.register(story, number=13)
    office.approve(story)

    refused_task(
        story,
        "召开交办会议",
        person="dc_officer",
        fields={**office.MEETING, "attended": 20},
        words="同一会议已登记应到20、实到19。（R-01-29）",
    )


# -- replies -----------------------------------------------------------------------


@pytest.mark.requirement("R-01-30")
def test_nobody_replies_before_talking_with_the_deputies(story: testing.Story) -> None:
    """A reply without a contact on record is refused."""
    office.hand_over(story)
    undertaking = office.undertaking_of(story)

    def draft() -> None:
        with story.command() as work:
            replies.draft(work, undertaking, office.REPLY, person="unit_handler.zjj")

    refused(story, draft, "至少沟通一次。（R-01-30）")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"result": "D"}, "result"),
        ({"result": None}, "result"),
        ({"result": "B"}, "promised_on"),
        ({"result": "B", "promised_on": "2026-03-06"}, "须晚于今天。（R-01-30）"),
        ({"body": ""}, "body"),
        ({"body": "办" * 1001}, "1000"),
        ({"problems": ""}, "problems"),
        ({"contact_phone": ""}, "contact_phone"),
        ({"course": "CLOSE"}, "course"),
    ],
)
@pytest.mark.requirement("R-01-30")
def test_a_reply_is_marked_and_whole(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """A, B or C; a B promises a day to come; problems are never left empty."""
    office.hand_over(story)
    story.complete("与代表委员沟通", person="unit_handler.zjj", fields=office.CONTACT)

    refused_task(
        story,
        "拟答复稿",
        person="unit_handler.zjj",
        fields={**office.REPLY, **changes},
        words=words,
    )


@pytest.mark.requirement("R-01-30")
def test_a_contact_lies_in_the_past(story: testing.Story) -> None:
    """Nobody records a talk of tomorrow."""
    office.hand_over(story)

    refused_task(
        story,
        "与代表委员沟通",
        person="unit_handler.zjj",
        fields={**office.CONTACT, "contacted_on": "2026-03-07"},
        words="不能晚于今天",
    )


@pytest.mark.parametrize(
    ("wanted_on", "explained", "words"),
    [
        ("2026-09-07", False, "书面说明。（R-01-30）"),
        ("2026-09-08", True, "不得晚于法定最长时限 2026-09-07。（R-00-33）"),
        ("2026-06-08", True, "须晚于现在的时限 2026-06-08。（R-00-33）"),
    ],
)
@pytest.mark.requirement("S17")
def test_a_reply_is_put_off_with_an_explanation_and_to_six_months_at_most(
    story: testing.Story, wanted_on: str, explained: bool, words: str
) -> None:
    """Written explanation first; six months from the handover are the end."""
    office.hand_over(story)
    story.complete("与代表委员沟通", person="unit_handler.zjj", fields=office.CONTACT)
    if explained:
        fields = {
            "course": "EXPLAIN",
            "explained_on": "2026-03-06",
            "explanation": "涉及面广。",
        }
        story.complete("拟答复稿", person="unit_handler.zjj", fields=fields)
    undertaking = office.undertaking_of(story)

    def ask() -> None:
        with story.command() as work:
            extensions.request(
                work,
                undertaking.id,
                people.identity(work.connection, "unit_handler.zjj", story.now),
                {"reason": "涉及面广", "progress": "会商", "wanted_on": wanted_on},
            )

    refused(story, ask, words)


@pytest.mark.requirement("R-01-29")
def test_a_unit_gives_a_suggestion_back_within_seven_working_days(
    story: testing.Story,
) -> None:
    """On the eighth it must handle it."""
    office.register(story)
    office.approve(story)
    story.complete("召开交办会议", person="dc_officer", fields=office.MEETING)
    story.until(office.BEGIN.replace(day=18))

    refused_task(
        story,
        "签收",
        person="unit_registrar.zjj",
        fields={"return_requested": True, "return_reason": "不属本单位职责。"},
        words="7个工作日内（2026-03-17前）",
    )


# -- surveys and tracking ----------------------------------------------------------


def asked(story: testing.Story) -> list[surveys.Survey]:
    """Bring a suggestion to its reply and return the surveys sent with it."""
    office.hand_over(story)
    office.reply(story)
    with story.engine.read() as connection:
        return surveys.of_matter(connection, office.matter_of(story).id)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"survey": "99"}, "survey"),
        ({"answer": "VERY_GOOD"}, "answer"),
        ({"answer": "DISSATISFIED"}, "comment"),
        ({"answered_on": "2026-03-05"}, "应在寄送日 2026-03-06 与今天之间"),
        ({"answered_on": "2026-03-07"}, "应在寄送日 2026-03-06 与今天之间"),
    ],
)
@pytest.mark.requirement("R-01-30")
def test_an_answer_is_one_of_three_and_who_is_dissatisfied_says_why(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """What was not asked, or not yet, cannot be answered."""
    first = asked(story)[0]
    fields = {
        "survey": str(first.id),
        "answer": "SATISFIED",
        "answered_on": "2026-03-06",
    }

    refused_task(
        story,
        "登记征询意见",
        person="dc_officer",
        fields={**fields, **changes},
        words=words,
    )


@pytest.mark.requirement("R-01-30")
def test_nobody_is_answered_for_twice(story: testing.Story) -> None:
    """Once registered, an answer stays."""
    first = asked(story)[0]
    fields = {
        "survey": str(first.id),
        "answer": "SATISFIED",
        "answered_on": "2026-03-06",
    }
    story.complete("登记征询意见", person="dc_officer", fields=fields)

    refused_task(
        story, "登记征询意见", person="dc_officer", fields=fields, words="survey"
    )


def test_only_a_reply_that_promises_more_is_followed(story: testing.Story) -> None:
    """An A has no day to come back to."""
    first = asked(story)[0]

    def follow() -> None:
        with story.command() as work:
            tracking.open_matter(
                work, first.reply_id, area="411426", root_id=story.root_id
            )

    refused(story, follow, "没有承诺日期")


# -- destinations ------------------------------------------------------------------


def summed_up(story: testing.Story) -> None:
    """Bring what the city assigned to the leader's decision on its summary."""
    story.start(office.CITY, person="dc_registrar", fields=office.ASSIGNED)
    instruction = {"instruction": "请办理。", "instructed_on": "2026-03-06"}
    story.complete("县政府领导批示", person="vice_mayor", fields=instruction)
    named = {
        key: office.ANALYSIS[key]
        for key in ("opinion", "lead_unit", "duty", "requirement", "responsible_person")
    }
    story.complete("明确承办单位", person="dc_officer", fields=named)
    office.take(story)
    office.reply(story)
    for name in ("汇总", "加工整理"):
        story.complete(name, person="dc_officer", fields={"summary": "已办理。"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"destinations": []}, "destinations"),
        ({"destinations": ["MAYOR"]}, "destinations"),
        (
            {"destinations": ["DEPARTMENTS"]},
            "请写明函告的市直机关。（R-01-28）",
        ),
    ],
)
@pytest.mark.requirement("R-01-28")
def test_the_summary_goes_somewhere(
    story: testing.Story, fields: dict[str, object], words: str
) -> None:
    """At least one destination, and departments by name."""
    summed_up(story)
    story.complete("县政府领导审定", person="vice_mayor", fields=office.AGREED)

    refused_task(story, "拟定去向", person="dc_officer", fields=fields, words=words)


@pytest.mark.requirement("R-01-28")
def test_the_strict_reading_wants_the_city_or_both_others(
    story: testing.Story,
) -> None:
    """The parameter strict_destinations says so; what is under way keeps its own."""
    description = "proc_npc_city/procedure.toml"
    strict = shipped.catalog_files()[description].replace(
        b"strict_destinations = false", b"strict_destinations = true"
    )
    with story.command() as work:
        work.deploy({description: strict})
    summed_up(story)
    story.complete("县政府领导审定", person="vice_mayor", fields=office.AGREED)

    refused_task(
        story,
        "拟定去向",
        person="dc_officer",
        fields={"destinations": ["DEPUTIES"]},
        words="须函告市直机关并答复代表、委员。（R-01-28）",
    )
    both = {"destinations": ["DEPARTMENTS", "DEPUTIES"], "departments": "市水利局"}
    story.complete("拟定去向", person="dc_officer", fields=both)


# -- scores ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"score": 100.5}, "应在0到100之间。（R-03-21）"),
        ({"score": -1}, "应在0到100之间。（R-03-21）"),
        ({"score": 91.25}, "至多一位小数。（R-03-21）"),
        ({"score": "优"}, "应填数字。（R-03-21）"),
        ({"score": float("nan")}, "应在0到100之间。（R-03-21）"),
        ({"year": None}, "请填写年度"),
        ({"year": 1999}, "year"),
        ({"subject": ""}, "subject"),
        ({"year": 2025}, "2025年的评议分数已经登记。（R-03-21）"),
    ],
)
@pytest.mark.requirement("R-03-21")
def test_a_score_is_a_number_of_one_decimal_once_a_year(
    story: testing.Story, changes: dict[str, object], words: str
) -> None:
    """0 to 100; a subject is scored once for each year."""
    office.register(story)
    given = {"year": 2025, "subject": "代表建议办理工作", "score": 91.2, "comment": ""}
    about = office.matter_of(story).id

    def record(fields: dict[str, object]) -> None:
        with story.command() as work:
            evaluations.record(
                work, about, fields, person="dc_officer", on_behalf_of=None
            )

    record(given)

    refused(story, lambda: record({**given, "year": 2026, **changes}), words)


@pytest.mark.requirement("R-01-31")
def test_a_year_has_one_volume(story: testing.Story) -> None:
    """Counted again by mistake, the year is refused."""
    story.until(office.BEGIN.replace(month=12, day=10))

    def again() -> None:
        with story.command() as work:
            annual_volumes.open_volume(work, area="411426", root_id="another")

    refused(story, again, "2026年的年度卷已经建立")
