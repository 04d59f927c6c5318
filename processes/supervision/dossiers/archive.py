"""Archive (归档): the volume of a matter, its four qualities, and its filing."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import database
from engine import errors
from engine import handlers
from engine import tables as engine_tables
from processes.supervision import numbers
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.documents import documents
from processes.supervision.escalation import urges
from processes.supervision.hotline import callers
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.supervision.matters import registration
from processes.supervision.matters import sources
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import reviews
from processes.supervision.undertakings import undertakings

RETENTIONS = tuple(numbers.RETENTION_CODES)
SUPPLEMENTARY = "SUPPLEMENTARY"
PDF_BEGINS, PDF_ENDS = b"%PDF-", b"%%EOF"


class Incomplete(errors.Refused):
    """案卷还不能归档。（R-00-28）"""


@dataclass(frozen=True)
class Item:
    """One paper of the volume; the digest is of its content."""

    kind: str
    title: str
    sha256: str


@dataclass(frozen=True)
class Finding:
    """What examining one of the four qualities found (DA/T 70-2018)."""

    quality: str
    passed: bool
    message: str


@dataclass(frozen=True)
class Volume:
    """The volume of a matter; its number (档号) is given when it is filed."""

    id: int
    matter_id: int
    volume_no: str | None
    year: int
    retention: str | None
    items: tuple[Item, ...]
    findings: tuple[Finding, ...]
    compiled_at: datetime
    filed_at: datetime | None
    filed_by: str | None


def compile(
    work: handlers.Work, matter: matters.Matter, vault: callers.Vault
) -> Volume:
    """Gather the papers of a matter into its volume and examine it; again if asked.

    Raise `Incomplete` once the volume is filed: then nothing in it changes.
    """
    old = of_matter(work.connection, matter.id)
    if old is not None and old.filed_at is not None:
        raise Incomplete("案卷已经归档，不能再改。（R-00-28）", matter=matter.number)
    items = _items(work.connection, matter)
    findings = examine(work.connection, matter, items, vault)
    values = {
        "year": work.calendar.local_date(work.now()).year,
        "items": [asdict(item) for item in items],
        "findings": [asdict(finding) for finding in findings],
        "compiled_at": work.now(),
    }
    volume = tables.archive_volume
    if old is None:
        work.connection.execute(volume.insert().values(matter_id=matter.id, **values))
    else:
        work.connection.execute(
            volume.update().where(volume.c.id == old.id).values(**values)
        )
    return _volume(work.connection, matter.id)


def supplement(
    work: handlers.Work, matter: matters.Matter, text: str, *, person: str
) -> None:
    """Add an explanation to the papers: it stands for what cannot be had any more."""
    documents.register(
        work,
        matter=matter,
        type=SUPPLEMENTARY,
        number=matter.number,
        title="补件说明",
        data={"text": text, "person": person},
        template=None,
        person=person,
    )


def file(
    work: handlers.Work,
    matter: matters.Matter,
    vault: callers.Vault,
    *,
    retention: str,
    person: str,
) -> Volume:
    """File the volume under a number of its own; raise `Incomplete` if it is unsound.

    All four qualities are examined anew, against what was gathered before.
    """
    if retention not in RETENTIONS:
        raise errors.Invalid(
            fields={
                "retention": [f"保管期限只能是{'、'.join(RETENTIONS)}。（R-00-28）"]
            }
        )
    before = _volume(work.connection, matter.id)
    _require_unchanged(before, _items(work.connection, matter))
    volume = compile(work, matter, vault)
    failed = [one.message for one in volume.findings if not one.passed]
    if failed:
        raise Incomplete(
            f"案卷四性检测未通过：{'；'.join(failed)}请退回补件。", matter=matter.number
        )
    area = matter.number.partition("-")[0]
    serial = numbers.draw(work.connection, f"volume {area} {retention}", volume.year)
    number = numbers.volume_number(area, volume.year, retention, serial)
    work.connection.execute(
        tables.archive_volume.update()
        .where(tables.archive_volume.c.id == volume.id)
        .values(
            volume_no=number, retention=retention, filed_at=work.now(), filed_by=person
        )
    )
    matters.move(work, matter, "ARCHIVED", archived_at=work.now())
    return _volume(work.connection, matter.id)


def examine(
    connection: sa.Connection,
    matter: matters.Matter,
    items: Iterable[Item],
    vault: callers.Vault,
) -> tuple[Finding, ...]:
    """Return what examining the four qualities finds: 真实、完整、可用、安全."""
    printed = connection.execute(
        sa.select(tables.document).where(tables.document.c.matter_id == matter.id)
    ).all()
    forged = [row.title for row in printed if not _is_genuine(row)]
    required = sources.procedure_of(connection, matter).archive.get("required", ())
    missing = missing_kinds(items, required)
    explained = any(item.kind == documents.TYPE_LABELS[SUPPLEMENTARY] for item in items)
    unreadable = [
        row.title for row in printed if row.template and not _is_readable(row)
    ]
    texts = [matter.summary or "", *(bytes(row.data).decode() for row in printed)]
    exposed = any(
        callers.mentions(connection, vault, matter.id, text) for text in texts
    )
    complete = not missing or explained
    listed = f"缺少{'、'.join(missing)}" if missing else "必备件齐全"
    return (
        Finding(
            "真实性",
            not forged,
            f"{'、'.join(forged)}与登记时不一致。" if forged else "文书与登记时一致。",
        ),
        Finding(
            "完整性",
            complete,
            f"{listed}，已附补件说明。" if missing and explained else f"{listed}。",
        ),
        Finding(
            "可用性",
            not unreadable,
            f"{'、'.join(unreadable)}尚未生成或不能打开。"
            if unreadable
            else "文书均可打开。",
        ),
        Finding(
            "安全性",
            not exposed and matter.secrecy in registration.SECRECIES,
            "文书中出现诉求人联系方式。" if exposed else "无涉密内容和诉求人联系方式。",
        ),
    )


def missing_kinds(items: Iterable[Item], required: Iterable[str]) -> list[str]:
    """Return the required kinds of paper that are not there."""
    present = {item.kind for item in items}
    return [kind for kind in required if kind not in present]


def of_matter(connection: sa.Connection, matter_id: int) -> Volume | None:
    """Return the volume of a matter, if it was gathered."""
    row = connection.execute(
        sa.select(tables.archive_volume).where(
            tables.archive_volume.c.matter_id == matter_id
        )
    ).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    values["items"] = tuple(Item(**one) for one in row.items)
    values["findings"] = tuple(Finding(**one) for one in row.findings)
    return Volume(**values)


def _volume(connection: sa.Connection, matter_id: int) -> Volume:
    volume = of_matter(connection, matter_id)
    if volume is None:
        raise errors.NotFound("这一事项还没有组卷。", matter_id=matter_id)
    return volume


def _items(connection: sa.Connection, matter: matters.Matter) -> tuple[Item, ...]:
    """Return the papers in the order in which they came about."""
    items = [_source(connection, matter)]
    for version in proposals.of_matter(connection, matter.id):
        items.append(_item("拟办意见", f"第{version.version}稿", asdict(version)))
    for opinion in opinions.of_matter(connection, matter.id):
        items.append(_item("审批意见", opinion.element_name, asdict(opinion)))
    items += [
        Item(documents.kind(row.type, row.title), row.title, row.data_sha256)
        for row in connection.execute(
            sa.select(tables.document)
            .where(tables.document.c.matter_id == matter.id)
            .order_by(tables.document.c.id)
        )
    ]
    for paper in papers.of_matter(connection, matter.id):
        title = f"{paper.title} 第{paper.version}稿"
        items.append(_item(paper.title, title, asdict(paper)))
    for circular in circulars.of_matter(connection, matter.id):
        title = circular.number or circular.title
        items.append(_item(circular.series, title, asdict(circular)))
    for undertaking in undertakings.of_matter(connection, matter.id):
        items += _papers_of(connection, undertaking)
    for one in urges.of_matter(connection, matter.id):
        items.append(_item("催办记录", f"第{one.level}次催办", asdict(one)))
    if matter.summary:
        items.append(_item("办理结果汇总", "汇总", {"summary": matter.summary}))
    if matter.receipt_no:
        receipt = {"receipt_no": matter.receipt_no, "at": matter.receipt_at}
        items.append(_item("热线室回执", matter.receipt_no, receipt))
    instance = engine_tables.instance.c
    started = connection.scalar(
        sa.select(instance.started_at).where(instance.id == matter.root_id)
    )
    if started is not None:
        # The log goes on after the volume is made; its own chain of hashes proves
        # it, so the item says which log, and not how long it was.
        items.append(_item("办理日志", "流程历史", {"root": matter.root_id}))
    return tuple(items)


def _source(connection: sa.Connection, matter: matters.Matter) -> Item:
    ticket = hotline.optional_ticket(connection, matter.id)
    if ticket is not None:
        title = f"热线工单 {ticket.ticket_no}"
        return _item("来源工单", title, {"content": ticket.content})
    told = {"title": matter.title, "source": dict(matter.source)}
    return _item("来源件", matter.source_doc_no or matter.title, told)


def _papers_of(
    connection: sa.Connection, undertaking: undertakings.Undertaking
) -> list[Item]:
    items = []
    if undertaking.assist_opinion:
        opinion = {"opinion": undertaking.assist_opinion}
        items.append(_item("协办意见", undertaking.number, opinion))
    for report in reports.of_undertaking(connection, undertaking.id):
        if report.submitted_at is not None:
            title = f"{undertaking.number} 第{report.version}稿"
            items.append(_item("办理情况报告", title, asdict(report)))
    for review in reviews.of_undertaking(connection, undertaking.id):
        verdict = reviews.VERDICTS[review.verdict]
        items.append(
            _item("审核意见", f"{undertaking.number} {verdict}", asdict(review))
        )
    return items


def _item(kind: str, title: str, content: object) -> Item:
    digest = hashlib.sha256(database.canonical(content)).hexdigest()
    return Item(kind, title, digest)


def _require_unchanged(volume: Volume, now: tuple[Item, ...]) -> None:
    changed = [item for item in volume.items if item not in now]
    if changed:
        raise Incomplete(
            f"组卷后有材料被改动：{'、'.join(item.title for item in changed)}。",
            matter_id=volume.matter_id,
        )


def _is_genuine(row: sa.Row[tuple[object, ...]]) -> bool:
    if hashlib.sha256(bytes(row.data)).hexdigest() != row.data_sha256:
        return False
    if row.content is None:
        return True
    return bool(hashlib.sha256(bytes(row.content)).hexdigest() == row.sha256)


def _is_readable(row: sa.Row[tuple[object, ...]]) -> bool:
    if row.content is None:
        return False
    pages = bytes(row.content)
    return pages.startswith(PDF_BEGINS) and PDF_ENDS in pages[-1024:]
