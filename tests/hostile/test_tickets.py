"""Whatever a client sends to the hotline's door: an answer in Chinese, never a 5xx."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from tests.hostile.conftest import KEY
from tests.hostile.conftest import County
from tests.hostile.conftest import is_told_in_chinese
from tests.hostile.conftest import ticket

#: What is sent for a field that must be refused -> what is said of it.
WRONG: dict[str, tuple[object, ...]] = {
    "ticket_no": (None, "", 1, [], {}, True, "a b", "9" * 51, "a\nb"),
    "type": (None, "", 1, "其他", [], "'; DROP TABLE matter; --"),
    "urgent": ("yes", 1, [], {}),
    "title": (1, [], {}, True, "长" * 201),
    "content": (None, "", 1, [], {}, "长" * 5001),
    "assigned_on": (
        1,
        "2026-02-30",
        "昨天",
        [],
        "9999-12-31",
        "2026-03-03",
        "0000-00-00",
    ),
    "required_on": (1, "2026-13-01", [], "2026-01-01"),
    "required_workdays": (0, -1, 1.5, "5天", 251, 10**18, [], True),
    "caller_name": (1, [], {}, "长" * 51),
    "caller_phone": (1, [], {}, "1" * 51),
    "caller_address": (1, [], "长" * 201),
}
FIELDS = [(name, value) for name, wrong in WRONG.items() for value in wrong]


@pytest.mark.parametrize(("name", "value"), FIELDS)
def test_a_wrong_field_is_named(county: County, name: str, value: object) -> None:
    body = {**ticket(), name: value} if value is not None else ticket(**{name: None})
    before = county.dump
    answer = county.sends_ticket(body)

    told = answer.get_json()
    assert 422 == answer.status_code, told
    assert name in told["fields"], told
    assert is_told_in_chinese(" ".join(told["fields"][name])), told
    assert before == county.dump


#: A body -> the words of its refusal.
BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "第 1 行第 1 列不是正确的 JSON"),
    "half of it": (b'{"ticket_no":', "第 1 行第 14 列不是正确的 JSON"),
    "a list": (b"[]", "必须是一个 JSON 对象"),
    "a text": (b'"a"', "必须是一个 JSON 对象"),
    "a key twice": (b'{"ticket_no":"a","ticket_no":"b"}', "“ticket_no”出现了两次"),
    "NaN": (b'{"a":NaN}', "不允许 NaN"),
    "Infinity": (b'{"a":-Infinity}', "不允许 -Infinity"),
    "a number beyond floats": (b'{"a":1e999}', "请求体.a：数值不是有限数"),
    "10 000 digits": (b'{"a":' + b"9" * 10_000 + b"}", "整数超出范围"),
    "a thousand deep": (b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", "嵌套超过 32 层"),
    "a million deep": (b"[" * 200_000, "嵌套超过 32 层"),
    "NUL": (b'{"a":"\\u0000"}', "请求体.a：文字里有空字符"),
    "a lone surrogate": (b'{"a":"\\ud800"}', "请求体.a：文字里有不完整的字符"),
    "a key that is one": (b'{"\\ud800":1}', "不完整的字符"),
    "no UTF-8": (b'{"a":"\xff"}', "第 7 字节不是 UTF-8"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "不是 UTF-8"),
    "typename": (b'{"typename":1}', "请求体.typename：不允许使用这个名称"),
    "__builtins__": (b'{"a":{"__builtins__":1}}', "请求体.a.__builtins__"),
    "300 kB": (b'{"a":"' + b"x" * 300_000 + b'"}', "内容超过 256 KiB"),
}


@pytest.mark.parametrize(("body", "words"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["tickets", "receipts", "callbacks", "supplements"])
def test_a_body_that_is_no_plain_object_is_refused_by_place(
    county: County, path: str, body: bytes, words: str
) -> None:
    before = county.dump
    answer = county.sends_ticket(body, path)

    assert 422 == answer.status_code
    assert words in answer.get_json()["error"]
    assert before == county.dump


def test_more_than_two_megabytes_are_not_even_read(county: County) -> None:
    before = county.dump
    answer = county.sends_ticket(b'{"a":"' + b"x" * 3 * 1024 * 1024 + b'"}')

    assert (413, "内容过大。") == (answer.status_code, answer.get_json()["error"])
    assert before == county.dump


HEADERS: dict[str, tuple[dict[str, str], int, str]] = {
    "no key": ({"Idempotency-Key": "a"}, 401, "缺少密钥"),
    "a wrong key": ({"Authorization": "Bearer x"}, 401, "密钥不正确"),
    "another scheme": ({"Authorization": f"Basic {KEY}"}, 401, "密钥不正确"),
    "a key in Latin-1": ({"Authorization": "Bearer \xe9"}, 401, "密钥不正确"),
    "10 kB of key": ({"Authorization": "Bearer " + "x" * 10_240}, 401, "密钥不正确"),
    "no Idempotency-Key": ({"Authorization": f"Bearer {KEY}"}, 422, "Idempotency-Key"),
    "a 10 kB Idempotency-Key": (
        {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "x" * 10_240},
        422,
        "1 至 200 个字符",
    ),
    "a blank Idempotency-Key": (
        {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "  "},
        422,
        "1 至 200 个字符",
    ),
}


@pytest.mark.parametrize(("headers", "status", "words"), HEADERS.values(), ids=HEADERS)
def test_headers_that_are_not_right_are_refused(
    county: County, headers: dict[str, str], status: int, words: str
) -> None:
    before = county.dump
    answer = county.app.test_client().post(
        "/api/hotline/tickets", json=ticket(), headers=headers
    )

    assert status == answer.status_code
    assert words in answer.get_json()["error"]
    assert before == county.dump


@pytest.mark.parametrize(
    "path", ["receipts", "callbacks", "supplements", "withdrawals"]
)
@pytest.mark.parametrize(
    "number", [None, "", 1, "no-such", "' OR 1=1 --", "9" * 10_240]
)
def test_news_of_a_ticket_that_is_not_known_is_refused(
    county: County, path: str, number: object
) -> None:
    body: dict[str, Any] = {
        "content": "补充",
        "receipt_no": "1",
        "callback": "SATISFIED",
    }
    before = county.dump
    answer = county.sends_ticket({**body, "ticket_no": number}, path)

    assert answer.status_code in (404, 422)
    assert is_told_in_chinese(str(answer.get_json()))
    assert before == county.dump


def test_an_address_or_a_method_that_is_not_there_is_told_as_json(
    county: County,
) -> None:
    client = county.app.test_client()
    for answer, status in (
        (client.get("/api/hotline/tickets", headers=bearer()), 405),
        (client.post("/api/hotline/nothing", json={}, headers=bearer()), 404),
        (client.post("/api/../../etc/passwd", json={}, headers=bearer()), 404),
    ):
        assert status == answer.status_code
        assert is_told_in_chinese(answer.get_json()["error"])


def bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "k"}


#: Any JSON at all, and any JSON in the fields of a ticket.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
TICKETS = st.fixed_dictionaries({}, optional={name: JSON for name in ticket()}).map(
    lambda changes: {**ticket(), **changes}
)
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(body=JSON | TICKETS)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW, derandomize=True)
def test_no_json_whatever_makes_the_door_fail(county: County, body: object) -> None:
    answer = county.sends_ticket(json.dumps(body).encode())

    assert answer.status_code < 500, answer.get_data(as_text=True)
    if answer.status_code not in (200, 201):
        assert is_told_in_chinese(answer.get_json()["error"])


@given(body=st.binary(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW, derandomize=True)
def test_no_bytes_whatever_make_the_door_fail(county: County, body: bytes) -> None:
    answer = county.sends_ticket(body)

    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        assert 422 == answer.status_code
    assert answer.status_code < 500
