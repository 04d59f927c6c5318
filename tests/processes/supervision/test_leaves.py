"""Leaves: B takes what A would, and nobody left is an alarm (S13)."""

from datetime import date

import pytest

from engine.engine import Engine
from processes.supervision import inbox
from processes.supervision import leaves
from tests.processes.supervision.conftest import at
from tests.processes.supervision.conftest import identity

LEAVE = {"starts_at": at(date(2026, 9, 28), 0), "ends_at": at(date(2026, 10, 1), 0)}


@pytest.mark.requirement("R-03-03")
def test_b_stands_in_and_nobody_is_alarmed(engine: Engine) -> None:
    """The demo's AB角: 林专员 goes on with what was given to 陈专员."""
    with engine.begin() as work:
        empty = leaves.take(work, "dc_officer", reason="出差", **LEAVE)
        told = inbox.messages(work.connection, identity(work, "dc_chief"))

    assert [] == empty
    assert [] == told


@pytest.mark.requirement("S13")
def test_a_substitute_who_approves_himself_is_an_alarm(engine: Engine) -> None:
    """S13: 同人连审被拒绝，须有备用代理: the office is told when the leave begins."""
    with engine.begin() as work:
        leaves.take(
            work,
            "go_director",
            reason="出差",
            substitute="go_deputy",
            roles=["go_director"],
            **LEAVE,
        )
        told = inbox.messages(work.connection, identity(work, "dc_chief"))

    assert ["张副主任已审过的件不能再代李主任审批，请另指定备用代理。"] == [
        one.body for one in told
    ]


@pytest.mark.requirement("R-03-03")
@pytest.mark.requirement("S13")
def test_both_away_at_once_is_an_alarm(engine: Engine) -> None:
    """S13: A、B 同时请假报警, from the moment on that nobody is left."""
    with engine.begin() as work:
        leaves.take(
            work,
            "go_director",
            reason="出差",
            substitute="go_deputy",
            roles=["go_director"],
            **LEAVE,
        )
        empty = leaves.take(
            work,
            "go_deputy",
            reason="病假",
            starts_at=at(date(2026, 9, 29), 0),
            ends_at=at(date(2026, 9, 30), 0),
        )
        told = {
            person: [
                one.title
                for one in inbox.messages(work.connection, identity(work, person))
            ]
            for person in ("dc_chief", "biz_admin")
        }

    assert {"go_deputy", "go_director"} == {one.group for one in empty}
    assert {at(date(2026, 9, 29), 0)} == {one.at for one in empty}
    expected = [
        "岗位无人：go_director",
        "岗位无人：go_deputy",
        "代理人同为审批人：张副主任",
    ]
    assert {"dc_chief": expected, "biz_admin": expected} == told


def test_a_later_leave_within_an_earlier_one_is_seen(engine: Engine) -> None:
    """The alarm names the moment at which the second one goes."""
    with engine.begin() as work:
        leaves.take(
            work,
            "dc_officer_b",
            reason="培训",
            starts_at=at(date(2026, 9, 29), 0),
            ends_at=at(date(2026, 9, 30), 0),
        )
        empty = leaves.take(work, "dc_officer", reason="出差", **LEAVE)

    assert [leaves.Vacancy("dc_officer", at(date(2026, 9, 29), 0))] == empty
