"""Not one's own task, a second time, another form's fields: refused at every door."""

import json

import pytest

from engine import errors
from engine import user_tasks
from tests.hostile.conftest import County
from tests.hostile.conftest import is_told_in_chinese
from tests.hostile.conftest import ticket

ANSWER = {
    "opinion": "拟由县住建局主办。",
    "lead_unit": "zjj",
    "requirement": "立即抢修。",
}
#: Ids that no task has, some of them meant to be more than ids.
STRANGE_IDS = {
    "a path": "../../etc/passwd",
    "SQL": "' OR 1=1 --",
    "HTML": '"><img src=x onerror=alert(1)>',
    "10 kB": "9" * 10_240,
    "NUL": "a\0b",
    "Chinese": "待办",
    "blank": " ",
}


@pytest.fixture(scope="module")
def proposing(county: County) -> str:
    """An open task 拟办 of 陈专员."""
    county.starts(ticket_no="SQ-TASKS-1")
    return county.task("拟办", "dc_officer")


@pytest.fixture(scope="module")
def proposed(county: County) -> str:
    """A task 拟办 that 陈专员 has completed."""
    county.starts(ticket_no="SQ-TASKS-2")
    found = [task for task in county.tasks("dc_officer") if task.name == "拟办"]
    task_id = max(found, key=lambda task: task.business_key or "").id
    with county.engine.begin() as work:
        work.complete_task(task_id, "dc_officer", ANSWER)
    return task_id


def command(
    county: County, task_id: str, person: str, fields: object
) -> tuple[int, str]:
    """Complete a task on the command line; return the status and what was said."""
    text = fields if isinstance(fields, str) else json.dumps(fields, ensure_ascii=False)
    told = county.commands("complete", task_id, "--person", person, "--fields", text)
    return told.exit_code, told.output


# -- somebody else's task ---------------------------------------------------------


def test_the_engine_refuses_somebody_elses_task(county: County, proposing: str) -> None:
    before = county.dump
    with pytest.raises(errors.Forbidden) as refusal, county.engine.begin() as work:
        work.complete_task(proposing, "go_director", ANSWER)

    assert "这一待办不由您办理" in refusal.value.message
    assert proposing == refusal.value.ids["task_id"]
    assert before == county.dump


def test_the_command_line_refuses_somebody_elses_task(
    county: County, proposing: str
) -> None:
    before = county.dump
    status, told = command(county, proposing, "go_director", ANSWER)

    assert 1 == status
    assert "这一待办不由您办理" in told
    assert before == county.dump


ADDRESSES = {
    "its page": ("GET", ""),
    "completing": ("POST", ""),
    "a draft": ("POST", "/draft"),
    "claiming": ("POST", "/claim"),
    "releasing": ("POST", "/release"),
    "its diagram": ("GET", "/diagram.bpmn"),
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES)
def test_no_address_of_somebody_elses_task_gives_anything(
    county: County, proposing: str, address: tuple[str, str]
) -> None:
    """Who may not see the matter is not even told that there is such a task."""
    method, more = address
    visitor = county.visits("unit_handler.slj")
    before = county.dump
    if method == "GET":
        answer = visitor.opens(f"/tasks/{proposing}{more}")
    elif more == "/draft":
        answer = visitor.client.post(
            f"/tasks/{proposing}/draft",
            data=b"{}",
            headers={"X-CSRFToken": visitor.token()},
        )
    else:
        answer = visitor.sends(f"/tasks/{proposing}{more}", fields=json.dumps(ANSWER))

    page = answer.get_data(as_text=True)
    assert 404 == answer.status_code
    assert "没有找到" in page
    assert "东关小区" not in page
    assert is_told_in_chinese(page)
    assert before == county.dump


def test_who_may_see_the_matter_is_told_that_the_task_is_not_his(
    county: County, proposing: str
) -> None:
    visitor = county.visits("go_director")
    before = county.dump
    answer = visitor.sends(f"/tasks/{proposing}", fields=json.dumps(ANSWER))

    assert 403 == answer.status_code
    assert "这一待办不由您办理" in answer.get_data(as_text=True)
    assert before == county.dump


@pytest.mark.parametrize("task_id", STRANGE_IDS.values(), ids=STRANGE_IDS)
def test_an_id_that_no_task_has_is_not_found(county: County, task_id: str) -> None:
    before = county.dump
    visitor = county.visits("dc_officer")
    answers = [
        visitor.client.open(path=f"/tasks/{task_id}{more}", method=method)
        for method, more in ADDRESSES.values()
        if method == "GET"
    ]
    # Only an address can carry a NUL: no argument of a command line does.
    if "\0" not in task_id:
        with pytest.raises(errors.NotFound) as refusal, county.engine.begin() as work:
            work.complete_task(task_id, "dc_officer", {})
        assert "没有" in refusal.value.message
        status, told = command(county, task_id, "dc_officer", {})
        assert (1, refusal.value.message) == (status, told.strip())
    assert {404} == {answer.status_code for answer in answers}
    for answer in answers:
        assert is_told_in_chinese(answer.get_data(as_text=True))
        assert "<img src=x" not in answer.get_data(as_text=True)
    assert before == county.dump


# -- twice ------------------------------------------------------------------------


def test_completing_twice_names_who_was_first_and_when(
    county: County, proposed: str
) -> None:
    sentence = "已由 陈专员 于 2026-03-02 09:00 办理。"
    before = county.dump
    with (
        pytest.raises(user_tasks.AlreadyClosed) as refusal,
        county.engine.begin() as work,
    ):
        work.complete_task(proposed, "dc_officer", ANSWER)
    status, told = command(county, proposed, "dc_officer_b", ANSWER)
    visitor = county.visits("dc_officer")
    answer = visitor.sends(f"/tasks/{proposed}", fields=json.dumps(ANSWER))

    assert sentence == refusal.value.message
    assert (1, sentence) == (status, told.strip())
    assert 409 == answer.status_code
    assert sentence in answer.get_data(as_text=True)
    assert before == county.dump


