"""What may be asked of a statistical table, by whom, and of which days."""

from datetime import UTC
from datetime import date
from datetime import datetime

import pytest

from engine import errors
from engine import people
from engine.engine import Engine
from processes.supervision.statistics import directory
from processes.supervision.statistics import inquiries

#: 00:30 on the first of October in Shanghai.
MIDNIGHT = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)


def asked(
    engine: Engine, person: str, key: str, **given: str
) -> tuple[directory.Asked, str]:
    """Return what a person asks for, and how it is told."""
    with engine.read() as connection:
        identity = people.identity(connection, person, MIDNIGHT)
        statistic = directory.find(identity, key)
        offers = inquiries.choices(
            connection, engine.calendar, identity, statistic, MIDNIGHT
        )
    found = inquiries.asked(
        identity,
        statistic,
        given,
        offers,
        calendar=engine.calendar,
        now=MIDNIGHT,
        ranked=False,
    )
    return found, inquiries.told(found, statistic, offers)


def test_without_a_word_it_is_about_the_present_quarter_in_shanghai(
    engine: Engine,
) -> None:
    found, told = asked(engine, "go_director", "units")

    assert (date(2026, 10, 1), date(2026, 12, 31)) == (
        found.span.since,
        found.span.until,
    )
    assert found.units is None
    assert "期间：2026-10-01至2026-12-31；统计时点：2026-10-01 00:30" == told


def test_the_packet_is_about_the_quarter_that_ended(engine: Engine) -> None:
    found, told = asked(engine, "go_director", "packet")
    first, _ = asked(engine, "go_director", "packet", quarter="2026-1")

    assert (date(2026, 7, 1), date(2026, 9, 30)) == (
        found.span.since,
        found.span.until,
    )
    assert told.startswith("季度：2026年第三季度；")
    assert date(2026, 3, 31) == first.span.until


@pytest.mark.parametrize(
    ("person", "key", "given", "units"),
    [
        ("go_director", "units", {"unit": "zjj"}, {"zjj"}),
        ("unit_head.zjj", "units", {}, {"zjj"}),
        ("unit_head.zjj", "units", {"unit": "zjj"}, {"zjj"}),
        ("unit_handler.cgz", "lights", {}, {"cgz"}),
        ("biz_admin", "burden", {}, None),
    ],
)
def test_a_unit_asks_for_itself(
    engine: Engine, person: str, key: str, given: dict[str, str], units: set[str] | None
) -> None:
    found, _ = asked(engine, person, key, **given)

    assert units == found.units


def test_who_acts_for_a_head_sees_his_unit_but_not_by_a_limited_substitution(
    engine: Engine,
) -> None:
    """The B角 of one procedure does its tasks; the figures are not among them."""
    with engine.begin() as work:
        for principal, procedures in (
            ("unit_head.zjj", ()),
            ("unit_head.fgw", ("proc_mayor_hotline",)),
        ):
            people.add_substitution(
                work.connection,
                principal,
                "unit_head.mzj",
                starts_at=datetime(2026, 1, 1, tzinfo=UTC),
                ends_at=datetime(2027, 1, 1, tzinfo=UTC),
                reason="休假",
                procedures=procedures,
            )
    found, _ = asked(engine, "unit_head.mzj", "units")

    assert {"mzj", "zjj"} == found.units


def test_another_unit_is_refused_as_if_it_did_not_exist(engine: Engine) -> None:
    refusals = []
    for unit in ("fgw", "nowhere"):
        with pytest.raises(errors.Invalid) as refused:
            asked(engine, "unit_head.zjj", "units", unit=unit)
        refusals.append(refused.value.fields["unit"][0].replace(unit, "…"))

    assert ["“…”不在可选的承办单位之内。"] * 2 == refusals


@pytest.mark.parametrize(
    ("person", "key"),
    [
        ("sys_admin", "units"),
        ("unit_head.zjj", "packet"),
        ("unit_head.zjj", "team"),
        ("mayor", "team"),
        ("mayor", "nothing"),
    ],
)
def test_a_table_that_is_not_for_him_is_not_there(
    engine: Engine, person: str, key: str
) -> None:
    with pytest.raises(errors.NotFound):
        asked(engine, person, key)


def test_the_usual_periods_begin_and_end_where_people_say() -> None:
    found = inquiries.periods(date(2026, 1, 31))

    assert {
        "今天": (date(2026, 1, 31), date(2026, 1, 31)),
        "本月": (date(2026, 1, 1), date(2026, 1, 31)),
        "本季度": (date(2026, 1, 1), date(2026, 3, 31)),
        "上季度": (date(2025, 10, 1), date(2025, 12, 31)),
        "本年": (date(2026, 1, 1), date(2026, 12, 31)),
        "上年": (date(2025, 1, 1), date(2025, 12, 31)),
    } == found
    assert (date(2026, 12, 1), date(2026, 12, 31)) == inquiries.periods(
        date(2026, 12, 31)
    )["本月"]
