"""The tables of suggestions and proposals: who made them, replies, what they said.

Replies, contacts and answers are append-only; a reply sent again is another row.
"""

import sqlalchemy as sa

from engine import database
from engine import tables
from processes.supervision.tables import columns

#: A suggestion (建议) of deputies or a proposal (提案) of members of the CPPCC.
deputy_proposal = sa.Table(
    "deputy_proposal",
    tables.metadata,
    columns.key(),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    #: The congress and its session, as 十六届五次.
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    #: The year whose volume gathers the replies (R-01-31).
    sa.Column("year", sa.Integer, nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),
    columns.flag("key_proposal"),
    sa.UniqueConstraint("kind", "level", "session", "number"),
)

#: Who made it, the leader (领衔人) first; each is answered apart.
proposer = sa.Table(
    "proposer",
    tables.metadata,
    columns.key(),
    sa.Column(
        "deputy_proposal_id",
        sa.ForeignKey("deputy_proposal.id"),
        nullable=False,
    ),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.UniqueConstraint("deputy_proposal_id", "place"),
    sa.UniqueConstraint("deputy_proposal_id", "name"),
)

#: The meeting at which units are handed their suggestions (交办会议).
handover_meeting = sa.Table(
    "handover_meeting",
    tables.metadata,
    columns.key(),
    sa.Column("held_on", sa.Date, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("expected", sa.Integer, nullable=False),
    sa.Column("attended", sa.Integer, nullable=False),
    *columns.signature(),
    sa.UniqueConstraint("held_on", "place"),
)

#: Who took the list of a matter for his unit at the meeting (清单签收).
handover_receipt = sa.Table(
    "handover_receipt",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column(
        "meeting_id", sa.ForeignKey("handover_meeting.id"), nullable=False, index=True
    ),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("received_by", sa.Text, nullable=False),
    sa.UniqueConstraint("matter_id", "meeting_id", "unit"),
)

#: What a report says as a reply: one row for each version of the report.
reply = sa.Table(
    "reply",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column(
        "report_id", sa.ForeignKey("progress_report.id"), nullable=False, unique=True
    ),
    sa.Column("result", sa.String(1), nullable=False),
    #: When a B is to be answered again (承诺日).
    sa.Column("promised_on", sa.Date),
    sa.Column("public", sa.Boolean, nullable=False),
    sa.Column("contact_name", sa.Text, nullable=False),
    sa.Column("contact_phone", sa.Text, nullable=False),
    columns.moment("sent_at", nullable=True),
    sa.CheckConstraint("result IN ('A', 'B', 'C')", name="result"),
)

#: A reply sent to one proposer, and what he said of it.
survey = sa.Table(
    "survey",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("reply_id", sa.ForeignKey("reply.id"), nullable=False),
    sa.Column("proposer_id", sa.ForeignKey("proposer.id"), nullable=False),
    sa.Column("document_id", sa.ForeignKey("document.id"), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    columns.moment("sent_at"),
    columns.moment("due_at"),
    #: SATISFIED, BASICALLY, DISSATISFIED or NOT_EVALUATED; None while it is open.
    sa.Column("answer", sa.Text),
    sa.Column("comment", sa.Text),
    sa.Column("person", sa.Text),
    columns.moment("answered_at", nullable=True),
    sa.UniqueConstraint("reply_id", "proposer_id"),
)

#: The written explanation to the proposers that goes before an extension.
explanation = sa.Table(
    "explanation",
    tables.metadata,
    columns.key(),
    columns.of_undertaking(),
    sa.Column("explained_on", sa.Date, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    *columns.signature(),
)

#: A B reply that is followed until its promised day, as a matter of its own.
tracking = sa.Table(
    "tracking",
    tables.metadata,
    columns.key(),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    sa.Column("reply_id", sa.ForeignKey("reply.id"), nullable=False, unique=True),
    sa.Column("promised_on", sa.Date, nullable=False),
)

#: How the standing committee scored the year's work (R-03-21).
evaluation = sa.Table(
    "evaluation",
    tables.metadata,
    columns.key(),
    columns.of_matter(),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("score_tenths", sa.Integer, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    *columns.signature(),
    sa.UniqueConstraint("year", "subject"),
)

#: The volume of a year's replies and what it lacked when last compiled (R-01-31).
annual_volume = sa.Table(
    "annual_volume",
    tables.metadata,
    columns.key(),
    sa.Column("year", sa.Integer, nullable=False, unique=True),
    sa.Column("matter_id", sa.ForeignKey("matter.id"), nullable=False, unique=True),
    sa.Column("replies", database.Json, nullable=False),
    sa.Column("missing", database.Json, nullable=False),
    columns.moment("compiled_at"),
)
