"""Hotline tickets: one matter each, and the caller kept from view."""

import pytest
import sqlalchemy as sa

from engine import errors
from engine.engine import Engine
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.hotline import callers
from processes.supervision.hotline import hotline
from processes.supervision.hotline import results
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings
from tests.processes.supervision.conftest import handling
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.conftest import issued
from tests.processes.supervision.conftest import registered
from tests.processes.supervision.conftest import ticket

REASON = "回访"


def test_a_ticket_entered_twice_by_hand_names_the_first_matter(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        first = registered(work, vault)
        with pytest.raises(hotline.AlreadyRegistered) as refused:
            registered(work, vault)

    assert first.number == refused.value.number
    assert first.number in refused.value.message


def test_a_ticket_delivered_again_gives_the_number_of_the_first_matter(
    engine: Engine, vault: callers.Vault
) -> None:
    """No procedure is deployed here: a second start would fail."""
    with engine.begin() as work:
        first = registered(work, vault)
        again = hotline.deliver(work, ticket())
        count = work.connection.scalar(
            sa.select(sa.func.count()).select_from(tables.matter)
        )

    assert hotline.Delivery(first.number, created=False) == again
    assert 1 == count


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ticket_no", ""),
        ("ticket_no", 7),
        ("type", "闲聊"),
        ("content", None),
        ("assigned_on", "昨天"),
        ("assigned_on", "2026-04-30"),
        ("required_workdays", 0),
        ("required_workdays", "五"),
        ("urgent", "是"),
    ],
)
def test_a_ticket_that_cannot_be_right_is_refused_by_the_field(
    engine: Engine, vault: callers.Vault, field: str, value: object
) -> None:
    with engine.begin() as work, pytest.raises(errors.Invalid) as refused:
        registered(work, vault, **{field: value})

    assert [field] == list(refused.value.fields)


def test_a_message_without_a_title_gets_the_beginning_of_its_content(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault, title=None, content="字" * 100)

    assert "字" * 40 == matter.title


def test_the_database_never_holds_the_caller_in_clear(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        stored = work.connection.execute(sa.select(tables.caller)).one()
        masked = callers.masked(work.connection, matter.id)

    for part in ("周某某", "13812345678", "东关小区3号楼"):
        assert part.encode() not in bytes(stored.sealed)
    assert callers.MaskedCaller("周**", "138****5678", False) == masked


def test_each_look_at_the_caller_is_recorded_with_its_reason(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        officer = identity(work, "dc_officer")
        caller = callers.look(work, vault, matter.id, officer, reason=REASON)
        looks = work.connection.execute(sa.select(tables.caller_look)).all()

    assert callers.Caller("周某某", "13812345678", "东关小区3号楼") == caller
    assert [("dc_officer", REASON)] == [(one.person, one.reason) for one in looks]


def test_a_look_without_a_reason_is_refused(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        with pytest.raises(errors.Invalid):
            callers.look(
                work, vault, matter.id, identity(work, "dc_officer"), reason=" "
            )

        assert [] == work.connection.execute(sa.select(tables.caller_look)).all()


@pytest.mark.parametrize("person", ["mayor", "go_director", "unit_head.zjj"])
def test_who_need_not_ring_back_does_not_see_the_caller(
    engine: Engine, vault: callers.Vault, person: str
) -> None:
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        with pytest.raises(errors.Forbidden):
            callers.look(
                work, vault, lead.matter_id, identity(work, person), reason=REASON
            )


def test_the_assigned_handler_sees_the_caller_unless_it_is_a_denunciation(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        handler = identity(work, "unit_handler.zjj")
        lead = handling(work, issued(work, vault)[0])
        secret = handling(work, issued(work, vault, ticket_no="2", type="举报")[0])
        caller = callers.look(work, vault, lead.matter_id, handler, reason=REASON)
        with pytest.raises(errors.Forbidden):
            callers.look(work, vault, secret.matter_id, handler, reason=REASON)

    assert "周某某" == caller.name


def test_sealed_data_opens_only_for_its_matter_and_under_its_key() -> None:
    vault = callers.Vault("one")
    caller = callers.Caller("周某某", "13812345678")
    sealed = vault.seal(caller, 1)

    assert caller == vault.open(sealed, 1)
    for wrong, matter_id, content in (
        (vault, 2, sealed),
        (callers.Vault("two"), 1, sealed),
        (vault, 1, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(callers.Unreadable):
            wrong.open(content, matter_id)


def test_verifying_another_type_moves_a_default_deadline_only(
    engine: Engine, vault: callers.Vault
) -> None:
    given = {"title": "改正的标题", "type": "咨询", "urgent": False}
    with engine.begin() as work:
        fixed = registered(work, vault)
        defaulted = registered(work, vault, ticket_no="2", required_workdays=None)
        kept = hotline.verify(work, fixed, given)
        moved = hotline.verify(work, defaulted, given)

    assert ("改正的标题", fixed.due_at) == (kept.title, kept.due_at)
    assert defaulted.due_at > moved.due_at
    assert "2026-05-09T15:59:59+00:00" == moved.due_at.isoformat()


def test_a_supplement_reaches_whoever_handles_the_matter(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        matter = matters.get(work.connection, lead.matter_id)
        hotline.supplement(work, matter, "又一次施工到凌晨。", person=None)
        messages = inbox.messages(
            work.connection, identity(work, "unit_handler.zjj"), unread_only=True
        )
        kept = work.connection.scalars(sa.select(tables.supplement.c.content)).all()

    assert "又一次施工到凌晨。" == messages[0].body
    assert ["又一次施工到凌晨。"] == kept


def test_only_the_office_writes_down_what_a_caller_adds(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        with pytest.raises(errors.Forbidden):
            hotline.supplement_by_hand(
                work, lead.matter_id, identity(work, "unit_handler.zjj"), "补充"
            )


def test_a_withdrawn_matter_ends_with_all_its_undertakings(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead, _ = issued(work, vault, "cgj")
        ended = hotline.withdraw(work, matters.get(work.connection, lead.matter_id))
        states = [
            one.state for one in undertakings.of_matter(work.connection, ended.id)
        ]

    assert ("CANCELLED", "OFF") == (ended.status, ended.light)
    assert ["CANCELLED", "CANCELLED"] == states


@pytest.mark.parametrize(
    ("redo_on", "due"),
    [(None, "2026-05-09T15:59:59+00:00"), ("2026-05-07", "2026-05-07T15:59:59+00:00")],
)
def test_another_round_has_as_many_working_days_or_what_the_hotline_asks(
    engine: Engine, vault: callers.Vault, redo_on: str | None, due: str
) -> None:
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        matter = matters.get(work.connection, lead.matter_id)
        for status in ("SUMMARIZING", "LEADER_REVIEW"):
            matter = matters.move(work, matter, status)
        given = {"callback": "DISSATISFIED", "redo_on": redo_on}
        assert "DISSATISFIED" == results.record_callback(work, matter, given)
        again = results.open_round(work, matter)
        first = undertakings.of_matter(work.connection, matter.id, round=1)

    assert ("IN_PROGRESS", 2) == (again.status, again.round)
    assert due == again.due_at.isoformat()
    assert [lead] == first
