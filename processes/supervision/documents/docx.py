"""Official documents as docx: the words of the PDF, the measures of GB/T 9704-2012.

A template is compiled to HTML with the data that made the PDF; what HTML says becomes
paragraphs and tables. So both files say the same by construction (R-02-02).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import parser

from docx import Document
from docx import document as parts
from docx import oxml
from docx import section as sections
from docx.enum.section import WD_ORIENT
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.shared import Pt
from docx.shared import RGBColor
from docx.text import paragraph as paragraphs
from docx.text import run as runs

#: 版心 156 × 225 mm: 22 lines of 28 characters of 三号 (16 pt).
LINES, CHARACTERS, THIRD = 22, 28, 16.0
PITCH = 225 / 25.4 * 72 / LINES
WIDTH = 156 / 25.4 * 72 / CHARACTERS
RED = RGBColor(0xD7, 0x00, 0x0F)
SONG, GREAT, HEI = "宋体", "方正小标宋简体", "黑体"
KAI, FANGSONG = "楷体_GB2312", "仿宋_GB2312"
LATIN = "Times New Roman"
BLOCKS = frozenset({"p", "div", "section", "h1", "h2", "h3", "h4", "li", "caption"})
CELLS = frozenset({"td", "th"})


@dataclass(frozen=True)
class Paragraph:
    """Words, those of `spans` apart on one line; `kinds` say how they stand."""

    kinds: frozenset[str]
    spans: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """What a cell says, and how many columns and rows it takes."""

    text: str
    columns: int
    rows: int


@dataclass(frozen=True)
class Table:
    """Rows of cells; a cell that reaches down is in its first row only.

    The first `heads` rows stand again on every page.
    """

    rows: tuple[tuple[Cell, ...], ...]
    heads: int


@dataclass(frozen=True)
class Turn:
    """From here on pages lie across, or stand again."""

    across: bool


Block = Paragraph | Table | Turn


@dataclass(frozen=True)
class Look:
    """How a kind of paragraph looks; sizes in points, indents in characters."""

    typeface: str = FANGSONG
    size: float = THIRD
    align: ALIGN = ALIGN.JUSTIFY
    bold: bool = False
    red: bool = False
    first: int = 0
    right: int = 0
    before: float = 0
    rule: tuple[tuple[str, float], ...] = ()


#: Thicknesses of lines in millimetres: 版记 0.35 outside, 0.25 between.
LOOKS = {
    "flush": Look(),
    "title": Look(GREAT, 22, ALIGN.CENTER, before=PITCH),
    "heading": Look(GREAT, 18, ALIGN.CENTER),
    "first-level": Look(HEI, first=2),
    "second-level": Look(KAI, first=2, bold=True),
    "urgency": Look(HEI),
    "mark": Look(GREAT, 36, ALIGN.CENTER, red=True, before=PITCH),
    "signed": Look(align=ALIGN.RIGHT, right=4),
    "copies": Look(size=14, first=1, right=1, rule=(("top", 0.35), ("bottom", 0.25))),
    "printed": Look(size=14, first=1, right=1, rule=(("bottom", 0.35),)),
    "red-line": Look(rule=(("bottom", 0.5),), align=ALIGN.CENTER),
    "row": Look(),
    "center": Look(align=ALIGN.CENTER),
    "right": Look(align=ALIGN.RIGHT),
}
PLAIN = Look(first=2)


def write(html: str, *, title: str, created_at: datetime) -> bytes:
    """Return the docx of a document that a template says in HTML."""
    made = Document()
    properties = made.core_properties
    properties.title, properties.author, properties.comments = title, "", ""
    properties.created = properties.modified = created_at
    _settings(made)
    _page(made.sections[0])
    for block in read(html):
        if isinstance(block, Turn):
            turned = made.add_section(WD_SECTION.NEW_PAGE)
            _page(turned, across=block.across)
        elif isinstance(block, Table):
            _table(made, block)
        else:
            _paragraph(made.add_paragraph(), block)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def read(html: str) -> list[Block]:
    """Return what HTML says, in order; paragraphs that say nothing are left out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_paragraph()
    while reader.blocks and isinstance(reader.blocks[-1], Turn):
        reader.blocks.pop()
    return reader.blocks


