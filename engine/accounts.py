"""Passwords, the lock-out after wrong ones, and the record of who signed in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta

import argon2
import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import tables

LARGEST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
KINDS_OF_CHARACTERS = 3

_hasher = argon2.PasswordHasher()
#: Verified where there is no account, so that both answers take the same time.
_NOBODY = _hasher.hash("nobody has this password")


@dataclass(frozen=True)
class Account:
    """What signing in needs of a person; ``version`` changes with the password."""

    person: str
    name: str
    active: bool
    password_hash: str | None

    @property
    def version(self) -> str:
        """Return a digest by which sessions notice a changed password."""
        return hashlib.sha256((self.password_hash or "").encode()).hexdigest()[:16]


def account(connection: sa.Connection, person: str) -> Account | None:
    """Return the account of a person, or None where there is none."""
    known = tables.person.c
    query = sa.select(known.id, known.name, known.active, known.password_hash)
    row = connection.execute(query.where(known.id == person)).one_or_none()
    return Account(row.id, row.name, row.active, row.password_hash) if row else None


def verify(account: Account | None, password: str) -> bool:
    """Return whether the password opens the account; as slow for no account at all."""
    known = account is not None and account.active and account.password_hash
    try:
        _hasher.verify(
            (account.password_hash if account and known else None) or _NOBODY,
            password[: LONGEST_PASSWORD + 1],
        )
    except argon2.exceptions.VerificationError:
        return False
    return bool(known)


def locked(connection: sa.Connection, person: str, now: datetime) -> bool:
    """Return whether five wrong passwords in a row shut the account just now."""
    table = tables.sign_in
    latest = connection.execute(
        sa.select(table.c.outcome, table.c.at)
        .where(table.c.account == _recorded(connection, person))
        .where(table.c.outcome != "locked")
        .order_by(table.c.id.desc())
        .limit(LARGEST_FAILURES)
    ).all()
    return (
        len(latest) == LARGEST_FAILURES
        and all(row.outcome == "refused" for row in latest)
        and now < latest[0].at + LOCKED_FOR
        and latest[0].at - latest[-1].at <= LOCKED_FOR
    )


def record_sign_in(work: handlers.Work, person: str, outcome: str) -> None:
    """Write that somebody was accepted, refused or found locked."""
    work.connection.execute(
        sa.insert(tables.sign_in).values(
            account=_recorded(work.connection, person), at=work.now(), outcome=outcome
        )
    )


def change_password(work: handlers.Work, person: str, wanted: str) -> None:
    """Replace the password; raises Invalid(fields={"new": …}) for a weak one."""
    require_strong(person, wanted)
    work.connection.execute(
        sa.update(tables.person)
        .where(tables.person.c.id == person)
        .values(password_hash=hash_password(wanted))
    )


def hash_password(password: str) -> str:
    """Return the argon2id hash to be stored."""
    return _hasher.hash(password)


def require_strong(person: str, password: str) -> None:
    """Raise Invalid unless the password is long and mixed and not the account name."""
    kinds = sum(
        any(test(character) for character in password)
        for test in (str.islower, str.isupper, str.isdigit, _is_symbol)
    )
    refusals = []
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        refusals.append(f"密码须为 {SHORTEST_PASSWORD} 至 {LONGEST_PASSWORD} 个字符。")
    if kinds < KINDS_OF_CHARACTERS:
        refusals.append("密码须含大写字母、小写字母、数字、符号中的三种。")
    if person.lower() in password.lower():
        refusals.append("密码不能包含账号。")
    if refusals:
        raise errors.Invalid("新密码不符合要求。", fields={"new": refusals})


def _is_symbol(character: str) -> bool:
    return not character.isalnum()


def _recorded(connection: sa.Connection, person: str) -> str:
    """Return what the record names: people type passwords into the account field."""
    if account(connection, person):
        return person
    return "?" + hashlib.sha256(person.encode()).hexdigest()[:16]
