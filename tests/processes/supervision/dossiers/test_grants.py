"""A grant opens one matter to one reader for some days, and every look is kept."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import errors
from engine.engine import Engine
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.dossiers import dossiers
from processes.supervision.dossiers import grants
from processes.supervision.hotline import callers
from processes.supervision.matters import ledgers
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.conftest import registered

GIVEN = {"reader": "group_member", "reason": "随县长调研", "until": "2026-04-30"}
AFTER = timedelta(days=2)


@pytest.mark.requirement("R-04-18")
def test_a_reader_sees_the_one_matter_until_the_day_is_over(
    engine: Engine, vault: callers.Vault, clock: clocks.FixedClock
) -> None:
    with engine.begin() as work:
        one = registered(work, vault)
        registered(work, vault, ticket_no="RX2")
        reader = identity(work, "group_member")
        before = ledgers.page(work.connection, reader)
        grants.give(work, one.id, identity(work, "dc_chief"), GIVEN)
        during = ledgers.page(work.connection, reader)
        others = ledgers.page(work.connection, identity(work, "group_leader"))
        told = inbox.messages(work.connection, reader)
    clock.advance(AFTER)
    while engine.run_due():
        pass
    with engine.begin() as work:
        after = ledgers.page(work.connection, identity(work, "group_member"))
        ended = grants.of_matter(work.connection, one.id)[0].ended_at

    assert ([], [one.number], [], []) == (
        before,
        [matter.number for matter in during],
        others,
        after,
    )
    assert ["可以阅文：东关小区夜间施工扰民"] == [message.title for message in told]
    assert ended is not None


@pytest.mark.requirement("R-04-18")
def test_every_look_of_a_reader_is_on_record(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        c = work.connection
        one = registered(work, vault)
        grant = grants.give(work, one.id, identity(work, "mayor"), GIVEN)
        reader, officer = identity(work, "group_member"), identity(work, "dc_officer")
        used = grants.in_use(c, reader, one.id)
        for what in (grants.PAGE, "督促查办事项通知单"):
            grants.look(work, grant.id, what)
        looks = list(
            c.scalars(
                sa.select(tables.reading_look.c.what).order_by(tables.reading_look.c.id)
            )
        )
        read = dossiers.dossier(c, reader, one.id)

        assert (grant.id, None) == (used, grants.in_use(c, officer, one.id))
        assert [grants.PAGE, "督促查办事项通知单"] == looks
        assert 2 == grants.get(c, grant.id).looks
        assert one.id == read.matter.id


@pytest.mark.requirement("R-04-18")
def test_a_grant_taken_back_opens_nothing_any_more(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        one = registered(work, vault)
        chief = identity(work, "dc_chief")
        grant = grants.give(work, one.id, chief, GIVEN)
        with pytest.raises(errors.Forbidden, match="R-04-18"):
            grants.take_back(work, grant.id, identity(work, "group_member"))
        grants.take_back(work, grant.id, chief)

        assert [] == ledgers.page(work.connection, identity(work, "group_member"))
        with pytest.raises(errors.Refused, match="已经结束"):
            grants.take_back(work, grant.id, chief)


@pytest.mark.requirement("R-04-18")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reader": "nobody"}, "没有账号"),
        ({"reader": "audit_admin"}, "不查看业务内容"),
        ({"reader": "dc_officer"}, "已能查看"),
        ({"until": "2026-04-28"}, "不能早于今天"),
        ({"until": "明天"}, "日期应写成"),
        ({"reason": " "}, "不能为空"),
    ],
)
def test_a_grant_without_reader_reason_or_day_is_refused(
    engine: Engine, vault: callers.Vault, changes: dict[str, str], words: str
) -> None:
    with engine.begin() as work:
        one = registered(work, vault)
        with pytest.raises(errors.Invalid) as caught:
            grants.give(work, one.id, identity(work, "dc_chief"), {**GIVEN, **changes})

        assert words in str(caught.value.fields)
        assert [] == grants.of_matter(work.connection, one.id)


@pytest.mark.requirement("R-04-18")
@pytest.mark.parametrize("person", ["dc_registrar", "archivist", "group_leader"])
def test_only_those_who_lead_let_others_read(
    engine: Engine, vault: callers.Vault, person: str
) -> None:
    with engine.begin() as work:
        one = registered(work, vault)
        with pytest.raises(errors.Forbidden, match="R-04-18"):
            grants.give(work, one.id, identity(work, person), GIVEN)

        assert [] == grants.of_matter(work.connection, one.id)
