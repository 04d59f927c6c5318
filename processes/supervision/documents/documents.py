"""Documents (文书): registered when they are issued, printed afterwards.

What a document says is frozen as JSON in the transaction that issues it. It is
printed outside of any transaction, by the outbox or when someone asks first; the
same data and template give the same pages.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from typing import Protocol

import sqlalchemy as sa
import typst

from engine import database
from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from processes import fonts
from processes.supervision import access
from processes.supervision import tables
from processes.supervision.documents import docx
from processes.supervision.matters import matters

#: Templates are named by their path in the deployment that brought them.
SUFFIX = ".typ"
#: What templates of all procedures may import.
SHARED = "common/documents/"
CHANNEL = "document"
#: HTML has no word for these: they are said by classes, which the docx reads.
WORDS_NAME = "words-of-a-document.typ"
WORDS = """
#let stood(it) = html.elem("div", attrs: (class: repr(it.alignment)), it.body)
#show align: stood
#show place: stood
#show grid: it => html.elem(
  "p",
  attrs: (class: "row"),
  it.children.map(one => html.elem("span", one.body)).join(),
)
#include sys.inputs.template
"""

#: What every unit of a matter may read; letters are for the unit they are sent to.
SHOWN_TO_UNITS = (
    "HOTLINE_NOTICE",
    "SUP_NOTICE",
    "DECOMPOSE_DOC",
    "HANDOVER_NOTICE",
    "HANDOVER_LIST",
    "WATCH_NOTICE",
    "BULLETIN",
    "IMPORTANT_BULLETIN",
    "CONCLUSION",
    "REVIEW_DECISION",
    "REVIEW_EXPIRED",
    "PLAN",
    "THREE_LISTS",
)
TYPE_LABELS = {
    "HOTLINE_NOTICE": "督促查办事项通知单",
    "URGE_NOTICE": "督查催办通知",
    "SUPPLEMENTARY": "补充归档材料",
}


def kind(type: str, title: str) -> str:
    """Return how a type of document is called: by the register, else by its title."""
    return TYPE_LABELS.get(type) or title.partition("（")[0]


class NotPrintable(errors.DuchaError):
    """文书模板有错，无法生成。"""


class Door(Protocol):
    """The engine's door, as far as printing needs it."""

    def begin(self) -> AbstractContextManager[handlers.Work]:
        """Open a transaction that commits at its end."""
        ...

    def read(self) -> AbstractContextManager[sa.Connection]:
        """Open a connection for queries."""
        ...


@dataclass(frozen=True)
class Document:
    """An entry of the register; `sha256` is of the printed PDF, None before."""

    id: int
    matter_id: int
    undertaking_id: int | None
    type: str
    number: str
    version: int
    year: int
    title: str
    template: str | None
    data_sha256: str
    sha256: str | None
    created_by: str | None
    created_at: datetime
    rendered_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None


_REGISTER = [
    column for column in tables.document.c if column.name not in ("data", "content")
]


def register(
    work: handlers.Work,
    *,
    matter: matters.Matter,
    type: str,
    number: str,
    title: str,
    data: Mapping[str, object],
    template: str | None,
    undertaking_id: int | None = None,
    person: str | None = None,
) -> Document:
    """Enter a document with its frozen data, and have it printed after the commit.

    The same type and number again is the next version. A document without a
    template is its data alone.
    """
    frozen = database.canonical(data)
    document = tables.document.c
    version = work.connection.scalar(
        sa.select(sa.func.coalesce(sa.func.max(document.version), 0) + 1).where(
            document.type == type, document.number == number
        )
    )
    row = work.connection.execute(
        tables.document.insert()
        .values(
            matter_id=matter.id,
            undertaking_id=undertaking_id,
            type=type,
            number=number,
            version=version,
            year=work.calendar.local_date(work.now()).year,
            title=title,
            template=template,
            data=frozen,
            data_sha256=hashlib.sha256(frozen).hexdigest(),
            created_by=person,
            created_at=work.now(),
        )
        .returning(*_REGISTER)
    ).one()
    if template is not None:
        work.send(CHANNEL, str(row.id), {}, key=f"document:{row.id}")
    return Document(**row._mapping)


