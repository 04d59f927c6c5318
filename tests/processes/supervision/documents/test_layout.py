"""The page of official documents: GB/T 9704-2012, and the docx that says the same."""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

from engine import handlers
from engine.engine import Engine
from processes import fonts
from processes import office
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.documents import documents
from processes.supervision.documents import issuing
from processes.supervision.matters import matters
from tests.processes.supervision import counted
from tests.processes.supervision.conftest import identity

POINT = 25.4 / 72
#: Marks that meet, or begin a line, take half a character (标点挤压).
MEETING = re.compile("(?<=[，。；：、）”])[（“，。；：、）”]|^[（“]")
PAGE = re.compile(r"—\s*\d+\s*—")
COPIES = [
    "县委各部门",
    "人大常委会办公室",
    "县政协办公室",
    "县人武部",
    "县法院",
    "县检察院",
]
PRINTED = f"抄送：{'，'.join(COPIES)}。"
#: A circular of two pages, whose lines are full of punctuation.
BODY = "\n".join(
    "各乡镇人民政府、县直各单位，认真落实“督查”事项：（一）按时反馈；（二）整改。" * 5
    for _ in range(3)
)
PROCEDURE = "proc_quarterly_bulletin/procedure.toml"


@dataclass(frozen=True)
class Words:
    """What stands on a page from `x` on, at the height `y`, in millimetres."""

    page: int
    x: float
    y: float
    size: float
    text: str


def words_of(pdf: bytes) -> Iterator[Words]:
    """Yield the words of a PDF with their places, from the upper left corner."""
    for number, page in enumerate(pypdf.PdfReader(io.BytesIO(pdf)).pages, 1):
        found: list[Words] = []

        def see(
            text: str,
            cm: list[float],
            tm: list[float],
            _: object,
            size: float,
            found: list[Words] = found,
            number: int = number,
        ) -> None:
            if text.strip():
                x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
                y = 842 - (tm[4] * cm[1] + tm[5] * cm[3] + cm[5])
                found.append(Words(number, x * POINT, y * POINT, size, text.strip()))

        page.extract_text(visitor_text=see)
        yield from found


def lines_of(pdf: bytes) -> list[list[str]]:
    """Return the lines of each page from top to bottom, without its number."""
    pages: dict[int, dict[int, str]] = {}
    for one in words_of(pdf):
        if not PAGE.fullmatch(one.text):
            rows = pages.setdefault(one.page, {})
            rows[round(one.y)] = rows.get(round(one.y), "") + one.text
    return [[rows[y] for y in sorted(rows)] for _, rows in sorted(pages.items())]


def room_of(line: str) -> float:
    """Return for how many characters a line has room."""
    return len(line) - len(MEETING.findall(line)) / 2


