"""The rungs of the ladder: each climbed once, none after the work is done."""

from datetime import date
from datetime import datetime

import pytest
import sqlalchemy as sa

from engine import clock as clocks
from engine import tables as engine_tables
from engine.engine import Engine
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.deadlines import ladder
from processes.supervision.escalation import urges
from processes.supervision.hotline import callers
from processes.supervision.matters import matters
from processes.supervision.scoring import scores
from processes.supervision.undertakings import undertakings
from tests.processes.supervision.conftest import at
from tests.processes.supervision.conftest import handling
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.conftest import issued

#: S02: three working days from 2026-09-24 end on 09-30, the day before a holiday.
ISSUED_ON = date(2026, 9, 24)
TICKET = {
    "assigned_on": "2026-09-24",
    "required_on": "2026-10-08",
    "required_workdays": None,
}


def overdue(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault, **changes: object
) -> undertakings.Undertaking:
    """Issue a matter whose lead must report on 09-30, and assign it."""
    clock.set(at(ISSUED_ON))
    with engine.begin() as work:
        return handling(work, issued(work, vault, **{**TICKET, **changes})[0])


def until(engine: Engine, clock: clocks.FixedClock, moment: datetime) -> None:
    """Let time pass, every rung climbed when it is due."""
    job = engine_tables.job.c
    while True:
        with engine.read() as connection:
            due_at = connection.scalar(
                sa.select(sa.func.min(job.due_at)).where(job.handler == ladder.JOB)
            )
        if due_at is None or due_at > moment:
            break
        clock.set(max(due_at, clock.now()))
        assert engine.run_due()
    clock.set(moment)


def sent(engine: Engine) -> list[tuple[datetime, str]]:
    """Return the text messages by time and recipient."""
    outbox = engine_tables.outbox.c
    with engine.read() as connection:
        rows = connection.execute(
            sa.select(outbox.created_at, outbox.recipient)
            .where(outbox.channel == "sms")
            .order_by(outbox.created_at, outbox.recipient)
        )
        return [(row.created_at, row.recipient) for row in rows]


@pytest.mark.requirement("R-03-09")
def test_a_deadline_missed_on_the_eve_of_a_holiday_turns_red_at_midnight(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault
) -> None:
    """S02: red light, one score, urge 1; the site only, no text message."""
    lead = overdue(engine, clock, vault)

    until(engine, clock, at(date(2026, 10, 7)))

    with engine.begin() as work:
        red = undertakings.get(work.connection, lead.id)
        entries = scores.entries(work.connection, lead.id)
        urged = urges.of_undertaking(work.connection, lead.id)
        matter = matters.get(work.connection, lead.matter_id)
        told = {
            person: inbox.messages(work.connection, identity(work, person))[0].body
            for person in ("unit_handler.zjj", "unit_deputy.zjj", "dc_officer")
        }
    assert ("RED", True) == (red.light, red.ever_red)
    assert ("RED", True) == (matter.light, matter.ever_red)
    assert [(-1.0, "PENDING", at(date(2026, 10, 1), 0))] == [
        (one.points, one.status, one.at) for one in entries
    ]
    assert [(1, "系统", at(date(2026, 10, 1), 0))] == [
        (one.level, one.mode, one.at) for one in urged
    ]
    assert ["报送时限 2026-09-30 已过，已亮红灯。"] * 3 == [
        body.partition("：")[2] for body in told.values()
    ]
    assert [] == [one for one in sent(engine) if one[0] >= at(date(2026, 9, 30), 23)]


@pytest.mark.parametrize(
    ("urgency", "required_on", "red_on"),
    [
        ("特急", "2026-10-08", date(2026, 10, 1)),
        ("平件", "2026-10-16", date(2026, 10, 16)),
    ],
    ids=["most urgent in the holiday", "on a working day"],
)
@pytest.mark.requirement("S02")
def test_the_first_urge_goes_out_as_text_message_too(
    engine: Engine,
    clock: clocks.FixedClock,
    vault: callers.Vault,
    urgency: str,
    required_on: str,
    red_on: date,
) -> None:
    """CA-09: 节假日不发短信，特急除外."""
    lead = overdue(engine, clock, vault, required_on=required_on)
    with engine.begin() as work:
        matter = matters.get(work.connection, lead.matter_id)
        matters.change(work, matter, urgency=urgency)

    until(engine, clock, at(red_on, 1))

    assert ["group:dc_officer", "group:unit_deputy.zjj", "person:unit_handler.zjj"] == [
        recipient for moment, recipient in sent(engine) if moment == at(red_on, 0)
    ]


