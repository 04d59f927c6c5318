"""The account of a unit: entered once, capped, heard, ruled on, never deleted."""

from datetime import date

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.scoring import hearings
from processes.supervision.scoring import scores
from tests.processes.supervision import counted

CHIEF = {"person": "dc_chief", "on_behalf_of": None}
HEAD = {"person": "unit_head.zjj", "on_behalf_of": None}


def overdue(work: handlers.Work, undertaking_id: int, count: int = 1) -> bool:
    return scores.record(
        work,
        scores.OVERDUE,
        unit="zjj",
        undertaking_id=undertaking_id,
        occasion=f"deadline 0 after {count}",
        count=count,
    )


def entered(work: handlers.Work) -> scores.Entry:
    """Enter a first delay and return it."""
    undertaking_id = counted.undertaking(work.connection, "zjj", date(2026, 4, 1))
    assert overdue(work, undertaking_id)
    return scores.entries(work.connection, undertaking_id)[0]


@pytest.mark.requirement("R-03-10")
def test_an_entry_tells_rule_version_matter_unit_points_time_and_basis(
    engine: Engine,
) -> None:
    with engine.begin() as work:
        entry = entered(work)
        job = work.connection.execute(
            sa.select(engine_tables.job).where(
                engine_tables.job.c.key == f"score:{entry.id}"
            )
        ).one()

    assert ("OVERDUE_FIRST", "2026.1", "zjj", -1.0, "PENDING") == (
        entry.rule,
        entry.rule_version,
        entry.unit,
        entry.points,
        entry.status,
    )
    assert (True, True) == (entry.matter_id is not None, "考核" in entry.basis)
    assert ({"entry": entry.id}, "score_hearing") == (job.payload, job.handler)


@pytest.mark.requirement("R-03-10")
def test_the_same_event_is_entered_once(engine: Engine) -> None:
    with engine.begin() as work:
        undertaking_id = counted.undertaking(work.connection, "zjj", date(2026, 4, 1))
        found = [overdue(work, undertaking_id) for _ in range(2)]

        assert [True, False] == found
        assert 1 == len(scores.entries(work.connection, undertaking_id))


def test_delays_of_one_undertaking_stop_at_five_points(engine: Engine) -> None:
    """Domain §5.1: 每再逾期5个工作日−1，单件封顶−5."""
    with engine.begin() as work:
        undertaking_id = counted.undertaking(work.connection, "zjj", date(2026, 4, 1))
        found = [overdue(work, undertaking_id, count) for count in range(1, 8)]
        entries = scores.entries(work.connection, undertaking_id)

    assert [True] * 5 + [False] * 2 == found
    assert -5.0 == sum(one.points for one in entries)


def test_what_was_revoked_leaves_room_under_the_cap(engine: Engine) -> None:
    with engine.begin() as work:
        undertaking_id = counted.undertaking(work.connection, "zjj", date(2026, 4, 1))
        for count in range(1, 6):
            overdue(work, undertaking_id, count)
        first = scores.entries(work.connection, undertaking_id)[0]
        scores.move(work, first.id, "REVOKED")

        assert overdue(work, undertaking_id, 6)
        assert not overdue(work, undertaking_id, 7)


def test_the_cap_of_one_undertaking_does_not_hold_for_another(engine: Engine) -> None:
    with engine.begin() as work:
        for _ in range(2):
            undertaking_id = counted.undertaking(
                work.connection, "zjj", date(2026, 4, 1)
            )
            for count in range(1, 6):
                assert overdue(work, undertaking_id, count)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("PENDING", "EFFECTIVE"),
        ("CONFIRMED", "APPEALED"),
        ("EFFECTIVE", "REVOKED"),
        ("REVOKED", "EFFECTIVE"),
    ],
)
def test_no_status_is_skipped_and_none_comes_back(
    engine: Engine, before: str, after: str
) -> None:
    with engine.begin() as work:
        entry = entered(work)
        scores.change(work, entry, status=before)
        with pytest.raises(scores.Settled):
            scores.move(work, entry.id, after)

        assert before == scores.get(work.connection, entry.id).status


def test_what_was_said_of_an_entry_is_kept_in_order(engine: Engine) -> None:
    with engine.begin() as work:
        entry = entered(work)
        hearings.hear(work, entry.id, "APPEAL", "系统停机", **HEAD)
        hearings.rule(work, entry.id, "REVOKE", "属实", **CHIEF)
        said = hearings.decisions(work.connection, entry.id)

        assert "REVOKED" == scores.get(work.connection, entry.id).status
    assert [
        ("APPEAL", "系统停机", "unit_head.zjj"),
        ("REVOKE", "属实", "dc_chief"),
    ] == [(one.decision, one.comment, one.person) for one in said]


def test_silence_confirms_and_nobody_signs_for_it(engine: Engine) -> None:
    with engine.begin() as work:
        entry = entered(work)
        hearings.lapse(work, entry.id)
        said = hearings.decisions(work.connection, entry.id)

    assert [("LAPSE", None)] == [(one.decision, one.person) for one in said]


def test_an_entry_in_effect_is_corrected_once_by_an_opposite_one(
    engine: Engine,
) -> None:
    """冲正不删除 (domain §3.1)."""
    with engine.begin() as work:
        entry = entered(work)
        hearings.hear(work, entry.id, "CONFIRM", "", **HEAD)
        hearings.rule(work, entry.id, "UPHOLD", "", **CHIEF)
        effective = scores.get(work.connection, entry.id)
        corrected = [scores.correct(work, entry.id, "系统故障") for _ in range(2)]
        with pytest.raises(errors.Invalid):
            scores.correct(work, entry.id, " ")
        kept = scores.of_matter(work.connection, entry.matter_id or 0)
        with pytest.raises(scores.Settled):
            scores.correct(work, kept[1].id, "再冲正")

    assert [True, False] == corrected
    assert effective == kept[0]
    assert [(-1.0, "EFFECTIVE", None), (1.0, "EFFECTIVE", entry.id)] == [
        (one.points, one.status, one.corrects_id) for one in kept
    ]


def test_what_is_not_in_effect_cannot_be_corrected(engine: Engine) -> None:
    with engine.begin() as work:
        entry = entered(work)
        with pytest.raises(scores.Settled, match="已生效"):
            scores.correct(work, entry.id, "系统故障")

        assert [entry] == scores.of_matter(work.connection, entry.matter_id or 0)


def test_taking_back_revokes_what_is_pending_and_is_done_once(engine: Engine) -> None:
    with engine.begin() as work:
        entry = entered(work)
        taken = [
            hearings.withdraw(work, entry.id, "复核撤销", "go_section")
            for _ in range(2)
        ]

        assert [True, False] == taken
        assert "REVOKED" == scores.get(work.connection, entry.id).status
        assert 1 == len(scores.of_matter(work.connection, entry.matter_id or 0))


def test_the_sum_of_an_account_is_what_its_entries_are(engine: Engine) -> None:
    with engine.begin() as work:
        entry = entered(work)
        row = work.connection.execute(
            sa.select(tables.score_entry).where(tables.score_entry.c.id == entry.id)
        ).one()

    assert (-10, "OVERDUE:" + str(entry.undertaking_id)) == (
        row.points_tenths,
        row.event_key.rpartition(":")[0],
    )
