"""The tables of plans and what became of them: completions, comparisons, indicators.

Figures are kept as decimal texts, because 0.1 must be exact on every database.
"""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns

#: What a unit says in figures beside the words of its report; the newest counts.
completion = sa.Table(
    "completion",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("indicator_value", sa.Text),
    #: In 万元.
    sa.Column("investment", sa.Text),
    sa.Column("visible_progress", sa.Text),
    sa.Column("milestones_done", sa.Integer),
    *columns.signature(),
)

#: Plan and completion of a mandate in one period, as they stood when compared.
comparison = sa.Table(
    "comparison",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("mandate_id", sa.ForeignKey("mandate.id"), nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("planned", sa.Text, nullable=False),
    sa.Column("actual", sa.Text),
    sa.Column("verdict", sa.Text, nullable=False),
    #: Milestones behind the plan, and how many periods in a row it was behind.
    sa.Column("behind", sa.Integer, nullable=False),
    sa.Column("consecutive", sa.Integer, nullable=False),
    columns.moment("at"),
    sa.UniqueConstraint("mandate_id", "period"),
)

#: A unit's request for another target; the mandate keeps the original one.
target_adjustment = sa.Table(
    "target_adjustment",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("mandate_id", sa.ForeignKey("mandate.id"), nullable=False, index=True),
    #: As in mandate.indicator.
    sa.Column("indicator", database.Json, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    columns.moment("granted_at", nullable=True),
    *columns.signature(),
)

indicator_value = sa.Table(
    "indicator_value",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("indicator", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("actual", sa.Text, nullable=False),
    #: From then on it is what the chart shows.
    columns.moment("frozen_at", nullable=True),
    *columns.signature(),
    sa.UniqueConstraint("matter_id", "indicator", "unit", "month"),
)