class _Reader(parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self._open: list[tuple[str, frozenset[str]]] = []
        self._spans: list[str] = [""]
        self._rows: list[list[Cell]] | None = None
        self._heads = 0
        self._cell: list[str] | None = None
        self._reach = (1, 1)
        self._head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "head":
            self._head = True
        elif tag == "br":
            self.handle_data("\n")
        elif tag == "table":
            self.end_paragraph()
            self._rows, self._heads = [], 0
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in CELLS:
            self._cell = []
            self._reach = (
                int(given.get("colspan") or 1),
                int(given.get("rowspan") or 1),
            )
        elif tag == "span" and self._spans[-1]:
            self._spans.append("")
        elif tag in BLOCKS:
            self._break()
            kinds = frozenset((given.get("class") or "").split())
            self._open.append((tag, kinds))
            if tag == "section":
                self.blocks.append(Turn(True))

    def handle_endtag(self, tag: str) -> None:
        if tag == "head":
            self._head = False
        elif tag == "table" and self._rows is not None:
            self.blocks.append(Table(tuple(map(tuple, self._rows)), self._heads))
            self._rows = None
        elif tag == "thead" and self._rows is not None:
            self._heads = len(self._rows)
        elif tag in CELLS and self._cell is not None and self._rows:
            text = "".join(self._cell).strip()
            self._rows[-1].append(Cell(text, *self._reach))
            self._cell = None
        elif tag in BLOCKS:
            self._break()
            self._open.pop()
            if tag == "section":
                self.blocks.append(Turn(False))

    def handle_data(self, data: str) -> None:
        if self._head:
            return
        if self._cell is not None:
            self._cell.append(data)
        else:
            self._spans[-1] += data

    def end_paragraph(self) -> None:
        spans = tuple(filter(None, (one.strip() for one in self._spans)))
        self._spans = [""]
        if spans:
            kinds = frozenset().union(*(kinds for _, kinds in self._open))
            self.blocks.append(Paragraph(kinds, spans))

    def _break(self) -> None:
        if self._cell is None:
            self.end_paragraph()
        elif self._cell:
            self._cell.append("\n")


def _look(kinds: frozenset[str]) -> Look:
    return next((look for kind, look in LOOKS.items() if kind in kinds), PLAIN)


def _paragraph(made: paragraphs.Paragraph, said: Paragraph) -> None:
    look = _look(said.kinds)
    form = made.paragraph_format
    form.alignment = ALIGN.LEFT if len(said.spans) > 1 else look.align
    form.space_before, form.space_after = Pt(look.before), Pt(0)
    form.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    form.line_spacing = Pt(max(PITCH, look.size * 1.25))
    if look.red or "red-line" in said.kinds:
        form.keep_with_next = True
    if look.align is ALIGN.JUSTIFY and look.rule:
        form.left_indent = Pt(look.first * look.size)
    else:
        form.first_line_indent = Pt(look.first * look.size)
    form.right_indent = Pt(look.right * look.size)
    if len(said.spans) > 1:
        edge = Mm(156) - Pt(look.right * look.size)
        form.tab_stops.add_tab_stop(edge, WD_TAB_ALIGNMENT.RIGHT)
    run = made.add_run("\t".join(said.spans))
    _dress(run, look)
    rules = LOOKS["red-line"].rule if "red-line" in said.kinds else look.rule
    _rules(made, rules, red="red-line" in said.kinds)


def _dress(run: runs.Run, look: Look) -> None:
    run.font.size, run.font.bold, run.font.name = Pt(look.size), look.bold, LATIN
    run.font.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), look.typeface)
    if look.red:
        run.font.color.rgb = RED


