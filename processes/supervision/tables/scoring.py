"""The tables of scores, of conclusions and what is decided on them, append-only."""

import sqlalchemy as sa

from engine import tables
from processes.supervision.tables import columns

#: Points are kept in tenths, because half a point must be exact on every database.
TENTHS = 10

score_entry = sa.Table(
    "score_entry",
    tables.metadata,
    columns.key(),
    #: What happened, once for each event: entering it again changes nothing.
    sa.Column("event_key", sa.Text, nullable=False, unique=True),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    columns.of_matter(nullable=True),
    sa.Column("undertaking_id", sa.ForeignKey("undertaking.id"), index=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Text, nullable=False),
    #: Rules of one family share a cap for each undertaking (单件封顶).
    sa.Column("family", sa.Text, nullable=False),
    #: The measure and its clause, as they stood when the points were given.
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("points_tenths", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("corrects_id", sa.ForeignKey("score_entry.id")),
    #: The process instance in which the unit is heard.
    sa.Column("instance_id", sa.Text),
    columns.moment("at"),
)

score_decision = sa.Table(
    "score_decision",
    tables.metadata,
    columns.key(),
    sa.Column("entry_id", sa.ForeignKey("score_entry.id"), nullable=False, index=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    #: None when the unit kept silent until its time was over.
    sa.Column("person", sa.Text),
    sa.Column("on_behalf_of", sa.Text),
    columns.moment("at"),
)

#: The units a circular was sent to: they may read it, and its matter, since then.
circular_recipient = sa.Table(
    "circular_recipient",
    tables.metadata,
    sa.Column("circular_id", sa.ForeignKey("circular.id"), primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True, index=True),
)

conclusion = sa.Table(
    "conclusion",
    tables.metadata,
    columns.key(),
    #: The matter of the conclusion itself; the matter it is about is its parent.
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    sa.Column("unit", sa.Text, nullable=False, index=True),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("received_on", sa.Date),
    *columns.signature(),
)

conclusion_review = sa.Table(
    "conclusion_review",
    tables.metadata,
    columns.key(),
    sa.Column(
        "conclusion_id", sa.ForeignKey("conclusion.id"), nullable=False, unique=True
    ),
    sa.Column("grounds", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("applied_by", sa.Text, nullable=False),
    columns.moment("applied_at"),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("reviewer", sa.Text),
    sa.Column("decision", sa.Text),
    sa.Column("reasons", sa.Text),
    columns.moment("decided_at", nullable=True),
)
