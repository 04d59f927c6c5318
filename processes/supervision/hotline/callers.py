"""Who called the hotline: kept encrypted, shown to few, and every look recorded.

A caller's data never becomes a variable, history, a document or a statistic
(domain §2.8 诉求人信息).
"""

import os
from dataclasses import dataclass

import orjson
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine import errors
from engine import handlers
from engine import people
from processes.supervision import access
from processes.supervision import tables

NONCE_BYTES = 12
#: Seven digits are the shortest number of a telephone; less occurs by chance.
SHORTEST_PHONE = 7
OFFICE_ROLES = ("dc_registrar", "dc_officer")


class Unreadable(errors.Refused):
    """诉求人信息无法解密，请系统管理员核对密钥。"""


@dataclass(frozen=True)
class Caller:
    """Who called: the office may need to ring back."""

    name: str
    phone: str
    address: str = ""


@dataclass(frozen=True)
class MaskedCaller:
    """A caller as lists show him: `张*`, `138****1234`."""

    name: str
    phone: str
    hidden_from_units: bool


class Vault:
    """Seals callers' data with AES-256-GCM under a key derived from the secret."""

    def __init__(self, secret_key: str) -> None:
        """Derive the key by HKDF-SHA256, so that it serves this purpose only."""
        key = HKDF(hashes.SHA256(), 32, salt=None, info=b"ducha caller data")
        self._cipher = AESGCM(key.derive(secret_key.encode()))

    def seal(self, caller: Caller, matter_id: int) -> bytes:
        """Return the sealed data; it opens for this matter only."""
        nonce = os.urandom(NONCE_BYTES)
        plain = orjson.dumps(caller)
        return nonce + self._cipher.encrypt(nonce, plain, _bound_to(matter_id))

    def open(self, sealed: bytes, matter_id: int) -> Caller:
        """Return the caller, or raise `Unreadable`: another key, or tampered data."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, body, _bound_to(matter_id))
        except InvalidTag as error:
            raise Unreadable(matter_id=matter_id) from error
        return Caller(**orjson.loads(plain))


def keep(
    connection: sa.Connection,
    vault: Vault,
    matter_id: int,
    caller: Caller,
    *,
    hidden_from_units: bool,
) -> None:
    """Store the caller of a matter, sealed, with the masked forms for lists."""
    connection.execute(
        tables.caller.insert().values(
            matter_id=matter_id,
            sealed=vault.seal(caller, matter_id),
            masked_name=mask_name(caller.name),
            masked_phone=mask_phone(caller.phone),
            hidden_from_units=hidden_from_units,
        )
    )


def masked(connection: sa.Connection, matter_id: int) -> MaskedCaller | None:
    """Return the masked caller of a matter; None where the ticket named nobody."""
    row = connection.execute(
        sa.select(tables.caller).where(tables.caller.c.matter_id == matter_id)
    ).one_or_none()
    if row is None:
        return None
    return MaskedCaller(row.masked_name, row.masked_phone, row.hidden_from_units)


def look(
    work: handlers.Work,
    vault: Vault,
    matter_id: int,
    identity: people.Identity,
    *,
    reason: str,
) -> Caller:
    """Return the caller's data to one who may see it, and record the look.

    Only the registrars and officers of the supervision office and the assigned
    handler of an undertaking may; of a denunciation (举报) no unit may. Raise
    `Forbidden` otherwise, `Invalid` without a reason.
    """
    row = work.connection.execute(
        sa.select(tables.caller)
        .join(tables.matter, tables.matter.c.id == tables.caller.c.matter_id)
        .where(tables.caller.c.matter_id == matter_id, access.visible(identity))
    ).one_or_none()
    if row is None:
        raise errors.NotFound(matter_id=matter_id)
    if not may_look(work.connection, matter_id, identity):
        raise errors.Forbidden(
            "诉求人信息只有登记岗、督查专员和承办专人可以查看。（R-05-06）",
            matter_id=matter_id,
        )
    if not reason.strip():
        raise errors.Invalid(
            "查看诉求人信息须写明事由。", fields={"reason": ["请写明事由。"]}
        )
    work.connection.execute(
        tables.caller_look.insert().values(
            matter_id=matter_id,
            person=identity.person,
            reason=reason.strip(),
            at=work.now(),
        )
    )
    return vault.open(bytes(row.sealed), matter_id)


def may_look(
    connection: sa.Connection, matter_id: int, identity: people.Identity
) -> bool:
    """Whether the person may see the caller's data of a matter he may see."""
    if access.holds(identity, *OFFICE_ROLES):
        return True
    undertaking = tables.undertaking.c
    assigned = (
        sa.select(undertaking.id)
        .join(tables.caller, tables.caller.c.matter_id == undertaking.matter_id)
        .where(
            undertaking.matter_id == matter_id,
            undertaking.handler == identity.person,
            # Whoever handed the matter over has no call to ring anybody.
            undertaking.state != "REASSIGNED",
            tables.caller.c.hidden_from_units.is_(False),
        )
    )
    return connection.execute(assigned).first() is not None


def mentions(
    connection: sa.Connection, vault: Vault, matter_id: int, text: str
) -> bool:
    """Whether a text gives away the caller's telephone number.

    A name or an address may rightly occur: others are called so, and a road where
    the caller lives may be what the matter is about.
    """
    sealed = connection.scalar(
        sa.select(tables.caller.c.sealed).where(tables.caller.c.matter_id == matter_id)
    )
    if sealed is None:
        return False
    phone = vault.open(bytes(sealed), matter_id).phone
    return len(phone) >= SHORTEST_PHONE and phone in text


def mask_name(name: str) -> str:
    """Return the name with all but its first character starred."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_phone(phone: str) -> str:
    """Return the number with its middle starred; a short one wholly."""
    if len(phone) < 8:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def _bound_to(matter_id: int) -> bytes:
    return b"matter %d" % matter_id
