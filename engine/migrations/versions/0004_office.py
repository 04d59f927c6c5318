"""The whole office: drafts, mandates, feedback periods, papers, circulars."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("role = 'LEAD' AND state != 'REASSIGNED'")
PRESENT = sa.text("state != 'REASSIGNED'")
FLAGS = ("major", "comprehensive", "long_cycle", "needs_coordination")


def upgrade() -> None:
    """Add them; a proposal of a ticket becomes a proposal with one mandate."""
    _matter()
    _mandate()
    _undertaking()
    _papers()
    with op.batch_alter_table("progress_report") as table:
        table.add_column(sa.Column("conclusion", sa.Text(), nullable=True))
        table.add_column(sa.Column("actions", sa.Text(), nullable=True))
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("voided_at", UTCDateTime(), nullable=True))
        table.add_column(sa.Column("void_reason", sa.Text(), nullable=True))


def _matter() -> None:
    with op.batch_alter_table("matter") as table:
        table.alter_column("number", existing_type=sa.Text(), nullable=True)
        # What is there already are tickets of the hotline.
        table.add_column(
            sa.Column(
                "procedure",
                sa.Text(),
                nullable=False,
                server_default="proc_mayor_hotline",
            )
        )
        table.add_column(sa.Column("procedure_deployment", sa.Text(), nullable=True))
        table.add_column(sa.Column("office", sa.Text(), nullable=True))
        table.add_column(sa.Column("source_clause", sa.Text(), nullable=True))
        table.add_column(sa.Column("source_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("source_leader", sa.Text(), nullable=True))
        table.add_column(sa.Column("source_rank", sa.Text(), nullable=True))
        table.add_column(
            sa.Column("source", Json(), nullable=False, server_default="{}")
        )
        table.add_column(sa.Column("requirement", sa.Text(), nullable=True))
        for flag in FLAGS:
            table.add_column(
                sa.Column(flag, sa.Boolean(), nullable=False, server_default=sa.false())
            )
        table.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        for column in ("parent_id", "merged_into_id"):
            table.create_foreign_key(f"fk_matter_{column}", "matter", [column], ["id"])
    with op.batch_alter_table("matter") as table:
        for column in ("procedure", "source"):
            table.alter_column(column, server_default=None)
    for column in ("parent_id", "merged_into_id"):
        op.create_index(f"ix_matter_{column}", "matter", [column])
    op.create_index("ix_matter_source", "matter", ["source_doc_no", "source_clause"])


def _mandate() -> None:
    op.create_table(
        "mandate",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("lead_unit", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("assisting", Json(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("report_on", sa.Date(), nullable=True),
        sa.Column("responsible_leader", sa.Text(), nullable=True),
        sa.Column("responsible_person", sa.Text(), nullable=True),
        sa.Column("report_class", sa.Text(), nullable=False),
        sa.Column("indicator", Json(), nullable=True),
        sa.Column("milestones", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_mandate_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_mandate_proposal_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
        sa.UniqueConstraint(
            "proposal_id", "serial", name=op.f("uq_mandate_proposal_id_serial")
        ),
    )
    op.create_index(op.f("ix_mandate_matter_id"), "mandate", ["matter_id"])
    op.execute(
        "INSERT INTO mandate (matter_id, proposal_id, serial, content, requirement,"
        " lead_unit, duty, assisting, due_on, report_class, milestones)"
        " SELECT p.matter_id, p.id, 1, m.title, p.requirement, p.lead_unit,"
        " p.requirement, p.assisting, p.due_on, 'GENERAL', '[]'"
        " FROM proposal p JOIN matter m ON m.id = p.matter_id"
    )
    with op.batch_alter_table("proposal") as table:
        for column in ("requirement", "lead_unit", "assisting", "due_on"):
            table.drop_column(column)


def _undertaking() -> None:
    with op.batch_alter_table("undertaking") as table:
        table.add_column(sa.Column("mandate_id", sa.Integer(), nullable=True))
        table.add_column(
            sa.Column("period", sa.Text(), server_default="", nullable=False)
        )
        table.add_column(sa.Column("opens_at", UTCDateTime(), nullable=True))
        table.create_foreign_key(
            "fk_undertaking_mandate_id", "mandate", ["mandate_id"], ["id"]
        )
        table.drop_constraint("uq_undertaking_matter_id_unit_round", type_="unique")
        table.drop_index("uq_undertaking_lead")
    op.execute(
        "UPDATE undertaking SET mandate_id = (SELECT max(m.id) FROM mandate m"
        " WHERE m.matter_id = undertaking.matter_id)"
    )
    with op.batch_alter_table("undertaking") as table:
        table.alter_column("mandate_id", existing_type=sa.Integer(), nullable=False)
    op.create_index(
        "uq_undertaking_lead",
        "undertaking",
        ["mandate_id", "round", "period"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )
    op.create_index(
        "uq_undertaking_unit",
        "undertaking",
        ["mandate_id", "unit", "round", "period"],
        unique=True,
        sqlite_where=PRESENT,
        postgresql_where=PRESENT,
    )


def _papers() -> None:
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("undertaking_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("content", Json(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_paper_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["undertaking_id"],
            ["undertaking.id"],
            name=op.f("fk_paper_undertaking_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
    )
    op.create_index("ix_paper_kind", "paper", ["matter_id", "kind", "version"])
    op.create_index(op.f("ix_paper_matter_id"), "paper", ["matter_id"])
    op.create_index(op.f("ix_paper_undertaking_id"), "paper", ["undertaking_id"])
    op.create_table(
        "circular",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("issue_no", sa.Integer(), nullable=True),
        sa.Column("total_no", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("praised", Json(), nullable=False),
        sa.Column("criticized", Json(), nullable=False),
        sa.Column("cc", Json(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_circular_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circular")),
        sa.UniqueConstraint(
            "series",
            "year",
            "issue_no",
            name=op.f("uq_circular_series_year_issue_no"),
        ),
    )
    op.create_index(op.f("ix_circular_matter_id"), "circular", ["matter_id"])
