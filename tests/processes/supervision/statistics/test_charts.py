"""The charts of the halls tell what the table tells, and are images of their own."""

from xml.etree import ElementTree

import pytest

from processes.supervision.statistics import charts
from processes.supervision.statistics import summaries
from tests.processes.supervision import counted

SVG = "{http://www.w3.org/2000/svg}"
HEADINGS = ("指标", "分组", "单位", "目标", "实际", "完成率")
ROWS: tuple[tuple[summaries.Cell, ...], ...] = (
    ("进出口总额", "县直部门", "县发改委", 10, 12, "120.0%"),
    ("进出口总额", "县直部门", "<b>&县\"住建局'", 10, 5, "50.0%"),
    ("进出口总额", "乡镇", "城关镇", 0, 5, "—"),
    ("生产总值", "乡镇", "城关镇", 1, 1000, "100000.0%"),
)
SHEET = summaries.Sheet(
    "RP-11", "指标完成情况", "口径", counted.SINCE, HEADINGS, ROWS, "完成率", True
)


def drawn(chart: charts.Chart) -> ElementTree.Element:
    """Return the image as it is read by whoever shows it."""
    return ElementTree.fromstring(charts.svg(chart))


def heights(chart: charts.Chart) -> list[float]:
    """Return how high each column reaches, the ground of the image left out."""
    return [float(one.attrib["height"]) for one in drawn(chart).iter(f"{SVG}rect")][1:]


@pytest.mark.requirement("R-03-12")
def test_a_chart_tells_the_rows_of_the_table() -> None:
    first, second = charts.of(SHEET)
    words = [one.text for one in drawn(first).iter(f"{SVG}text")]

    assert ["进出口总额", "生产总值"] == [first.indicator, second.indicator]
    for row in ROWS[:3]:
        assert {row[1], row[2], row[5]} <= set(words)
    assert ["乡镇", "县直部门"] == sorted(
        one for one in words if one in ("乡镇", "县直部门")
    )
    assert "口径；红线为100%" in words


@pytest.mark.requirement("R-03-12")
def test_a_column_is_as_high_as_its_rate_and_the_line_stands_at_one_hundred() -> None:
    chart = charts.of(SHEET)[0]
    high, half, none = heights(chart)
    marks = [
        float(one.attrib["y1"])
        for one in drawn(chart).iter(f"{SVG}line")
        if one.attrib["stroke"] == charts.MARK
    ]

    assert 120 / 50 == pytest.approx(high / half, rel=0.01)
    assert 0 == none
    assert [pytest.approx(charts.BOTTOM - high / 1.2, abs=0.1)] == marks


def test_a_column_beyond_all_bounds_stays_in_the_image() -> None:
    chart = charts.of(SHEET)[1]

    assert [charts.BOTTOM - charts.TOP] == heights(chart)
    assert "100000.0%" in charts.svg(chart)


def test_names_are_text_in_the_image_and_never_markup() -> None:
    image = charts.svg(charts.of(SHEET)[0])

    assert "<b>" not in image
    assert "&lt;b&gt;&amp;县" in image
    assert not {"script", "style", "foreignObject"} & {
        one.tag.removeprefix(SVG) for one in ElementTree.fromstring(image).iter()
    }


def test_the_same_image_comes_as_pixels() -> None:
    image = charts.png(charts.of(SHEET)[0])

    assert b"\x89PNG\r\n\x1a\n" == image[:8]
    assert (1920, 1020) == (
        int.from_bytes(image[16:20], "big"),
        int.from_bytes(image[20:24], "big"),
    )
