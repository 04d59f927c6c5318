"""Documents: printed outside of transactions, in Chinese that can be read."""

import io
from datetime import UTC
from datetime import datetime

import orjson
import pypdf
import pytest
import sqlalchemy as sa

from engine import database
from engine import errors
from engine import handlers
from engine import tables as engine_tables
from engine.engine import Engine
from processes import office
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.documents import notices
from processes.supervision.elements import approval
from processes.supervision.escalation import letters
from processes.supervision.hotline import callers
from processes.supervision.hotline import results
from processes.supervision.matters import matters
from processes.supervision.matters import proposals
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import undertakings
from tests.processes.supervision.conftest import Act
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.conftest import proposed
from tests.processes.supervision.conftest import registered

NOW = datetime(2026, 4, 29, tzinfo=UTC)
HOSTILE = '#panic("x") $1+1$ *强调* @ref \\ "引号" <标签> #sys.inputs'


def text_of(pdf: bytes) -> str:
    """Return the words of a PDF, without the blanks and breaks of its layout."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def fonts_of(pdf: bytes) -> dict[str, bool]:
    """Return the fonts of a PDF and whether each is embedded."""
    found = {}
    for page in pypdf.PdfReader(io.BytesIO(pdf)).pages:
        for reference in page["/Resources"]["/Font"].values():
            font = reference.get_object()["/DescendantFonts"][0].get_object()
            descriptor = font["/FontDescriptor"].get_object()
            name = str(font["/BaseFont"]).partition("+")[2]
            found[name] = bool({"/FontFile2", "/FontFile3"} & set(descriptor))
    return found


def noticed(
    work: handlers.Work, vault: callers.Vault, call: Act, **changes: object
) -> documents.Document:
    """Register, propose, approve thrice and issue; return the notice."""
    matter = registered(work, vault, **changes)
    proposed(work, matter, "cgj")
    for element, person, verb in (
        ("sign_deputy", "go_deputy", "签阅"),
        ("sign_director", "go_director", "签阅"),
        ("decide", "exec_vice_mayor", "审定"),
    ):
        given = {"decision": "APPROVE", "comment": f"{person}同意。"}
        approval.record_opinion(
            call(work, person, given, element=element, verb=verb, matter=matter.id)
        )
    approving = matters.get(work.connection, matter.id)
    approved = matters.move(work, approving, "APPROVED")
    issued = matters.move(work, approved, "ISSUED")
    proposal = proposals.current(work.connection, matter.id)
    opened = openings.issue(work, issued, proposal)
    return notices.issue(work, issued, proposal, opened)


def test_the_notice_names_all_it_must_and_never_the_caller(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        reader = identity(work, "unit_registrar.zjj")
    words = text_of(documents.pdf(engine, reader, notice.id))

    for expected in (
        "督促查办事项通知单",
        "411426-2026-07-0001",
        "RX20260429001",
        "投诉",
        "东关小区旁工地夜间施工，影响休息。",
        "夏邑县住房和城乡建设局",
        "夏邑县城市管理局（配合巡查）",
        "go_deputy同意。张副主任2026年4月29日",
        "go_director同意。李主任2026年4月29日",
        "exec_vice_mayor同意。赵常务2026年4月29日",
        "签收时限2026年4月30日",
        "报送时限2026年5月8日",
        "办结时限2026年5月9日",
        "联系人陈专员",
    ):
        assert expected in words
    for secret in ("周某某", "13812345678", "东关小区3号楼"):
        assert secret not in words


def test_every_font_of_the_notice_is_chinese_and_embedded(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    """Typst prints blanks without a warning where it finds no font."""
    with engine.begin() as work:
        notice = noticed(work, vault, call)
    pdf = documents.print_once(engine, notice.id)

    assert {
        "NotoSerifSC-Regular": True,
        "NotoSerifSC-Bold": True,
        "NotoSansSC-Regular": True,
    } == fonts_of(pdf)


def test_what_people_wrote_is_printed_as_they_wrote_it(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    """Nothing in the data is ever markup of the template."""
    with engine.begin() as work:
        notice = noticed(work, vault, call, title=HOSTILE, content=HOSTILE)
    words = text_of(documents.print_once(engine, notice.id))

    assert "".join(HOSTILE.split()) in words


def test_the_page_keeps_the_margins_of_the_standard(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    """GB/T 9704: A4, 天头 37 mm, 订口 28 mm."""
    with engine.begin() as work:
        notice = noticed(work, vault, call)
    pdf = documents.print_once(engine, notice.id)
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    lefts, tops = [], []

    def place(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        if text.strip():
            lefts.append(tm[4] * cm[0] + tm[5] * cm[2] + cm[4])
            tops.append(tm[4] * cm[1] + tm[5] * cm[3] + cm[5])

    page.extract_text(visitor_text=place)
    millimetre = 72 / 25.4

    assert (595, 842) == (round(page.mediabox.width), round(page.mediabox.height))
    assert 28 * millimetre - 1 <= min(lefts)
    assert max(tops) <= 842 - 37 * millimetre


def test_issuing_a_document_does_not_print_it(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        content = work.connection.scalar(sa.select(tables.document.c.content))

    assert (None, None, None) == (content, notice.sha256, notice.rendered_at)


def test_the_outbox_prints_what_was_issued(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    office.print_documents(engine)
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        reader = identity(work, "dc_officer")

    while engine.run_due():
        pass

    with engine.read() as connection:
        printed = documents.of_matter(connection, reader, notice.matter_id)[0]
        content = connection.scalar(sa.select(tables.document.c.content))
    assert printed.sha256 is not None
    assert bytes(content) == documents.pdf(engine, reader, notice.id)


def test_printing_twice_gives_the_same_file(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
    first = documents.print_once(engine, notice.id)

    assert first == documents.print_once(engine, notice.id)
    with engine.read() as connection:
        frozen = connection.scalar(
            sa.select(tables.document.c.data).where(tables.document.c.id == notice.id)
        )
    assert frozen is not None
    data = database.canonical(orjson.loads(frozen))
    with engine.read() as connection:
        files = documents.template_files(connection, notices.NOTICE_TEMPLATE)
    assert first == documents.render(
        files, notices.NOTICE_TEMPLATE, data, created_at=notice.created_at
    )


def test_a_document_of_another_unit_is_not_found(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        strangers = [identity(work, name) for name in ("unit_head.mzj", "audit_admin")]
    for stranger in strangers:
        with pytest.raises(errors.NotFound):
            documents.pdf(engine, stranger, notice.id)


def test_an_assisting_unit_does_not_see_the_letter_to_the_lead(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        matter = matters.get(work.connection, notice.matter_id)
        lead = undertakings.of_matter(work.connection, matter.id)[0]
        letters.urge(work, matter, lead, [])
        seen = {
            name: [
                one.type
                for one in documents.of_matter(
                    work.connection, identity(work, name), matter.id
                )
            ]
            for name in ("unit_head.zjj", "unit_head.cgj", "dc_chief")
        }

    both = ["HOTLINE_NOTICE", "URGE_NOTICE"]
    assert {
        "unit_head.zjj": both,
        "unit_head.cgj": ["HOTLINE_NOTICE"],
        "dc_chief": both,
    } == seen


def test_the_urging_letter_says_how_long_it_is_overdue(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        matter = matters.get(work.connection, notice.matter_id)
        lead = undertakings.of_matter(work.connection, matter.id)[0]
        late = undertakings.change(
            work, lead, due_at=datetime(2026, 4, 22, 15, 59, 59, tzinfo=UTC)
        )
        letter = letters.urge(work, matter, late, [])
    words = text_of(documents.print_once(engine, letter.id))

    for expected in (
        "督查催办通知",
        "（第1次）",
        "督催〔2026〕1号",
        "夏邑县住房和城乡建设局：",
        "至今已逾期5个工作日",
    ):
        assert expected in words


@pytest.mark.parametrize(
    "template", ["../office.py", "/etc/hostname", "common/documents/none.typ", ""]
)
def test_a_template_that_nobody_deployed_is_refused(
    engine: Engine, template: str
) -> None:
    with engine.read() as connection, pytest.raises(documents.NotPrintable):
        documents.template_files(connection, template)


def test_a_template_cannot_be_written_outside_of_its_folder() -> None:
    with pytest.raises(documents.NotPrintable):
        documents.render({"../out.typ": b"= x"}, "../out.typ", b"{}", created_at=NOW)


def test_a_template_with_a_fault_says_so_instead_of_printing_blanks(
    engine: Engine,
) -> None:
    with engine.read() as connection:
        files = documents.template_files(connection, notices.NOTICE_TEMPLATE)
    with pytest.raises(documents.NotPrintable) as refused:
        documents.render(files, notices.NOTICE_TEMPLATE, b"{}", created_at=NOW)

    assert notices.NOTICE_TEMPLATE in refused.value.message


def test_the_hotline_gets_the_result_without_the_caller(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        notice = noticed(work, vault, call)
        matter = matters.get(work.connection, notice.matter_id)
        results.report(work, matters.change(work, matter, summary="已停工整改。"))

    with engine.read() as connection:
        outbox = engine_tables.outbox.c
        payload = connection.scalar(
            sa.select(outbox.payload).where(outbox.channel == "hotline")
        )
    assert {
        "ticket_no": "RX20260429001",
        "number": "411426-2026-07-0001",
        "result": "已停工整改。",
    } == payload