def text_of_pdf(pdf: bytes) -> str:
    """Return the words of a PDF without page numbers, blanks and breaks."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    said = (PAGE.sub("", page.extract_text()) for page in reader.pages)
    return "".join("".join(said).split())


def text_of_docx(content: bytes) -> str:
    """Return the words of the body of a docx without blanks and breaks."""
    body = docx.Document(io.BytesIO(content)).element.body
    return "".join("".join(one.text or "" for one in body.iter(qn("w:t"))).split())


def issued(work: handlers.Work, *, office_number: bool = False) -> documents.Document:
    """Issue the circular of a quarter; with a 文号 where the procedure says so."""
    if office_number:
        told = office.catalog_files()[PROCEDURE].decode()
        given = told.replace('number = "督查通报"', 'number = "夏政办"')
        work.deploy({PROCEDURE: given.encode()})
    matter_id = counted.matter(
        work.connection,
        number="411426-2026-13-0001",
        category="13",
        procedure="proc_quarterly_bulletin",
    )
    drafted = circulars.draft(
        work,
        matter_id=matter_id,
        series="督查通报",
        given={
            "title": "关于2026年第一季度督查事项办理情况的通报",
            "body": BODY,
            "praised": [{"name": "zjj", "reason": "按时反馈"}],
            "criticized": [{"name": "mzj", "person": "田某", "reason": "逾期"}],
            "cc": COPIES,
        },
        person="dc_officer",
    )
    return issuing.issue(
        work,
        matters.get(work.connection, matter_id),
        "BULLETIN",
        chosen={},
        person="dc_officer",
        circular=circulars.issue(work, drafted.id),
    )


@pytest.fixture
def circular(engine: Engine) -> bytes:
    """The PDF of a circular of two pages."""
    with engine.begin() as work:
        document = issued(work)
    return documents.print_once(engine, document.id)


@pytest.mark.requirement("S19")
def test_a_circular_is_laid_out_as_the_standard_says(engine: Engine) -> None:
    """A4, 156×225 mm, ≤22 lines, ≤28 characters, 文号 夏政办〔2026〕1号, 抄送, numbers.

    The title is 2号, the copies are 4号, the docx says what the PDF says.
    """
    with engine.begin() as work:
        document = issued(work, office_number=True)
        reader = identity(work, "dc_officer")
    pdf = documents.pdf(engine, reader, document.id)
    found = list(words_of(pdf))
    pages, lines = pypdf.PdfReader(io.BytesIO(pdf)).pages, lines_of(pdf)
    numbers = [one for one in found if PAGE.fullmatch(one.text)]
    body = [one for one in found if one not in numbers]

    assert 2 == len(pages)
    for page in pages:
        size = (page.mediabox.width * POINT, page.mediabox.height * POINT)
        assert (210, 297) == tuple(map(round, size))
    assert all(37 <= one.y <= 37 + 225 for one in body)
    assert all(28 <= one.x + 0.1 <= 28 + 156 for one in body if one.page == 1)
    assert all(26 <= one.x + 0.1 <= 26 + 156 for one in body if one.page == 2)
    assert all(len(rows) <= 22 for rows in lines)
    full = [row for rows in lines for row in rows if row in BODY]
    assert 27.5 <= max(map(room_of, full)) <= 28
    assert "夏政办〔2026〕1号" in lines[0]
    title = next(one for one in found if one.text.startswith("关于2026年"))
    # Digits are a little wider than half a character.
    width = (len(title.text) - 4 * 0.45) * 22 * POINT
    assert 22 == round(title.size)
    assert abs(title.x + width / 2 - (28 + 156 / 2)) < 2
    assert {16} == {round(one.size) for one in found if one.text in BODY}
    assert PRINTED in "".join(lines[1])
    # 批评到单位和个人 (R-02-24).
    assert "县民政局田某：逾期" in "".join(lines[1])
    assert {14} == {round(o.size) for o in found if o.text[:2] in ("抄送", "检察")}
    assert [("— 1 —", 14), ("— 2 —", 14)] == [
        (" ".join(one.text.split()), round(one.size)) for one in numbers
    ]
    assert numbers[0].x > 105 > numbers[1].x
    assert text_of_pdf(pdf) == text_of_docx(
        documents.word_file(engine, reader, document.id)
    )


def test_a_full_page_has_twenty_two_lines(circular: bytes) -> None:
    """A line and the space under it are a twenty-second part of 225 mm."""
    heights = {
        one.y
        for one in words_of(circular)
        if one.page == 1 and one.text in BODY and len(one.text) > 9
    }
    steps = {round(below - y, 1) for y, below in pairwise(sorted(heights))}

    assert {10.2} == steps


def test_numbers_of_pages_stand_one_character_in_from_the_outer_side(
    circular: bytes,
) -> None:
    """GB/T 9704: odd pages right, even pages left; 四号 is 14 pt."""
    first, second = (one for one in words_of(circular) if PAGE.fullmatch(one.text))

    assert round(26 + 14 * POINT) == round(second.x)
    assert first.x < 28 + 156 - 14 * POINT
    # The dashes lie 7 mm under the text block; the baseline a little lower.
    assert 37 + 225 + 7 <= first.y <= 37 + 225 + 9.5


@pytest.mark.requirement("R-01-43")
def test_a_breakdown_goes_in_copy_to_those_whom_the_document_of_2014_names(
    engine: Engine,
) -> None:
    """夏政办〔2014〕29号: 抄送, who printed it and on which day."""
    with engine.begin() as work:
        document = broken_down(work)
    words = text_of_pdf(documents.print_once(engine, document.id))

    assert PRINTED + "夏邑县人民政府办公室2026年4月29日印发" in words


@pytest.mark.requirement("R-00-42")
def test_a_breakdown_bears_all_that_a_document_must(engine: Engine) -> None:
    """文号, 标题, 主送, 落款机关, 成文日期 in this order, no number with a zero."""
    with engine.begin() as work:
        document = broken_down(work)
    words = text_of_pdf(documents.print_once(engine, document.id))
    places = [
        words.index(one)
        for one in (
            "夏政办〔2026〕1号",
            "夏邑县人民政府办公室关于路灯不亮任务分解的通知",
            "夏邑县住房和城乡建设局：",
            "夏邑县人民政府办公室2026年4月29日",
        )
    ]

    assert sorted(places) == places


@pytest.mark.requirement("R-02-02")
@pytest.mark.parametrize("kind", ["circular", "breakdown"])
def test_the_docx_says_what_the_pdf_says(engine: Engine, kind: str) -> None:
    with engine.begin() as work:
        document = issued(work) if kind == "circular" else broken_down(work)
        reader = identity(work, "dc_officer")
    pdf = documents.pdf(engine, reader, document.id)
    content = documents.word_file(engine, reader, document.id)

    assert text_of_pdf(pdf) == text_of_docx(content)
    assert 100 < len(text_of_docx(content))


def test_the_docx_has_the_measures_of_the_page(engine: Engine) -> None:
    """A4, margins, 22 lines of 28 characters; the table of a breakdown lies across."""
    with engine.begin() as work:
        document = broken_down(work)
        reader = identity(work, "dc_officer")
    content = documents.word_file(engine, reader, document.id)
    made = docx.Document(io.BytesIO(content))
    page, wide, last = made.sections
    grid = page._sectPr.find(qn("w:docGrid"))

    assert (210, 297, 37, 35, 28, 26) == tuple(
        round(one.mm)
        for one in (
            page.page_width,
            page.page_height,
            page.top_margin,
            page.bottom_margin,
            page.left_margin,
            page.right_margin,
        )
    )
    assert ("580", "-848") == (
        grid.get(qn("w:linePitch")),
        grid.get(qn("w:charSpace")),
    )
    assert page.page_width == last.page_width
    assert (297, 210) == (round(wide.page_width.mm), round(wide.page_height.mm))
    assert ["序号", "任务"] == [one.text for one in made.tables[0].rows[0].cells[:2]]
    assert made.settings.odd_and_even_pages_header_footer


def broken_down(work: handlers.Work) -> documents.Document:
    """Issue the breakdown of a matter of an upper document into one mandate."""
    matter_id = counted.matter(
        work.connection,
        number="411426-2026-01-0001",
        category="01",
        procedure="proc_upper_document",
        requirement="按时完成。",
    )
    (mandate,) = counted.mandates(work.connection, matter_id, 1)
    work.connection.execute(
        tables.mandate.update()
        .where(tables.mandate.c.id == mandate)
        .values(lead_unit="zjj", due_on=date(2026, 5, 29))
    )
    return issuing.issue(
        work,
        matters.get(work.connection, matter_id),
        "DECOMPOSE_DOC",
        chosen={"issuer": "县政府办公室"},
        person="dc_officer",
    )


@pytest.mark.requirement("S19")
def test_the_typefaces_of_the_office_come_before_the_open_ones(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DUCHA_FONT_DIR brings them: body and copies in 仿宋, title in 小标宋, page in 宋.

    Nothing but the names of the typefaces is theirs, so a name is the proof.
    """
    for family in ("FangSong", "STZhongsong", "SimSun"):
        (tmp_path / f"{family}.ttf").write_bytes(
            renamed(fonts.PACKAGED / "NotoSerifSC_400Regular.ttf", family)
        )
    monkeypatch.setenv("DUCHA_FONT_DIR", str(tmp_path))
    with engine.begin() as work:
        document = issued(work)
    pdf = documents.print_once(engine, document.id)
    used = [fonts_at(pdf, words) for words in (BODY[:10], "抄送", "关于2026年", "—")]

    assert [{"FangSong"}, {"FangSong"}, {"STZhongsong"}, {"SimSun"}] == used


def fonts_at(pdf: bytes, words: str) -> set[str]:
    """Return the names of the typefaces of lines that begin with these words."""
    found = set()

    def see(text: str, _: object, __: object, font: dict[str, str], ___: float) -> None:
        if text.strip().startswith(words):
            found.add(str(font["/BaseFont"]).partition("+")[2].partition("-")[0])

    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=see)
    return found


def renamed(path: Path, family: str) -> bytes:
    """Return a font under another family name: with a table of names of its own."""
    content = bytearray(path.read_bytes())
    names = {1: family, 2: "Regular", 4: family, 6: f"{family}-Regular"}
    records, texts = b"", b""
    for number, name in names.items():
        said = name.encode("utf-16-be")
        place = (3, 1, 0x409, number, len(said), len(texts))
        records, texts = records + struct.pack(">6H", *place), texts + said
    table = struct.pack(">3H", 0, len(names), 6 + len(records)) + records + texts
    for entry in range(12, 12 + 16 * struct.unpack_from(">H", content, 4)[0], 16):
        if content[entry : entry + 4] == b"name":
            struct.pack_into(">2I", content, entry + 8, len(content), len(table))
    return bytes(content) + table
