"""The tables of the engine."""

import sqlalchemy as sa
from alembic import op

from engine.database import Json
from engine.database import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "anchor",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_anchor"),
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("deployed_at", UTCDateTime(), nullable=False),
        sa.Column("deployed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
        sa.UniqueConstraint("number", name="uq_deployment_number"),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("response", Json(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency"),
    )
    op.create_index(
        "ix_idempotency_created_at", "idempotency", ["created_at"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_account", "sign_in", ["account", "id"], unique=False)
    op.create_table(
        "unit",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("tree_type", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["unit.code"], name="fk_unit_parent"),
        sa.PrimaryKeyConstraint("code", name="pk_unit"),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_absence_person"),
        sa.PrimaryKeyConstraint("id", name="pk_absence"),
    )
    op.create_index("ix_absence_person", "absence", ["person"], unique=False)
    op.create_table(
        "anchored_head",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("anchor_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["anchor_seq"], ["anchor.seq"], name="fk_anchored_head_anchor_seq"
        ),
        sa.PrimaryKeyConstraint("instance_id", "seq", name="pk_anchored_head"),
    )
    op.create_index(
        "ix_anchored_head_anchor_seq", "anchored_head", ["anchor_seq"], unique=False
    )
    op.create_table(
        "definition",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("version_tag", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name="fk_definition_deployment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_definition"),
        sa.UniqueConstraint("key", "version", name="uq_definition_key_version"),
    )
    op.create_table(
        "post",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_post_person"),
        sa.ForeignKeyConstraint(["unit"], ["unit.code"], name="fk_post_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_post"),
    )
    op.create_index("ix_post_person", "post", ["person"], unique=False)
    op.create_index("ix_post_role", "post", ["role", "unit"], unique=False)
    op.create_table(
        "resource",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name="fk_resource_deployment_id"
        ),
        sa.PrimaryKeyConstraint("deployment_id", "name", name="pk_resource"),
    )
    op.create_table(
        "resource_item",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name="fk_resource_item_deployment_id"
        ),
        sa.PrimaryKeyConstraint(
            "kind", "item_id", "deployment_id", name="pk_resource_item"
        ),
    )
    op.create_table(
        "substitution",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("substitute", sa.Text(), nullable=False),
        sa.Column("roles", Json(), nullable=False),
        sa.Column("procedures", Json(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal"], ["person.id"], name="fk_substitution_principal"
        ),
        sa.ForeignKeyConstraint(
            ["substitute"], ["person.id"], name="fk_substitution_substitute"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_substitution"),
    )
    op.create_index(
        "ix_substitution_principal", "substitution", ["principal"], unique=False
    )
    op.create_index(
        "ix_substitution_substitute", "substitution", ["substitute"], unique=False
    )
    op.create_table(
        "definition_resource",
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"],
            ["definition.id"],
            name="fk_definition_resource_definition_id",
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
            name="fk_definition_resource_deployment_id",
        ),
        sa.PrimaryKeyConstraint(
            "definition_id", "deployment_id", "resource", name="pk_definition_resource"
        ),
    )
    op.create_table(
        "instance",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("parent_wait_id", sa.Text(), nullable=True),
        sa.Column("root_id", sa.Text(), nullable=False),
        sa.Column("root_key", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("history_seq", sa.Integer(), nullable=False),
        sa.Column("history_head", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("suspended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name="fk_instance_definition_id"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["instance.id"], name="fk_instance_parent_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_instance"),
    )
    op.create_index(
        "ix_instance_active",
        "instance",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(
        "ix_instance_business_key", "instance", ["business_key"], unique=False
    )
    op.create_index(
        "ix_instance_child",
        "instance",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("status = 'active' AND parent_id IS NOT NULL"),
        postgresql_where=sa.text("status = 'active' AND parent_id IS NOT NULL"),
    )
    op.create_index("ix_instance_key", "instance", ["key", "started_at"], unique=False)
    op.create_index("ix_instance_root_id", "instance", ["root_id"], unique=False)
    op.create_table(
        "start_event",
        sa.Column("definition_key", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name="fk_start_event_definition_id"
        ),
        sa.PrimaryKeyConstraint("definition_key", "element_id", name="pk_start_event"),
    )
    op.create_index(
        "ix_start_event_name", "start_event", ["name", "kind"], unique=False
    )
    op.create_table(
        "history_event",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=True),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("details", Json(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "seq", name="pk_history_event"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=True),
        sa.Column("element_id", sa.Text(), nullable=True),
        sa.Column("wait_id", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("resolved_at", UTCDateTime(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("annotation", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name="fk_incident_instance_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index(
        "ix_incident_instance_id", "incident", ["instance_id"], unique=False
    )
    op.create_index(
        "ix_incident_open",
        "incident",
        ["created_at", "id"],
        unique=False,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.Text(), nullable=True),
        sa.Column("wait_id", sa.Text(), nullable=True),
        sa.Column("handler", sa.Text(), nullable=True),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.Column("locked_until", UTCDateTime(), nullable=True),
        sa.Column("locked_by", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name="fk_job_instance_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("key", name="uq_job_key"),
    )
    op.create_index(
        "ix_job_due",
        "job",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'due'"),
        postgresql_where=sa.text("status = 'due'"),
    )
    op.create_index("ix_job_instance_id", "job", ["instance_id"], unique=False)
    op.create_index(
        "ix_job_wait_id",
        "job",
        ["wait_id"],
        unique=False,
        sqlite_where=sa.text("wait_id IS NOT NULL"),
        postgresql_where=sa.text("wait_id IS NOT NULL"),
    )
    op.create_table(
        "subscription",
        sa.Column("wait_id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("correlation", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name="fk_subscription_instance_id"
        ),
        sa.PrimaryKeyConstraint("wait_id", name="pk_subscription"),
    )
    op.create_index(
        "ix_subscription_instance_id", "subscription", ["instance_id"], unique=False
    )
    op.create_index(
        "ix_subscription_name", "subscription", ["name", "business_key"], unique=False
    )
    op.create_table(
        "user_task",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("root_id", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("approval", sa.Boolean(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("follow_up_at", UTCDateTime(), nullable=True),
        sa.Column("order_at", UTCDateTime(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("closed_how", sa.Text(), nullable=True),
        sa.Column("delegated_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["instance.id"], name="fk_user_task_instance_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user_task"),
    )
    op.create_index(
        "ix_user_task_assignee",
        "user_task",
        ["assignee", "order_at", "id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL AND assignee IS NOT NULL"),
        postgresql_where=sa.text("closed_at IS NULL AND assignee IS NOT NULL"),
    )
    op.create_index(
        "ix_user_task_closed_by",
        "user_task",
        ["closed_by", "closed_at"],
        unique=False,
        sqlite_where=sa.text("closed_by IS NOT NULL"),
        postgresql_where=sa.text("closed_by IS NOT NULL"),
    )
    op.create_index(
        "ix_user_task_instance_id", "user_task", ["instance_id"], unique=False
    )
    op.create_index("ix_user_task_root_id", "user_task", ["root_id"], unique=False)
    op.create_table(
        "candidate",
        sa.Column("user_task_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("order_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_task_id"], ["user_task.id"], name="fk_candidate_user_task_id"
        ),
        sa.PrimaryKeyConstraint("user_task_id", "kind", "value", name="pk_candidate"),
    )
    op.create_index(
        "ix_candidate_value",
        "candidate",
        ["kind", "value", "order_at", "user_task_id"],
        unique=False,
    )
    op.create_table(
        "draft",
        sa.Column("user_task_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_draft_person"),
        sa.ForeignKeyConstraint(
            ["user_task_id"], ["user_task.id"], name="fk_draft_user_task_id"
        ),
        sa.PrimaryKeyConstraint("user_task_id", "person", name="pk_draft"),
    )

    if op.get_context().dialect.name == "postgresql":
        # The state is compressed already, and every completion updates its row:
        # room on the page keeps the new version beside the old one.
        op.execute("ALTER TABLE instance ALTER COLUMN state SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE instance SET (fillfactor = 70)")


def downgrade() -> None:
    """Drop them."""
    for table in (
        "draft",
        "candidate",
        "user_task",
        "subscription",
        "job",
        "incident",
        "history_event",
        "start_event",
        "instance",
        "definition_resource",
        "substitution",
        "resource_item",
        "resource",
        "post",
        "definition",
        "anchored_head",
        "absence",
        "unit",
        "sign_in",
        "person",
        "outbox",
        "idempotency",
        "deployment",
        "anchor",
    ):
        op.drop_table(table)
