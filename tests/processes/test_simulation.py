"""A simulated year: what comes in is spread over its days, and comes out as counted."""

from datetime import date

from processes import calendars
from processes.simulation import intakes
from processes.simulation import year


def test_the_volumes_are_those_of_the_yearbook() -> None:
    """Its categories (domain §5.3) add up to 2 534, of which 434 are deputies'."""
    volumes = year.read_volumes()["intake"]
    rows = {one["label"]: one.get("rows", one["count"]) for one in volumes}
    beside = {one["label"] for one in volumes if one.get("beside")}

    assert 2534 == sum(rows[label] for label in rows.keys() - beside)
    assert 434 == sum(rows[label] for label in ("省建议", "省提案", "市建议", "市提案"))
    assert (273, 431, 711) == (
        rows["政府工作报告任务"],
        rows["会议议定事项"],
        rows["市政府领导批示"],
    )


def test_what_comes_in_is_spread_over_working_days_and_the_last_stay_unfinished() -> (
    None
):
    calendar = calendars.load()
    entry = {
        "label": "督办件",
        "process": "proc_other_assigned",
        "person": "dc_registrar",
        "count": 3,
        "rows": 7,
        "unfinished": 1,
        "from": "02-09",
        "to": "02-27",
        "fields": {"title": "{topic}在{place}之{n}", "urgency": ["平件", "急件"]},
    }
    coming = intakes.of_year(
        {"intake": [entry], "topics": ["校车", "路灯"], "places": ["东关", "西关"]},
        2026,
        calendar,
    )

    assert all(calendar.is_workday(one.day) for one in coming)
    assert [date(2026, 2, 9), date(2026, 2, 12)] == [one.day for one in coming[:2]]
    assert [3, 2, 2] == [one.rows for one in coming]
    assert [False, False, True] == [one.unfinished for one in coming]
    assert ["校车在东关之1", "路灯在西关之2", "校车在西关之3"] == [
        one.fields["title"] for one in coming
    ]
    assert ["平件", "急件", "平件"] == [one.fields["urgency"] for one in coming]


def test_a_month_is_lived_without_a_refusal_and_comes_out_as_counted() -> None:
    """A meeting of three mandates, an instruction and an order, begun and concluded."""
    volumes = year.read_volumes()
    wanted = {"会议议定事项": 3, "市政府领导批示": 1, "督办件": 1}
    volumes["intake"] = [
        {
            **one,
            "count": 1,
            "rows": wanted[one["label"]],
            "from": "01-05",
            "to": "01-06",
            "unfinished": 0,
        }
        for one in volumes["intake"]
        if one["label"] in wanted
    ]
    volumes["series"] = []
    told: list[date] = []

    diary, totals, book = year.simulate(
        volumes, lambda day, _: told.append(day), last=date(2026, 2, 28)
    )

    assert {} == dict(diary.refused)
    assert [date(2026, 1, 31), date(2026, 2, 28)] == told
    assert wanted == {one.label: one.expected for one in totals}
    assert wanted == {one.label: one.counted for one in totals}
    assert diary.completions > 50 and diary.jobs > 20
    assert {"督办件": 1, "市政府领导批示": 1, "会议议定事项": 1} == {
        one.label: one.concluded for one in totals
    }
    assert book.chapters