def of_matter(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> list[Document]:
    """Return the documents of a matter to one who may see it, the first one first.

    A unit sees the notice and the letters of its own undertakings only.
    """
    rows = connection.execute(
        sa.select(*_REGISTER)
        .join(tables.matter)
        .where(tables.document.c.matter_id == matter_id, readable(identity))
        .order_by(tables.document.c.id)
    )
    return [Document(**row._mapping) for row in rows]


def get(
    connection: sa.Connection, identity: people.Identity, document_id: int
) -> Document:
    """Return the entry of a document to one who may read it."""
    row = connection.execute(
        sa.select(*_REGISTER)
        .join(tables.matter)
        .where(tables.document.c.id == document_id, readable(identity))
    ).one_or_none()
    if row is None:
        raise errors.NotFound(document_id=document_id)
    return Document(**row._mapping)


def pdf(door: Door, identity: people.Identity, document_id: int) -> bytes:
    """Return the PDF of a document to one who may see it, printing it if need be."""
    with door.read() as connection:
        _readable_row(connection, identity, document_id)
    return print_once(door, document_id)


def word_file(door: Door, identity: people.Identity, document_id: int) -> bytes:
    """Return the document as docx to one who may read its PDF (R-02-02).

    It is made anew from the frozen data each time, and says what the PDF says.
    """
    with door.read() as connection:
        row = _readable_row(connection, identity, document_id)
        files = template_files(connection, row.template)
    html = render(files, row.template, row.data, created_at=row.created_at, html=True)
    return docx.write(html.decode(), title=row.title, created_at=row.created_at)


def print_once(door: Door, document_id: int) -> bytes:
    """Return the PDF, printing and storing it the first time.

    The printing lies between two transactions. Where two print at once, the pages
    stored first stay.
    """
    with door.read() as connection:
        row = _row(connection, document_id)
        if row.content is not None:
            return bytes(row.content)
        files = template_files(connection, row.template)
    pages = render(files, row.template, row.data, created_at=row.created_at)
    with door.begin() as work:
        work.connection.execute(
            tables.document.update()
            .where(
                tables.document.c.id == document_id,
                tables.document.c.content.is_(None),
            )
            .values(
                content=pages,
                sha256=hashlib.sha256(pages).hexdigest(),
                rendered_at=work.now(),
            )
        )
        return bytes(_row(work.connection, document_id).content)


def render(
    files: Mapping[str, bytes],
    template: str,
    data: bytes,
    *,
    created_at: datetime,
    html: bool = False,
) -> bytes:
    """Return the PDF, or the HTML, of a template filled with JSON data.

    `template` is one of these files. HTML has the words and not the page.
    The data reaches the template as one text that it parses: nothing in it is ever
    markup. A template reads nothing but these files. Raise `NotPrintable` where the
    template has a fault.
    """
    with tempfile.TemporaryDirectory(prefix="ducha-document-") as folder:
        root = Path(folder)
        for name, content in files.items():
            path = root / name
            if not path.resolve().is_relative_to(root.resolve()):
                raise NotPrintable(template=template)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if html:
            main = root / WORDS_NAME
            main.write_text(WORDS, encoding="utf-8")
        else:
            main = root / template
        try:
            pages = typst.compile(
                main,
                root=root,
                font_paths=fonts.font_paths(),
                ignore_system_fonts=True,
                format="html" if html else "pdf",
                sys_inputs={
                    "data": data.decode(),
                    "format": "html" if html else "pdf",
                    "template": f"/{template}",
                },
                timestamp=created_at.replace(microsecond=0),
            )
        except typst.TypstError as error:
            raise NotPrintable(
                f"文书模板“{template}”无法生成：{error.message}", template=template
            ) from error
    if not isinstance(pages, bytes):
        raise NotPrintable(template=template)
    return pages


def template_files(connection: sa.Connection, template: str) -> dict[str, bytes]:
    """Return a template as it was deployed last, and what templates share.

    Raise `NotPrintable` where no deployment brought it.
    """
    resource, deployment = engine_tables.resource.c, engine_tables.deployment.c
    rows = connection.execute(
        sa.select(resource.name, resource.content)
        .join(engine_tables.deployment, deployment.id == resource.deployment_id)
        .where(
            (resource.name == template)
            | resource.name.startswith(SHARED, autoescape=True)
        )
        .order_by(deployment.number.desc())
    )
    found: dict[str, bytes] = {}
    for row in rows:
        found.setdefault(row.name, bytes(row.content))
    if template not in found:
        raise NotPrintable(f"没有部署文书模板“{template}”。", template=template)
    return {name: content for name, content in found.items() if name.endswith(SUFFIX)}


def faults(name: str, content: bytes) -> list[str]:
    """Return what is wrong with a template that is to be deployed."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return ["文书模板应为 UTF-8 文本。"]
    return []


def _row(connection: sa.Connection, document_id: int) -> sa.Row[tuple[object, ...]]:
    row = connection.execute(
        sa.select(tables.document).where(tables.document.c.id == document_id)
    ).one_or_none()
    if row is None:
        raise errors.NotFound(document_id=document_id)
    return row


def _readable_row(
    connection: sa.Connection, identity: people.Identity, document_id: int
) -> sa.Row[*tuple[Any, ...]]:
    row = connection.execute(
        sa.select(tables.document)
        .join(tables.matter)
        .where(
            tables.document.c.id == document_id,
            tables.document.c.template.is_not(None),
            readable(identity),
        )
    ).one_or_none()
    if row is None:
        raise errors.NotFound(document_id=document_id)
    return row


def readable(identity: people.Identity) -> sa.ColumnElement[bool]:
    """Return the condition on `document` and its `matter` for who may read it."""
    whole_matter = access.holds(identity, *access.OVERSEERS)
    if whole_matter:
        return access.visible(identity)
    own = sa.exists().where(
        tables.undertaking.c.id == tables.document.c.undertaking_id,
        tables.undertaking.c.unit.in_(sorted(identity.units)),
    )
    return sa.and_(
        access.visible(identity),
        sa.or_(
            tables.document.c.type.in_(SHOWN_TO_UNITS), own, access.granted(identity)
        ),
    )
