"""What is made public: by whom, with which metadata, never twice (R-02-01)."""

from collections.abc import Callable
from datetime import UTC
from datetime import date
from datetime import datetime

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.documents import publications
from processes.supervision.matters import matters
from tests.processes.supervision import counted
from tests.processes.supervision.conftest import identity

#: Metadata as they are filled in, without the two that may be empty.
GIVEN = {
    "index_number": "003087012/201606-00003",
    "category": "其他",
    "publisher": "大观区人民政府办公室",
    "published_at": "2026-04-28 15:10:33",
    "origin": "",
    "keywords": "",
    "subject": "综合政务",
    "audience": "社会公众",
    "genre": "通知",
    "life": "其他",
    "number": "观政办〔2026〕1号",
    "validity": "有效",
    "effective_on": "2026-04-28",
    "written_on": "2026-04-27",
    "title": "关于三查三单工作制度的通知",
}
REQUIRED = sorted(GIVEN.keys() - {"origin", "keywords"})


def registered(
    work: handlers.Work, number: str = "观政办〔2026〕1号", **changes: object
) -> documents.Document:
    """Register a document of a matter that is there."""
    matter_id = counted.matter(work.connection, number=f"411426-{number}")
    return documents.register(
        work,
        matter=matters.get(work.connection, matter_id),
        type="BULLETIN",
        number=number,
        title="通报",
        data={},
        **{"template": "common/documents/circular.typ", **changes},
    )


def refused(
    engine: Engine, act: Callable[[handlers.Work], object]
) -> errors.DuchaError:
    """Act in vain; return the refusal, after which nothing was published."""
    with pytest.raises(errors.DuchaError) as caught, engine.begin() as work:
        act(work)
    return caught.value


@pytest.mark.requirement("R-02-01")
@pytest.mark.parametrize("person", ["dc_chief", "go_director"])
def test_a_document_is_made_public_with_its_metadata(
    engine: Engine, person: str
) -> None:
    """信息来源 and 关键词 may be empty; the 发布日期 is kept to the second."""
    with engine.begin() as work:
        document = registered(work)
        publisher = identity(work, person)
        publications.publish(work, document.id, publisher, GIVEN)
    with engine.read() as connection:
        kept = publications.of_document(connection, document.id)

    assert kept is not None
    assert datetime(2026, 4, 28, 7, 10, 33, tzinfo=UTC) == kept.published_at
    assert (date(2026, 4, 27), date(2026, 4, 28)) == (
        kept.written_on,
        kept.effective_on,
    )
    days = {"published_at", "written_on", "effective_on"}
    told = {key: getattr(kept, key) for key in GIVEN if key not in days}
    assert {key: GIVEN[key] for key in told} == told
    assert person == kept.person


@pytest.mark.requirement("R-02-01")
@pytest.mark.parametrize("key", REQUIRED)
def test_every_other_metadatum_is_required(engine: Engine, key: str) -> None:
    with engine.begin() as work:
        document = registered(work)
        chief = identity(work, "dc_chief")
    given = {**GIVEN, key: " "}
    refusal = refused(
        engine, lambda work: publications.publish(work, document.id, chief, given)
    )

    assert isinstance(refusal, errors.Invalid)
    label = publications.LABELS[key]
    assert {key: [f"请填写{label}。（R-02-01）"]} == refusal.fields
    assert 0 == published(engine)


@pytest.mark.requirement("R-02-01")
def test_an_index_number_is_used_once(engine: Engine) -> None:
    with engine.begin() as work:
        chief = identity(work, "dc_chief")
        publications.publish(work, registered(work).id, chief, GIVEN)
        other = registered(work, "观政办〔2026〕2号")
    given = {**GIVEN, "number": other.number}
    refusal = refused(
        engine, lambda work: publications.publish(work, other.id, chief, given)
    )

    assert isinstance(refusal, errors.Invalid)
    assert ["index_number"] == list(refusal.fields)
    assert "已经使用。（R-02-01）" in refusal.fields["index_number"][0]
    assert 1 == published(engine)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("published_at", "2026-04-28"),
        ("published_at", "2026-04-28 15:10"),
        ("published_at", "2026-04-29 09:00:01"),
        ("written_on", "2026-04-29"),
        ("written_on", "四月"),
        ("effective_on", "2026-02-30"),
        ("validity", "也许"),
        ("number", "观政办〔2026〕9号"),
        ("title", "长" * 201),
    ],
)
def test_metadata_that_cannot_be_true_are_refused(
    engine: Engine, key: str, value: str
) -> None:
    """Without seconds, in the future, no such day, another 文号."""
    with engine.begin() as work:
        document = registered(work)
        chief = identity(work, "dc_chief")
    given = {**GIVEN, key: value}
    refusal = refused(
        engine, lambda work: publications.publish(work, document.id, chief, given)
    )

    assert isinstance(refusal, errors.Invalid)
    assert [key] == list(refusal.fields)
    assert 0 == published(engine)


@pytest.mark.parametrize("person", ["dc_officer", "mayor", "unit_head.zjj"])
def test_nobody_else_makes_a_document_public(engine: Engine, person: str) -> None:
    with engine.begin() as work:
        document = registered(work)
        other = identity(work, person)
    refusal = refused(
        engine, lambda work: publications.publish(work, document.id, other, GIVEN)
    )

    assert isinstance(refusal, errors.Forbidden)
    assert refusal.message.endswith("（R-02-01）")
    assert 0 == published(engine)


@pytest.mark.parametrize("why", ["public", "void", "no pages", "not there"])
def test_a_document_is_made_public_once_and_never_when_void(
    engine: Engine, why: str
) -> None:
    with engine.begin() as work:
        document = registered(work, template=None) if why == "no pages" else None
        document = document or registered(work)
        chief = identity(work, "dc_chief")
        if why == "public":
            publications.publish(work, document.id, chief, GIVEN)
        if why == "void":
            work.connection.execute(
                tables.document.update().values(voided_at=work.now(), void_reason="错")
            )
    wanted = 99 if why == "not there" else document.id
    given = {**GIVEN, "index_number": "another"}
    refusal = refused(
        engine, lambda work: publications.publish(work, wanted, chief, given)
    )

    expected = errors.NotFound if why == "not there" else errors.Refused
    assert expected is type(refusal)
    assert (1 if why == "public" else 0) == published(engine)


def published(engine: Engine) -> int:
    """Return how many documents are public."""
    with engine.read() as connection:
        count = sa.select(sa.func.count()).select_from(tables.publication)
        return int(connection.execute(count).scalar_one())