def _rules(
    made: paragraphs.Paragraph, rules: tuple[tuple[str, float], ...], *, red: bool
) -> None:
    if not rules:
        return
    borders = _element("w:pBdr")
    for side, millimetres in rules:
        # The sides in the order of the schema; eighths of a point.
        eighths = str(round(millimetres / 25.4 * 72 * 8))
        borders.append(
            _element(
                f"w:{side}",
                val="single",
                sz=eighths,
                space="1",
                color=str(RED) if red else "000000",
            )
        )
    properties = made._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _table(made: parts.Document, said: Table) -> None:
    placed = list(_places(said))
    width = max((column + cell.columns for _, column, cell in placed), default=0)
    if width == 0:
        return
    table = made.add_table(rows=len(said.rows), cols=width, style="Table Grid")
    for head in table.rows[: said.heads]:
        head._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    for row, column, cell in placed:
        last = table.cell(
            min(row + cell.rows, len(said.rows)) - 1, column + cell.columns - 1
        )
        merged = table.cell(row, column).merge(last)
        written = merged.paragraphs[0]
        written.paragraph_format.space_after = Pt(0)
        _dress(written.add_run(cell.text), Look(size=12))


def _places(said: Table) -> Iterator[tuple[int, int, Cell]]:
    """Yield every cell with its row and column: those from above take room."""
    taken: set[tuple[int, int]] = set()
    for row, cells in enumerate(said.rows):
        column = 0
        for cell in cells:
            while (row, column) in taken:
                column += 1
            yield row, column, cell
            taken |= {
                (row + down, column + along)
                for down in range(cell.rows)
                for along in range(cell.columns)
            }


def _settings(made: parts.Document) -> None:
    """Bind on the left of odd pages and on the right of even ones."""
    mirrored = _element("w:mirrorMargins")
    settings = made.settings.element
    place = settings.find(qn("w:zoom"))
    settings.insert(0 if place is None else 1 + settings.index(place), mirrored)
    made.settings.odd_and_even_pages_header_footer = True
    normal = made.styles["Normal"].font
    normal.size, normal.name = Pt(THIRD), LATIN
    normal.element.get_or_add_rPr().rFonts.set(qn("w:eastAsia"), FANGSONG)


def _page(section: sections.Section, *, across: bool = False) -> None:
    """Set A4 with the margins of the standard; across, the bound edge stays bound."""
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    if across:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        section.top_margin, section.bottom_margin = Mm(28), Mm(26)
        section.left_margin, section.right_margin = Mm(37), Mm(35)
    else:
        section.orientation = WD_ORIENT.PORTRAIT
        for old in section._sectPr.findall(qn("w:docGrid")):
            section._sectPr.remove(old)
        section._sectPr.append(
            _element(
                "w:docGrid",
                type="linesAndChars",
                linePitch=str(round(PITCH * 20)),
                charSpace=str(round((WIDTH - THIRD) * 4096)),
            )
        )
    # The upper edge of the dashes lies 7 mm under the text block.
    section.footer_distance = section.bottom_margin - Mm(12)
    for footer, align in (
        (section.footer, ALIGN.RIGHT),
        (section.even_page_footer, ALIGN.LEFT),
    ):
        footer.is_linked_to_previous = False
        _number(footer.paragraphs[0], align)


def _number(made: paragraphs.Paragraph, align: ALIGN) -> None:
    look = Look(SONG, 14)
    made.alignment = align
    made.paragraph_format.left_indent = Pt(14)
    made.paragraph_format.right_indent = Pt(14)
    _dress(made.add_run("— "), look)
    field = made.add_run()
    _dress(field, look)
    field._r.append(_element("w:fldChar", fldCharType="begin"))
    instruction = _element("w:instrText")
    instruction.text = "PAGE"
    field._r.append(instruction)
    field._r.append(_element("w:fldChar", fldCharType="end"))
    _dress(made.add_run(" —"), look)


def _element(name: str, **attributes: str) -> oxml.xmlchemy.BaseOxmlElement:
    made = oxml.OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made
