"""Archive: what a volume holds, and when it is not filed."""

from datetime import date

import pytest
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables as engine_tables
from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.dossiers import archive
from processes.supervision.hotline import callers
from processes.supervision.matters import matters
from tests.processes.supervision.conftest import Act
from tests.processes.supervision.conftest import registered
from tests.processes.supervision.documents.test_documents import noticed

REQUIRED = ("来源工单", "拟办意见", "办理日志")
EVERYTHING = tuple(archive.Item(kind, kind, "0") for kind in REQUIRED)


def concluded(
    work: handlers.Work, vault: callers.Vault, call: Act, **changes: object
) -> matters.Matter:
    """Issue a matter and conclude it with a summary; most papers are missing."""
    notice = noticed(work, vault, call)
    matter = matters.get(work.connection, notice.matter_id)
    for status in ("SUMMARIZING", "LEADER_REVIEW"):
        matter = matters.move(work, matter, status)
    matter = matters.change(work, matter, summary="已停工整改。", **changes)
    ended = matters.end(work, matter, "CLOSED")
    archive.compile(work, ended, vault)
    return ended


def failed(work: handlers.Work, matter: matters.Matter) -> dict[str, str]:
    """Return the qualities that did not pass, and why."""
    volume = archive.of_matter(work.connection, matter.id)
    assert volume is not None
    return {one.quality: one.message for one in volume.findings if not one.passed}


@pytest.mark.requirement("R-00-28")
def test_a_volume_without_its_papers_is_not_filed(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        with pytest.raises(archive.Incomplete) as refused:
            archive.file(work, matter, vault, retention="10年", person="archivist")
        missing = failed(work, matter)["完整性"]

    assert "缺少办理情况报告、审核意见、热线室回执、办理日志。" == missing
    assert missing.rstrip("。") in refused.value.message
    assert "请退回补件" in refused.value.message


def test_an_explanation_stands_for_what_cannot_be_had(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        notice = work.connection.scalar(sa.select(tables.document.c.id))
    documents.print_once(engine, notice)
    with engine.begin() as work:
        archive.supplement(work, matter, "单位未报。", person="dc_officer")
        archive.compile(work, matter, vault)
        assert {} == failed(work, matter)
        volume = archive.file(work, matter, vault, retention="30年", person="archivist")
        filed = matters.get(work.connection, matter.id)
        with pytest.raises(archive.Incomplete):
            archive.compile(work, filed, vault)

    assert ("411426-WS·2026-D30-DC-0001", "archivist") == (
        volume.volume_no,
        volume.filed_by,
    )
    assert "ARCHIVED" == filed.status


def test_a_notice_that_was_not_printed_cannot_be_opened(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        found = failed(work, matter)["可用性"]

    assert "督促查办事项通知单（411426-2026-07-0001）尚未生成或不能打开。" == found


@pytest.mark.parametrize("column", ["data", "content"])
@pytest.mark.requirement("R-05-06")
def test_a_forged_document_is_found(
    engine: Engine, vault: callers.Vault, call: Act, column: str
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        notice = work.connection.scalar(sa.select(tables.document.c.id))
    documents.print_once(engine, notice)
    with engine.begin() as work:
        work.connection.execute(
            tables.document.update().values({column: b'%PDF-{"forged": 1}%%EOF'})
        )
        archive.compile(work, matter, vault)

        assert "真实性" in failed(work, matter)


def test_a_record_changed_after_the_volume_was_made_is_named(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        work.connection.execute(tables.opinion.update().values(comment="改过的意见"))
        with pytest.raises(archive.Incomplete) as refused:
            archive.file(work, matter, vault, retention="10年", person="archivist")

    assert "组卷后有材料被改动" in refused.value.message


def test_a_summary_that_gives_the_caller_away_is_not_filed(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        told = matters.change(work, matter, summary="已电话13812345678告知。")
        archive.compile(work, told, vault)

        assert "文书中出现诉求人联系方式。" == failed(work, told)["安全性"]


@pytest.mark.requirement("R-00-28")
def test_nothing_is_missing_where_every_kind_is_there() -> None:
    assert [] == archive.missing_kinds(EVERYTHING, REQUIRED)
    assert ["来源工单"] == archive.missing_kinds(EVERYTHING[1:], REQUIRED)


def test_a_retention_the_rules_do_not_know_is_refused(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        with pytest.raises(errors.Invalid):
            archive.file(work, matter, vault, retention="5年", person="archivist")


def test_a_concluded_matter_leaves_nothing_that_reminds_of_it(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = concluded(work, vault, call)
        job = engine_tables.job.c
        keys = set(
            work.connection.scalars(
                sa.select(job.key).where(job.key.startswith("ladder:matter:"))
            )
        )

    assert set() == keys
    assert "OFF" == matter.light


def test_a_matter_concluded_late_says_by_how_much(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(
            work,
            vault,
            assigned_on="2026-04-20",
            required_on="2026-04-24",
            required_workdays=None,
        )
        ended = matters.end(work, matter, "CANCELLED")

    assert date(2026, 4, 24) == work.calendar.local_date(ended.due_at)
    assert (5, 3) == (ended.late_days, ended.late_workdays)