def test_three_working_days_later_the_first_letter_goes_out(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault
) -> None:
    """S02: on make-up Saturday 10-10 at nine, to the head and the chief."""
    lead = overdue(engine, clock, vault)

    until(engine, clock, at(date(2026, 10, 10)))

    with engine.read() as connection:
        urged = urges.of_undertaking(connection, lead.id)
        letter = connection.execute(
            sa.select(tables.document).where(tables.document.c.type == "URGE_NOTICE")
        ).one()
    assert [(1, "系统"), (2, "书面")] == [(one.level, one.mode) for one in urged]
    assert letter.id == urged[1].document_id
    assert at(date(2026, 10, 10)) == letter.created_at
    assert ("督催〔2026〕1号", lead.id) == (letter.number, letter.undertaking_id)
    assert [
        (at(date(2026, 10, 10)), "group:dc_chief"),
        (at(date(2026, 10, 10)), "group:unit_head.zjj"),
    ] == [one for one in sent(engine) if one[0] == at(date(2026, 10, 10))]


def test_what_was_reported_in_time_climbs_no_further(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault
) -> None:
    lead = overdue(engine, clock, vault)
    with engine.begin() as work:
        undertakings.change(work, lead, state="UNIT_SIGN")
        undertakings.reported(work, lead.id)

    until(engine, clock, at(date(2026, 10, 12)))

    with engine.read() as connection:
        assert [] == scores.entries(connection, lead.id)
        assert [] == urges.of_undertaking(connection, lead.id)


@pytest.mark.parametrize(
    ("payload", "state"),
    [({}, "REPORTED"), ({"due_on": "2026-09-29"}, "HANDLING")],
    ids=["reported meanwhile", "deadline moved meanwhile"],
)
def test_a_rung_that_comes_too_late_does_nothing(
    engine: Engine,
    clock: clocks.FixedClock,
    vault: callers.Vault,
    payload: dict[str, str],
    state: str,
) -> None:
    lead = overdue(engine, clock, vault)
    with engine.begin() as work:
        undertakings.change(work, lead, state=state)
        rung = work.connection.scalar(
            sa.select(engine_tables.job.c.payload).where(
                engine_tables.job.c.key == f"ladder:undertaking:{lead.id}:red"
            )
        )
        engine.registry.jobs["ladder_rung"](work, {**rung, **payload})

        assert [] == scores.entries(work.connection, lead.id)
        assert "RED" != undertakings.get(work.connection, lead.id).light


@pytest.mark.requirement("R-03-10")
def test_a_red_light_climbed_twice_costs_once(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault
) -> None:
    """A job may run again after a crash; the account must not."""
    lead = overdue(engine, clock, vault)
    with engine.begin() as work:
        rung = work.connection.scalar(
            sa.select(engine_tables.job.c.payload).where(
                engine_tables.job.c.key == f"ladder:undertaking:{lead.id}:red"
            )
        )
        for _ in range(2):
            engine.registry.jobs["ladder_rung"](work, rung)

        assert 1 == len(scores.entries(work.connection, lead.id))
        assert 1 == len(urges.of_undertaking(work.connection, lead.id))


def test_a_notice_nobody_acknowledges_is_reminded_of_twice(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault
) -> None:
    """CA-05: after one working day the registrar, after two his superior and ours."""
    clock.set(at(ISSUED_ON))
    with engine.begin() as work:
        issued(work, vault, **TICKET)

    until(engine, clock, at(date(2026, 9, 29), 10))

    with engine.begin() as work:
        told = {
            person: [
                one.at
                for one in inbox.messages(work.connection, identity(work, person))
                if "尚未签收" in one.body
            ]
            for person in ("unit_registrar.zjj", "unit_deputy.zjj", "dc_officer_b")
        }
    assert {
        "unit_registrar.zjj": [at(date(2026, 9, 28))],
        "unit_deputy.zjj": [at(date(2026, 9, 29))],
        "dc_officer_b": [at(date(2026, 9, 29))],
    } == told


@pytest.mark.parametrize(("urgency", "count"), [("特急", 1), ("急件", 0)])
def test_a_text_message_leaves_on_a_holiday_only_for_the_most_urgent(
    engine: Engine,
    clock: clocks.FixedClock,
    vault: callers.Vault,
    urgency: str,
    count: int,
) -> None:
    lead = overdue(engine, clock, vault)
    clock.set(at(date(2026, 10, 2)))
    before = len(sent(engine))
    with engine.begin() as work:
        inbox.tell(
            work,
            [inbox.person("unit_handler.zjj")],
            "标题",
            "内容",
            matter_id=lead.matter_id,
            text_message_key="key",
            urgency=urgency,
        )

    assert count == len(sent(engine)) - before


def test_each_reader_of_a_group_reads_for_himself(
    engine: Engine, clock: clocks.FixedClock, vault: callers.Vault
) -> None:
    lead = overdue(engine, clock, vault)
    with engine.begin() as work:
        inbox.tell(
            work, [inbox.group("dc_officer")], "标题", "内容", matter_id=lead.matter_id
        )
        first, second = identity(work, "dc_officer"), identity(work, "dc_officer_b")
        message = inbox.messages(work.connection, first)[0]
        for _ in range(2):
            inbox.mark_read(work, first, message.id)

        assert 0 == inbox.unread(work.connection, first)
        assert 1 == inbox.unread(work.connection, second)
        assert [] == inbox.messages(work.connection, first, unread_only=True)
