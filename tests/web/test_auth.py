"""Signing in: who gets in, who is kept out, and what a session is worth."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from engine import clock as clocks
from engine import engine as engines
from tests.web.conftest import PASSWORD
from tests.web.conftest import Visitor
from web import office

SignedIn = Callable[[str], Visitor]


@pytest.fixture
def clock(engine: engines.Engine) -> clocks.FixedClock:
    """The engine's clock, standing still at the present."""
    engine.clock = clocks.FixedClock(engine.clock.now())
    return engine.clock


def test_nobody_sees_a_page_before_signing_in(visitor: Visitor) -> None:
    """The page asked for is remembered as a path of this site."""
    answer = visitor.opens("/tasks")

    assert 302 == answer.status_code
    assert "/login?next=%2Ftasks" == answer.location


def test_the_right_password_opens_a_session(visitor: Visitor) -> None:
    """One is sent to what one must do, and sees one's own name there."""
    answer = visitor.signs_in("dc_officer")

    assert (303, "/tasks") == (answer.status_code, answer.location)
    assert 200 == visitor.opens("/tasks").status_code


@pytest.mark.parametrize("person", ["dc_officer", "nobody_at_all"])
def test_a_wrong_password_and_an_unknown_account_get_the_same_words(
    visitor: Visitor, person: str
) -> None:
    """The answer does not tell which accounts exist."""
    answer = visitor.signs_in(person, "wrong")

    assert 401 == answer.status_code
    assert "账号或密码不正确。" in answer.get_data(as_text=True)


@pytest.mark.parametrize("person", ["dc_officer", "nobody_at_all"])
def test_five_wrong_passwords_shut_the_account_for_fifteen_minutes(
    visitor: Visitor, clock: clocks.FixedClock, person: str
) -> None:
    """Even the right password is refused until then."""
    for _ in range(5):
        visitor.signs_in(person, "wrong")

    assert "账号已锁定" in visitor.signs_in(person).get_data(as_text=True)
    clock.advance(timedelta(minutes=15, seconds=1))
    expected = 303 if person == "dc_officer" else 401
    assert expected == visitor.signs_in(person).status_code


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:x",
        "/\t/",
    ],
)
def test_signing_in_never_leads_to_another_site(visitor: Visitor, target: str) -> None:
    """`next` is a path of this site or it is the task list."""
    answer = visitor.client.post(
        "/login",
        query_string={"next": target},
        data={
            "csrf_token": visitor.token(),
            "person": "dc_officer",
            "password": PASSWORD,
        },
    )

    assert "/tasks" == answer.location


def test_a_form_without_the_token_is_refused(visitor: Visitor) -> None:
    """A page of another site cannot make us act."""
    answer = visitor.client.post("/login", data={"person": "a", "password": "b"})

    assert 400 == answer.status_code
    assert "请刷新后重新提交" in answer.get_data(as_text=True)


def test_the_session_cookie_is_out_of_reach(visitor: Visitor) -> None:
    """No script reads it and no other site's form sends it."""
    cookie = visitor.signs_in("dc_officer").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_an_idle_session_ends_though_its_page_goes_on_polling(
    visitor: Visitor, clock: clocks.FixedClock
) -> None:
    """A poll is not work: after thirty minutes without a page one is asked again."""
    visitor.signs_in("dc_officer")
    for _ in range(4):
        clock.advance(timedelta(minutes=8))
        visitor.opens("/tasks/count")

    assert 302 == visitor.opens("/tasks").status_code


def test_work_keeps_a_session_alive_for_twelve_hours_at_most(
    visitor: Visitor, clock: clocks.FixedClock
) -> None:
    """Every page counts, until the day is over."""
    visitor.signs_in("dc_officer")
    for _ in range(24):
        clock.advance(timedelta(minutes=29))
        assert 200 == visitor.opens("/tasks").status_code
    clock.advance(timedelta(minutes=29))

    assert 302 == visitor.opens("/tasks").status_code


def test_a_changed_password_ends_every_other_session(
    app: Flask, signed_in: SignedIn
) -> None:
    """Where it was changed one stays; elsewhere one is asked again."""
    here, there = signed_in("dc_officer"), signed_in("dc_officer")
    wanted = "Another-2026-word"

    answer = here.sends("/password", present=PASSWORD, new=wanted, again=wanted)

    assert 303 == answer.status_code
    assert 200 == here.opens("/tasks").status_code
    assert 302 == there.opens("/tasks").status_code
    assert 303 == Visitor(app.test_client()).signs_in("dc_officer", wanted).status_code


@pytest.mark.parametrize(
    ("present", "new", "again", "words"),
    [
        ("wrong", "Another-2026-word", "Another-2026-word", "现在的密码不正确"),
        (PASSWORD, "Another-2026-word", "Another-2026-ward", "两次输入的新密码不一致"),
        (PASSWORD, "Short-1", "Short-1", "10 至 128 个字符"),
        (PASSWORD, "onlyletters", "onlyletters", "中的三种"),
        (PASSWORD, "My-dc_officer-1", "My-dc_officer-1", "不能包含账号"),
    ],
)
def test_a_password_that_does_not_do_is_refused_at_its_field(
    signed_in: SignedIn, present: str, new: str, again: str, words: str
) -> None:
    """The old one goes on opening the account."""
    here = signed_in("dc_officer")

    answer = here.sends("/password", present=present, new=new, again=again)

    assert 422 == answer.status_code
    assert words in answer.get_data(as_text=True)
    signed_in("dc_officer")


def test_signing_out_forgets_who_was_there(signed_in: SignedIn) -> None:
    """The next page asks again."""
    here = signed_in("dc_officer")
    here.sends("/logout")

    assert 302 == here.opens("/tasks").status_code


def test_every_answer_tells_the_browser_what_not_to_do(visitor: Visitor) -> None:
    """The same on pages, refusals and files."""
    for path in ("/login", "/healthz", "/no-such-page", "/static/icon.svg"):
        with visitor.opens(path) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "nosniff" == headers["X-Content-Type-Options"]
        assert headers["X-Request-ID"]


def test_a_page_of_a_person_is_never_kept_in_a_cache(signed_in: SignedIn) -> None:
    """Whoever uses the browser next must not find it."""
    assert (
        "no-store" == signed_in("dc_officer").opens("/tasks").headers["Cache-Control"]
    )


def test_an_unexpected_failure_shows_nothing_of_how_we_are_built(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that nothing was changed and gives the id of the request."""
    app.testing = False

    def fail() -> None:
        raise RuntimeError("SELECT secret FROM person")

    monkeypatch.setattr(office, "engine", fail)
    answer = visitor.client.get("/readyz")
    page = answer.get_data(as_text=True)

    assert 500 == answer.status_code
    assert "SELECT" not in page
    assert answer.headers["X-Request-ID"] in page
