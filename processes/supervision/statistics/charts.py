"""Columns for the screens in the halls (大屏柱状图, R-03-12): one chart an indicator.

A chart is drawn from the rows of the table of indicators (RP-11), so that screen, file
and table tell the same figures. It is an SVG image that needs no style and no script.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from xml.sax import saxutils

import typst

from processes import fonts
from processes.supervision.statistics import summaries

WIDTH, HEIGHT = 1600, 850
#: Where the columns stand, in units of the image.
LEFT, RIGHT, TOP, BOTTOM = 90, 1580, 150, 680
#: The axis reaches at least so far, and never farther: a column beyond is cut off.
LOWEST_END, HIGHEST_END = 120.0, 300.0
WIDEST = 80.0
#: Below this width of a place the names of units stand aslant.
UPRIGHT = 110.0
FACES = "Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
INK, MUTED, LINE = "#1f2328", "#545b63", "#d3d6da"
REACHED, SHORT, MARK = "#1a6b3c", "#3d6a9e", "#a61e1e"
PIXELS_PER_INCH = 86.4


@dataclass(frozen=True)
class Column:
    """A unit and its rate as the table says it, 75.0%; without a target it has none."""

    group: str
    unit: str
    told: str

    @property
    def percent(self) -> float | None:
        """Return the rate as a number."""
        return float(self.told[:-1]) if self.told.endswith("%") else None


@dataclass(frozen=True)
class Chart:
    """The columns of one indicator, units of a group side by side."""

    indicator: str
    caliber: str
    columns: tuple[Column, ...]


def of(sheet: summaries.Sheet) -> list[Chart]:
    """Return the chart of each indicator of RP-11, in the order of its rows."""
    places = [sheet.headings.index(one) for one in ("指标", "分组", "单位", "完成率")]
    rows = [tuple(str(row[place]) for place in places) for row in sheet.rows]
    return [
        Chart(indicator, sheet.caliber, tuple(Column(*row[1:]) for row in found))
        for indicator, found in groupby(rows, key=lambda row: row[0])
    ]


def svg(chart: Chart) -> str:
    """Return the chart as an SVG image, with a line at 100 %."""
    end = _end(chart)
    title = f"{chart.indicator}完成率"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' role="img" aria-label={saxutils.quoteattr(_spoken(chart))}'
        f' font-family="{FACES}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(WIDTH / 2, 55, title, 44, weight="bold"),
        *_axis(end),
        *_columns(chart, end),
        _line(LEFT, RIGHT, _height(100, end), MARK, width=4),
        *_words(chart, end),
        _text(WIDTH / 2, HEIGHT - 12, f"{chart.caliber}；红线为100%", 22, fill=MUTED),
        "</svg>",
    ]
    return "".join(parts)


def png(chart: Chart) -> bytes:
    """Return the same image as pixels, 1920 wide."""
    source = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        f'#image(bytes(sys.inputs.chart), format: "svg", width: {WIDTH}pt)'
    )
    return typst.compile(
        source.encode(),
        font_paths=typst.Fonts(
            include_system_fonts=False, font_paths=fonts.font_paths()
        ),
        format="png",
        ppi=PIXELS_PER_INCH,
        sys_inputs={"chart": svg(chart)},
    )


def _end(chart: Chart) -> float:
    """Return where the axis ends, in percent: a multiple of twenty."""
    highest = max((one.percent or 0 for one in chart.columns), default=0)
    return min(max(LOWEST_END, 20 * math.ceil(highest * 1.05 / 20)), HIGHEST_END)


def _height(percent: float, end: float) -> float:
    reached = min(max(percent, 0), end)
    return BOTTOM - (BOTTOM - TOP) * reached / end


def _axis(end: float) -> Iterator[str]:
    for percent in range(0, int(end) + 1, 20 if end <= 160 else 50):
        y = _height(percent, end)
        yield _line(LEFT, RIGHT, y, LINE)
        yield _text(LEFT - 12, y + 8, f"{percent}%", 22, anchor="end", fill=MUTED)


def _place(chart: Chart) -> float:
    """Return the room that each column has."""
    return (RIGHT - LEFT) / max(len(chart.columns), 1)


def _columns(chart: Chart, end: float) -> Iterator[str]:
    place = _place(chart)
    width = min(place * 0.6, WIDEST)
    for number, one in enumerate(chart.columns):
        percent = one.percent or 0
        x, y = LEFT + (number + 0.5) * place - width / 2, _height(percent, end)
        colour = REACHED if percent >= 100 else SHORT
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
            f' height="{BOTTOM - y:.1f}" fill="{colour}"/>'
        )


def _words(chart: Chart, end: float) -> Iterator[str]:
    """Yield figures and names, after the line at 100 % lest it run through them."""
    place = _place(chart)
    size = min(max(place * 0.3, 13), 26)
    x = float(LEFT)
    for group, found in groupby(chart.columns, key=lambda one: one.group):
        columns = list(found)
        room = place * len(columns)
        if x > LEFT:
            yield (
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="85" y2="{BOTTOM}"'
                f' stroke="{MUTED}" stroke-dasharray="6 6"/>'
            )
        fitting = min(max(room / (len(group) + 1), 13), 28)
        yield _text(x + room / 2, 115, group, fitting, weight="bold", fill=MUTED)
        for one in columns:
            above = _height(one.percent or 0, end) - 8
            yield _text(x + place / 2, above, one.told, size, halo=True)
            yield _name(one.unit, x + place / 2, place, size)
            x += place


def _name(unit: str, x: float, place: float, size: float) -> str:
    if place >= UPRIGHT:
        return _text(x, BOTTOM + 38, unit, size)
    turned = f' transform="rotate(-40 {x:.1f} {BOTTOM + 24})"'
    return _text(x, BOTTOM + 24, unit, size, anchor="end", more=turned)


def _line(left: float, right: float, y: float, colour: str, *, width: int = 1) -> str:
    return (
        f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"'
        f' stroke="{colour}" stroke-width="{width}"/>'
    )


def _text(
    x: float,
    y: float,
    words: str,
    size: float,
    *,
    anchor: str = "middle",
    fill: str = INK,
    weight: str = "normal",
    halo: bool = False,
    more: str = "",
) -> str:
    if halo:
        more += ' stroke="#ffffff" stroke-width="5" paint-order="stroke"'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" fill="{fill}"'
        f' font-weight="{weight}" text-anchor="{anchor}"{more}>'
        f"{saxutils.escape(words)}</text>"
    )


def _spoken(chart: Chart) -> str:
    """Return the chart in words, for who cannot see it."""
    rates = "，".join(f"{one.unit}{one.told}" for one in chart.columns)
    return f"{chart.indicator}完成率：{rates}"
