"""Completions, comparisons with the plan, adjusted targets, values of indicators."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "completion",
        _id(),
        _reference("undertaking_id"),
        sa.Column("indicator_value", sa.Text(), nullable=True),
        sa.Column("investment", sa.Text(), nullable=True),
        sa.Column("visible_progress", sa.Text(), nullable=True),
        sa.Column("milestones_done", sa.Integer(), nullable=True),
        *_signature(),
        *_constraints("completion", "undertaking"),
    )
    op.create_table(
        "comparison",
        _id(),
        _reference("matter_id"),
        _reference("mandate_id"),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("actual", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.Column("consecutive", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        *_constraints("comparison", "matter", "mandate"),
        sa.UniqueConstraint(
            "mandate_id", "period", name=op.f("uq_comparison_mandate_id_period")
        ),
    )
    op.create_table(
        "target_adjustment",
        _id(),
        _reference("matter_id"),
        _reference("mandate_id"),
        sa.Column("indicator", Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", UTCDateTime(), nullable=True),
        *_signature(),
        *_constraints("target_adjustment", "matter", "mandate"),
    )
    op.create_table(
        "indicator_value",
        _id(),
        _reference("matter_id"),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("actual", sa.Text(), nullable=False),
        sa.Column("frozen_at", UTCDateTime(), nullable=True),
        *_signature(),
        *_constraints("indicator_value", "matter"),
        sa.UniqueConstraint(
            "matter_id",
            "indicator",
            "unit",
            "month",
            name=op.f("uq_indicator_value_matter_id_indicator_unit_month"),
        ),
    )
    for table, column in (
        ("completion", "undertaking_id"),
        ("comparison", "matter_id"),
        ("target_adjustment", "matter_id"),
        ("target_adjustment", "mandate_id"),
        ("indicator_value", "matter_id"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), autoincrement=True, nullable=False)


def _reference(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _signature() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
    )


def _constraints(table: str, *others: str) -> tuple[sa.Constraint, ...]:
    """Return the primary key of a table and its references to others."""
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [f"{other}_id"],
                [f"{other}.id"],
                name=op.f(f"fk_{table}_{other}_id"),
            )
            for other in others
        ),
    )
