"""Requests that may come again: the second time they get the first answer."""

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine import database
from engine import errors
from engine import tables


class KeyReused(errors.Invalid):
    """这个 Idempotency-Key 已用于另一份内容，请换一个。"""


class UnderWay(errors.Conflict):
    """同一请求正在处理，请稍后用同一个 Idempotency-Key 再试。"""


def recall(connection: sa.Connection, key: str, request: object) -> Any | None:
    """Return the answer once given to the request with this key, or None.

    Raises KeyReused where the key came with another request.
    """
    known = tables.idempotency.c
    row = connection.execute(
        sa.select(known.request_hash, known.response).where(known.key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.request_hash != _digest(request):
        raise KeyReused(key=key)
    return row.response


def remember(
    connection: sa.Connection, key: str, request: object, answer: object, at: datetime
) -> None:
    """Keep the answer; raises UnderWay where another transaction was first."""
    try:
        with connection.begin_nested():
            connection.execute(
                sa.insert(tables.idempotency).values(
                    key=key,
                    request_hash=_digest(request),
                    response=answer,
                    created_at=at,
                )
            )
    except IntegrityError as error:
        raise UnderWay(key=key) from error


def _digest(request: object) -> str:
    return hashlib.sha256(database.canonical(request)).hexdigest()