# -- fields -----------------------------------------------------------------------

#: What is sent -> the place and the words of the refusal.
FIELDS = {
    "unknown": ({**ANSWER, "extra": 1}, "extra", "表单没有“extra”这一项"),
    "of another form": (
        {**ANSWER, "retention": "30年"},
        "retention",
        "表单没有“retention”这一项",
    ),
    "typename": ({**ANSWER, "typename": "x"}, "填写的内容.typename", "请改名"),
    "__builtins__": (
        {**ANSWER, "__builtins__": {}},
        "填写的内容.__builtins__",
        "请改名",
    ),
    "NUL": ({**ANSWER, "opinion": "a\0"}, "填写的内容.opinion", "空字符"),
    "a lone surrogate": (
        {**ANSWER, "opinion": "\ud800"},
        "填写的内容.opinion",
        "不完整的字符",
    ),
    "an unknown unit": ({**ANSWER, "lead_unit": "nasa"}, "lead_unit", "没有选项“nasa”"),
    "a list for a text": ({**ANSWER, "opinion": ["a"]}, "opinion", "应为文字"),
    "a required text missing": (
        {"lead_unit": "zjj", "requirement": "立即抢修。"},
        "opinion",
        "“拟办意见”不能为空",
    ),
    "a 300 kB text": ({**ANSWER, "opinion": "长" * 100_000}, "填写的内容", "256 KiB"),
}


@pytest.mark.parametrize("given", FIELDS.values(), ids=FIELDS)
def test_fields_that_may_not_enter_are_named_at_every_door(
    county: County, proposing: str, given: tuple[dict[str, object], str, str]
) -> None:
    fields, place, words = given
    before = county.dump
    with pytest.raises(errors.Invalid) as refusal, county.engine.begin() as work:
        work.complete_task(proposing, "dc_officer", fields)
    visitor = county.visits("dc_officer")
    answer = visitor.sends(f"/tasks/{proposing}", fields=json.dumps(fields))
    page = answer.get_data(as_text=True)
    # A command line may be no longer than this on Linux.
    short = len(json.dumps(fields)) < 100_000
    if short:
        status, told = command(county, proposing, "dc_officer", json.dumps(fields))

    error = refusal.value
    messages = error.fields.get(place, []) or [error.message]
    assert place in error.fields or error.message.startswith(place)
    assert any(words in message for message in messages)
    assert 422 == answer.status_code
    assert words in page
    assert is_told_in_chinese(page)
    if short:
        assert status in (1, 2)
        assert words in told
        assert is_told_in_chinese(told)
    assert before == county.dump


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "不是正确的 JSON"),
        ('{"a":1,"a":2}', "“a”出现了两次"),
        ('{"a":NaN}', "不允许 NaN"),
        ('{"a":' + "9" * 10_000 + "}", "整数超出范围"),
        ("[" * 1000 + "]" * 1000, "层"),
        ("[]", ""),
        ("null", ""),
        ('{"a":"\\u0000"}', "空字符"),
        ('{"a":"\\ud800"}', "不完整的字符"),
    ],
)
def test_fields_that_are_no_json_object_are_refused(
    county: County, proposing: str, text: str, words: str
) -> None:
    before = county.dump
    visitor = county.visits("dc_officer")
    answer = visitor.sends(f"/tasks/{proposing}", fields=text)
    draft = visitor.client.post(
        f"/tasks/{proposing}/draft",
        data=text.encode(),
        headers={"X-CSRFToken": visitor.token()},
    )
    status, told = command(county, proposing, "dc_officer", text)

    assert (422, 422, 2) == (answer.status_code, draft.status_code, status)
    assert words in answer.get_data(as_text=True)
    assert words in draft.get_data(as_text=True)
    assert words in told
    assert before == county.dump


def test_the_token_of_another_session_opens_nothing(
    county: County, proposing: str
) -> None:
    """A form made on another's page is refused before anything is looked at."""
    stolen = county.visits("go_deputy").token()
    visitor = county.visits("dc_officer")
    before = county.dump
    for token in (stolen, "", "x" * 10_000):
        answer = visitor.client.post(
            f"/tasks/{proposing}",
            data={"csrf_token": token, "fields": json.dumps(ANSWER)},
        )
        assert 400 == answer.status_code
        assert "请刷新后重新提交" in answer.get_data(as_text=True)

    assert before == county.dump


# -- starting ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "person", "words"),
    [
        ("no_such", "dc_registrar", "没有部署过流程“no_such”"),
        ("' OR 1=1 --", "dc_registrar", "没有部署过流程"),
        ("proc_mayor_hotline", "nobody", "没有这个账号"),
    ],
)
def test_what_cannot_be_started_is_refused(
    county: County, key: str, person: str, words: str
) -> None:
    before = county.dump
    with pytest.raises(errors.NotFound) as refusal, county.engine.begin() as work:
        work.start(key, person=person, fields=ticket())
    told = county.commands(
        "start", key, "--person", person, "--fields", json.dumps(ticket())
    )
    page = county.visits("dc_registrar").opens(f"/procedures/{key}/start")

    assert words in refusal.value.message
    assert 1 == told.exit_code
    assert words in told.output
    assert (200 if person == "nobody" else 404) == page.status_code
    assert before == county.dump
