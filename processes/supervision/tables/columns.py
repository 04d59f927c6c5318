"""The columns that many tables of the records share."""

import sqlalchemy as sa

from engine import database


def key() -> sa.Column[int]:
    """Return the id of a record."""
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def of_matter(*, nullable: bool = False) -> sa.Column[int]:
    """Return the matter a record belongs to."""
    return sa.Column(
        "matter_id", sa.ForeignKey("matter.id"), nullable=nullable, index=True
    )


def of_undertaking(*, nullable: bool = False) -> sa.Column[int]:
    """Return the undertaking a record belongs to."""
    return sa.Column(
        "undertaking_id",
        sa.ForeignKey("undertaking.id"),
        nullable=nullable,
        index=True,
    )


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Return a moment, UTC."""
    return sa.Column(name, database.UTCDateTime, nullable=nullable)


def flag(name: str) -> sa.Column[bool]:
    """Return a mark that is off unless somebody sets it."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def signature() -> tuple[sa.Column[object], ...]:
    """Who, for whom, when: the columns of everything that a person decides."""
    return (
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("on_behalf_of", sa.Text),
        moment("at"),
    )
