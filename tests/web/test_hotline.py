"""The hotline's door: a ticket comes in once, whatever is sent how often."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from engine import engine as engines
from engine import people
from engine import queries
from processes.supervision import tables
from processes.supervision.hotline import ticket_extensions
from tests.web.conftest import HOTLINE_KEY

TICKET = {
    "ticket_no": "RX-9",
    "type": "投诉",
    "title": "路灯不亮",
    "content": "人民路路灯不亮。",
    "caller_name": "张三",
    "caller_phone": "13812345678",
}


@pytest.fixture
def post(app: Flask) -> Any:
    """Return a function that posts as the hotline's program."""

    def send(
        body: Any,
        *,
        to: str = "tickets",
        key: str = "one",
        bearer: str = HOTLINE_KEY,
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {bearer}"}
        if key:
            headers["Idempotency-Key"] = key
        path = f"/api/hotline/{to}"
        if isinstance(body, bytes):
            return app.test_client().post(path, data=body, headers=headers)
        return app.test_client().post(path, json=body, headers=headers)

    return send


def counted(engine: engines.Engine) -> int:
    """Return how many matters there are."""
    with engine.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.matter)
        return int(connection.execute(query).scalar_one())


def test_a_ticket_becomes_a_matter_with_a_number(
    post: Any, engine: engines.Engine
) -> None:
    """201 with the number; one matter is there."""
    answer = post(TICKET)

    assert 201 == answer.status_code
    assert "RX-9" == answer.json["ticket_no"]
    assert answer.json["number"].startswith("411426-")
    assert 1 == counted(engine)


def test_the_same_request_again_gets_the_same_answer(
    post: Any, engine: engines.Engine
) -> None:
    """A lost reply is asked for again without harm."""
    first, second = post(TICKET), post(TICKET)

    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert 1 == counted(engine)


def test_the_same_ticket_under_another_key_gets_the_number_of_its_matter(
    post: Any, engine: engines.Engine
) -> None:
    """同一工单号重复送达→返回原事项编号，不建第二件 (domain §2.8)."""
    first, second = post(TICKET, key="one"), post(TICKET, key="two")

    assert first.json == second.json
    assert 1 == counted(engine)


def test_the_same_key_with_other_content_is_refused(
    post: Any, engine: engines.Engine
) -> None:
    """A key stands for one content."""
    post(TICKET)
    answer = post({**TICKET, "ticket_no": "RX-10"})

    assert 422 == answer.status_code
    assert 1 == counted(engine)


@pytest.mark.parametrize("bearer", ["", "wrong", HOTLINE_KEY[:-1], f"{HOTLINE_KEY}x"])
def test_without_its_key_nothing_comes_in(
    post: Any, engine: engines.Engine, bearer: str
) -> None:
    """401, and nothing is read or written."""
    answer = post(TICKET, bearer=bearer)

    assert 401 == answer.status_code
    assert "Bearer" == answer.headers["WWW-Authenticate"]
    assert "密钥" in answer.json["error"]
    assert 0 == counted(engine)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**TICKET, "type": "表扬"}, "type"),
        ({**TICKET, "ticket_no": ""}, "ticket_no"),
        ({**TICKET, "ticket_no": 9}, "ticket_no"),
        ({**TICKET, "content": ""}, "content"),
        ({**TICKET, "assigned_on": "2026-02-30"}, "assigned_on"),
        ({**TICKET, "required_workdays": 0}, "required_workdays"),
        ({**TICKET, "title": "长" * 201}, "title"),
    ],
)
def test_bad_content_is_refused_at_its_field(
    post: Any, engine: engines.Engine, body: dict[str, Any], field: str
) -> None:
    """422 with a sentence in Chinese beside the field; nothing is changed."""
    answer = post(body)

    assert 422 == answer.status_code, answer.json
    assert field in answer.json["fields"]
    assert 0 == counted(engine)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}']
)
def test_what_is_no_json_object_is_refused(
    post: Any, engine: engines.Engine, body: bytes
) -> None:
    """422, never a failure of ours."""
    answer = post(body)

    assert 422 == answer.status_code
    assert "请求体" in answer.json["error"]
    assert 0 == counted(engine)


def test_a_request_without_an_idempotency_key_is_refused(
    post: Any, engine: engines.Engine
) -> None:
    """Who cannot repeat safely must not begin."""
    answer = post(TICKET, key="")

    assert 422 == answer.status_code
    assert "Idempotency-Key" in answer.json["error"]
    assert 0 == counted(engine)


def test_what_follows_an_unknown_ticket_is_not_found(post: Any) -> None:
    """404 names the ticket."""
    answer = post({"ticket_no": "RX-0", "receipt_no": "1"}, to="receipts")

    assert 404 == answer.status_code
    assert "RX-0" in answer.json["error"]


def test_a_receipt_nobody_waits_for_changes_nothing(post: Any) -> None:
    """The result has not been reported yet."""
    post(TICKET)
    answer = post({"ticket_no": "RX-9", "receipt_no": "1"}, to="receipts", key="two")

    assert 404 == answer.status_code


def test_a_supplement_reaches_the_matter(post: Any, engine: engines.Engine) -> None:
    """What the caller adds is kept with the matter."""
    post(TICKET)
    open_handling(engine)
    answer = post(
        {"ticket_no": "RX-9", "content": "今晚仍然不亮。"}, to="supplements", key="two"
    )

    assert 200 == answer.status_code, answer.json
    with engine.read() as connection:
        kept = connection.scalars(sa.select(tables.supplement.c.content)).all()
    assert ["今晚仍然不亮。"] == kept


def test_the_answer_about_more_time_moves_the_matter(
    post: Any, engine: engines.Engine
) -> None:
    """What we asked for and the hotline granted is the matter's due day."""
    post(TICKET)
    open_handling(engine)
    with engine.begin() as work:
        matter = work.connection.execute(sa.select(tables.matter)).one()
        due_on = work.calendar.local_date(matter.due_at)
        wanted_on = work.calendar.add_workdays(due_on, 3)
        officer = people.identity(work.connection, "dc_officer", work.now())
        given = {"wanted_on": str(wanted_on), "reason": "等待灯具到货"}
        ticket_extensions.request(work, matter.id, officer, given)
    with engine.begin() as work:
        (agree,) = [
            opened.task
            for opened in queries.open_tasks_of(work.connection, matter.root_id)
            if opened.task.name == "主任审定延期"
        ]
        work.complete_task(agree.id, "go_director", {"decision": "GRANT"})
    answer = post(
        {"ticket_no": "RX-9", "answer": "GRANTED"}, to="extensions", key="two"
    )

    assert 200 == answer.status_code, answer.json
    with engine.read() as connection:
        due_at = connection.scalars(sa.select(tables.matter.c.due_at)).one()
    assert wanted_on == engine.calendar.local_date(due_at)


def open_handling(engine: engines.Engine) -> None:
    """Verify the delivered ticket, so that its handling begins."""
    with engine.begin() as work:
        registrar = people.identity(work.connection, "dc_registrar", work.now())
        task = queries.tasks_for(work.connection, registrar)[0]
        work.complete_task(
            task.id,
            "dc_registrar",
            {"title": "路灯不亮", "type": "投诉", "verified": True},
        )


def test_the_callers_data_is_in_no_log_and_no_answer(
    post: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither name nor number leaves the vault."""
    answer = post(TICKET)
    told = capsys.readouterr()

    assert "13812345678" not in answer.get_data(as_text=True)
    assert "13812345678" not in told.out + told.err
    assert "张三" not in told.out + told.err
