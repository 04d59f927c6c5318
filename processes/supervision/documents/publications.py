"""Publication (公开): a document is made public with the metadata of R-02-01."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import workdays
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import tables
from processes.supervision.documents import documents

RULE = "R-02-01"
PUBLISHERS = ("dc_chief", "go_director")
VALIDITIES = ("有效", "失效", "废止")
LABELS: Mapping[str, str] = {
    "index_number": "索引号",
    "category": "信息分类",
    "publisher": "发布机构",
    "published_at": "发布日期",
    "origin": "信息来源",
    "keywords": "关键词",
    "subject": "主题分类",
    "audience": "服务对象分类",
    "genre": "体裁分类",
    "life": "生命周期分类",
    "number": "文号",
    "validity": "有效性",
    "effective_on": "生效日期",
    "written_on": "成文日期",
    "title": "信息名称",
}
#: Empty in the metadata that the requirement was read from.
MAY_BE_EMPTY = frozenset({"origin", "keywords"})
LONGEST = 200


@dataclass(frozen=True)
class Publication:
    """What was made public, by whom, under which 索引号."""

    id: int
    document_id: int
    index_number: str
    category: str
    publisher: str
    published_at: datetime
    origin: str
    keywords: str
    subject: str
    audience: str
    genre: str
    life: str
    number: str
    validity: str
    effective_on: date
    written_on: date
    title: str
    person: str
    on_behalf_of: str | None
    at: datetime


def publish(
    work: handlers.Work,
    document_id: int,
    identity: people.Identity,
    fields: entries.Entries,
) -> Publication:
    """Make a document public; all metadata are required but 信息来源 and 关键词.

    The 发布日期 is local time to the second, `2016-06-28 15:10:33`. Raise Forbidden
    unless the chief or the director of the office publishes, NotFound for a document
    not in sight, Refused for one that is void, has no pages or is public already, and
    Invalid for metadata that are missing or an 索引号 that is taken (R-02-01).
    """
    if not access.holds(identity, *PUBLISHERS):
        raise errors.Forbidden(
            entries.ruled("公开文书须由督查室主任或者政府办主任决定。", RULE),
            document_id=document_id,
        )
    document = documents.get(work.connection, identity, document_id)
    if document.voided_at is not None or document.template is None:
        raise errors.Refused(
            entries.ruled("作废的或者没有版面的文书不能公开。", RULE),
            document_id=document_id,
        )
    if of_document(work.connection, document_id) is not None:
        raise errors.Refused(
            entries.ruled("这份文书已经公开。", RULE), document_id=document_id
        )
    values = _read(work, fields)
    if document.number != values["number"]:
        raise entries.refusal(
            "number", f"应与文书的文号“{document.number}”一致。", rule=RULE
        )
    row = work.connection.execute(
        tables.publication.insert()
        .values(
            document_id=document_id, person=identity.person, at=work.now(), **values
        )
        .returning(tables.publication)
    ).one()
    return Publication(**row._mapping)


def of_document(connection: sa.Connection, document_id: int) -> Publication | None:
    """Return how a document was made public, None where it was not."""
    row = connection.execute(
        sa.select(tables.publication).where(
            tables.publication.c.document_id == document_id
        )
    ).one_or_none()
    return None if row is None else Publication(**row._mapping)


def _read(work: handlers.Work, fields: entries.Entries) -> dict[str, object]:
    """Return the metadata as they are kept; name every field that is missing."""
    given = {key: entries.optional_text(fields, key, longest=LONGEST) for key in LABELS}
    missing = {
        key: [entries.ruled(f"请填写{LABELS[key]}。", RULE)]
        for key, value in given.items()
        if not value and key not in MAY_BE_EMPTY
    }
    if missing:
        raise errors.Invalid(fields=missing)
    entries.choice(given, "validity", VALIDITIES)
    written, effective = (
        entries.day(given, "written_on"),
        entries.day(given, "effective_on"),
    )
    published_at = _moment(given["published_at"])
    if published_at > work.now():
        raise entries.refusal("published_at", "不能晚于现在。", rule=RULE)
    if written > work.calendar.local_date(published_at):
        raise entries.refusal("written_on", "不能晚于发布日期。", rule=RULE)
    index_number = given["index_number"]
    taken = sa.select(tables.publication.c.id).where(
        tables.publication.c.index_number == index_number
    )
    if work.connection.scalar(taken) is not None:
        raise entries.refusal(
            "index_number", f"索引号“{index_number}”已经使用。", rule=RULE
        )
    return {
        **given,
        "written_on": written,
        "effective_on": effective,
        "published_at": published_at,
    }


def _moment(written: str) -> datetime:
    try:
        local = datetime.strptime(written.replace("T", " "), "%Y-%m-%d %H:%M:%S")
    except ValueError as error:
        raise entries.refusal(
            "published_at", "应精确到秒，写成 2016-06-28 15:10:33。", rule=RULE
        ) from error
    return local.replace(tzinfo=workdays.SHANGHAI)
