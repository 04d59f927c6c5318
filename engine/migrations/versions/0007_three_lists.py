"""Problems, measures and responsibilities; patrols, samples, appraisal results."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "problem",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Integer(), nullable=False),
        sa.Column("finding_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("evidence", Json(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("disposal", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("report_due_at", UTCDateTime(), nullable=True),
        sa.Column("reported_at", UTCDateTime(), nullable=True),
        sa.Column("light", sa.Text(), nullable=False),
        sa.Column("ever_red", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("late_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("late_workdays", sa.Integer(), server_default="0", nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_problem_finding_id")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspection.id"], name=op.f("fk_problem_inspection_id")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_problem_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
        sa.UniqueConstraint("number", name=op.f("uq_problem_number")),
    )
    op.create_index(
        op.f("ix_problem_finding_id"), "problem", ["finding_id"], unique=False
    )
    op.create_index(
        op.f("ix_problem_inspection_id"), "problem", ["inspection_id"], unique=False
    )
    op.create_index(
        op.f("ix_problem_matter_id"), "problem", ["matter_id"], unique=False
    )
    op.create_index("ix_problem_state", "problem", ["state", "id"], unique=False)
    op.create_index(op.f("ix_problem_unit"), "problem", ["unit"], unique=False)
    op.create_table(
        "root_cause",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("within_duty", sa.Boolean(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_root_cause_problem_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_root_cause")),
    )
    op.create_index(
        op.f("ix_root_cause_problem_id"), "root_cause", ["problem_id"], unique=False
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("roadmap", sa.Text(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("milestones", Json(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_measure_problem_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint(
            "problem_id",
            "version",
            "serial",
            name=op.f("uq_measure_problem_id_version_serial"),
        ),
    )
    op.create_index(
        op.f("ix_measure_problem_id"), "measure", ["problem_id"], unique=False
    )
    op.create_table(
        "level_opinion",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_level_opinion_problem_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_opinion")),
    )
    op.create_index(
        op.f("ix_level_opinion_problem_id"),
        "level_opinion",
        ["problem_id"],
        unique=False,
    )
    op.create_table(
        "responsibility",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("lead_unit", sa.Text(), nullable=False),
        sa.Column("assisting", Json(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_responsibility_problem_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibility")),
    )
    op.create_index(
        op.f("ix_responsibility_problem_id"),
        "responsibility",
        ["problem_id"],
        unique=False,
    )
    op.create_table(
        "rectification",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.Column("evidence", Json(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("signed_for", sa.Text(), nullable=True),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_rectification_problem_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification")),
        sa.UniqueConstraint(
            "problem_id", "version", name=op.f("uq_rectification_problem_id_version")
        ),
    )
    op.create_index(
        op.f("ix_rectification_problem_id"),
        "rectification",
        ["problem_id"],
        unique=False,
    )
    op.create_table(
        "verification",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rectification_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("key_inspection_id", sa.Integer(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_inspection_id"],
            ["matter.id"],
            name=op.f("fk_verification_key_inspection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_verification_problem_id")
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectification.id"],
            name=op.f("fk_verification_rectification_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    op.create_index(
        op.f("ix_verification_key_inspection_id"),
        "verification",
        ["key_inspection_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_verification_problem_id"), "verification", ["problem_id"], unique=False
    )
    op.create_index(
        op.f("ix_verification_rectification_id"),
        "verification",
        ["rectification_id"],
        unique=False,
    )
    op.create_table(
        "sample",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("population", Json(), nullable=False),
        sa.Column("drawn", Json(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_sample_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
    )
    op.create_index(op.f("ix_sample_matter_id"), "sample", ["matter_id"], unique=False)
    op.create_table(
        "second_look",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("problem_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_second_look_problem_id")
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["sample.id"], name=op.f("fk_second_look_sample_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_look")),
    )
    op.create_index(
        op.f("ix_second_look_problem_id"), "second_look", ["problem_id"], unique=False
    )
    op.create_index(
        op.f("ix_second_look_sample_id"), "second_look", ["sample_id"], unique=False
    )
    op.create_table(
        "patrol_duty",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("leader", sa.Text(), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=True),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("reminded_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_patrol_duty_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_duty")),
        sa.UniqueConstraint(
            "month", "leader", name=op.f("uq_patrol_duty_month_leader")
        ),
    )
    op.create_index(
        op.f("ix_patrol_duty_matter_id"), "patrol_duty", ["matter_id"], unique=False
    )
    op.create_table(
        "appraisal_result",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("content", Json(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["matter.id"], name=op.f("fk_appraisal_result_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_result")),
    )
    op.create_index(
        op.f("ix_appraisal_result_matter_id"),
        "appraisal_result",
        ["matter_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appraisal_result_unit"), "appraisal_result", ["unit"], unique=False
    )
