"""Making a document public: the page with its metadata (R-02-01)."""

import pytest
import sqlalchemy as sa

from engine import engine as engines
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.matters import matters
from tests.processes.supervision import counted
from tests.web.test_access import SignedIn

PATH = "/documents/1/publication"
FIELDS = {
    "index_number": "003087012/201606-00003",
    "category": "其他",
    "publisher": "政府办公室",
    "published_at": "2026-04-28 15:10:33",
    "subject": "综合政务",
    "audience": "社会公众",
    "genre": "通报",
    "life": "其他",
    "number": "夏政办〔2026〕1号",
    "validity": "有效",
    "effective_on": "2026-04-28",
    "written_on": "2026-04-28",
    "title": "关于督查情况的通报",
}


@pytest.fixture
def document(engine: engines.Engine) -> int:
    """A document that may be made public."""
    with engine.begin() as work:
        matter_id = counted.matter(work.connection, number="411426-2026-13-0001")
        return documents.register(
            work,
            matter=matters.get(work.connection, matter_id),
            type="BULLETIN",
            number="夏政办〔2026〕1号",
            title="督查通报",
            data={},
            template="common/documents/circular.typ",
        ).id


@pytest.mark.requirement("R-02-01")
def test_the_chief_makes_a_document_public(
    signed_in: SignedIn, engine: engines.Engine, document: int
) -> None:
    """The page asks for what is missing at its field, then shows what is public."""
    chief = signed_in("dc_chief")
    asked = chief.opens(PATH).get_data(as_text=True)
    wrong = chief.sends(PATH, **{**FIELDS, "index_number": ""})
    answer = chief.sends(PATH, **FIELDS)
    shown = chief.opens(PATH).get_data(as_text=True)

    assert 'value="夏政办〔2026〕1号"' in asked
    assert 422 == wrong.status_code
    assert "请填写索引号。（R-02-01）" in wrong.get_data(as_text=True)
    assert 303 == answer.status_code
    assert "2026-04-28 15:10:33" in shown
    assert "/documents/1.docx" in shown and "/documents/1.pdf" in shown
    with engine.read() as connection:
        kept = connection.execute(sa.select(tables.publication)).one()
    assert ("dc_chief", "关于督查情况的通报") == (kept.person, kept.title)


def test_nobody_else_is_asked_for_metadata(
    signed_in: SignedIn, engine: engines.Engine, document: int
) -> None:
    for person, status in (("dc_officer", 403), ("unit_head.zjj", 403)):
        visitor = signed_in(person)
        assert 404 == visitor.opens(PATH).status_code
        assert status == visitor.sends(PATH, **FIELDS).status_code
    with engine.read() as connection:
        assert [] == connection.execute(sa.select(tables.publication)).all()
