"""The tables of the engine; the office's tables share their `metadata`.

What is open must stay small whatever the archive holds: candidates exist only
while their user task is open, jobs and subscriptions only until they are settled,
and the indexes that lists need cover open rows alone.
"""

import sqlalchemy as sa
from sqlalchemy import Column
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import LargeBinary
from sqlalchemy import Table
from sqlalchemy import Text

from engine.database import Json
from engine.database import UTCDateTime

#: Names are given, so that migrations on both databases can refer to them.
metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _partial(name: str, *columns: Column[object], where: str) -> Index:
    """Return an index of the rows for which `where` holds, on both databases."""
    condition = sa.text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


deployment = Table(
    "deployment",
    metadata,
    Column("id", Text, primary_key=True),
    #: Counts deployments: two of one instant have an order all the same.
    Column("number", Integer, nullable=False, unique=True),
    Column("deployed_at", UTCDateTime, nullable=False),
    Column("deployed_by", Text),
)

#: Every file of a deployment, as it was given.
resource = Table(
    "resource",
    metadata,
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

#: The forms and decisions in the files, by the id that diagrams refer to.
resource_item = Table(
    "resource_item",
    metadata,
    #: form | decision
    Column("kind", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),
    Column("resource", Text, nullable=False),
)

definition = Table(
    "definition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("version_tag", Text),
    Column("name", Text, nullable=False),
    #: Of the diagram and of the forms and decisions it uses.
    Column("hash", Text, nullable=False),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    Column("resource", Text, nullable=False),
    sa.UniqueConstraint("key", "version"),
)

#: The files with forms and decisions that a definition uses, fixed with its version.
definition_resource = Table(
    "definition_resource",
    metadata,
    Column("definition_id", ForeignKey("definition.id"), primary_key=True),
    Column("deployment_id", ForeignKey("deployment.id"), primary_key=True),
    Column("resource", Text, primary_key=True),
)

#: Message and signal start events of the newest version of each key.
start_event = Table(
    "start_event",
    metadata,
    Column("definition_key", Text, primary_key=True),
    Column("element_id", Text, primary_key=True),
    Column("definition_id", ForeignKey("definition.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Index("ix_start_event_name", "name", "kind"),
)

instance = Table(
    "instance",
    metadata,
    Column("id", Text, primary_key=True),
    Column("definition_id", ForeignKey("definition.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("business_key", Text),
    Column("parent_id", ForeignKey("instance.id")),
    Column("parent_wait_id", Text),
    Column("root_id", Text, nullable=False),
    #: The key of the root: the procedure, whichever process of it this is.
    Column("root_key", Text, nullable=False),
    #: Calls between this instance and its root, the root being 0.
    Column("depth", Integer, nullable=False),
    #: active | ended
    Column("status", Text, nullable=False),
    #: Raised by one at every change; the compare-and-set that makes losers lose.
    Column("version", Integer, nullable=False),
    Column("state", LargeBinary),
    Column("history_seq", Integer, nullable=False),
    Column("history_head", Text, nullable=False),
    Column("started_by", Text),
    Column("started_at", UTCDateTime, nullable=False),
    Column("ended_at", UTCDateTime),
    #: completed | terminated | error | cancelled
    Column("ended_how", Text),
    #: Set while the instance is suspended with everything it called.
    Column("suspended_at", UTCDateTime),
)
Index("ix_instance_root_id", instance.c.root_id)
Index("ix_instance_key", instance.c.key, instance.c.started_at)
Index("ix_instance_business_key", instance.c.business_key)
_partial(
    "ix_instance_child",
    instance.c.parent_id,
    where="status = 'active' AND parent_id IS NOT NULL",
)
_partial("ix_instance_active", instance.c.id, where="status = 'active'")

#: An open task of a person; `id` is the id of the wait in the token game.
user_task = Table(
    "user_task",
    metadata,
    Column("id", Text, primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("root_id", Text, nullable=False),
    Column("business_key", Text),
    Column("definition_id", Text, nullable=False),
    #: The key of the root instance.
    Column("procedure", Text, nullable=False),
    Column("element_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    #: Of the lane it is drawn in: what a substitution limited to roles must cover.
    Column("role", Text),
    #: Whoever decided in the matter already may not do so again for another (S13).
    Column("approval", sa.Boolean, nullable=False),
    Column("assignee", Text),
    Column("due_at", UTCDateTime),
    Column("follow_up_at", UTCDateTime),
    #: `due_at`, or the end of time: lists page by it without minding NULL.
    Column("order_at", UTCDateTime, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("form_key", Text),
    Column("created_at", UTCDateTime, nullable=False),
    Column("closed_at", UTCDateTime),
    Column("closed_by", Text),
    Column("on_behalf_of", Text),
    #: completed | returned | cancelled
    Column("closed_how", Text),
    #: Whose task it is while the assignee is only asked for an answer.
    Column("delegated_by", Text),
)
Index("ix_user_task_instance_id", user_task.c.instance_id)
Index("ix_user_task_root_id", user_task.c.root_id)
_partial(
    "ix_user_task_assignee",
    user_task.c.assignee,
    user_task.c.order_at,
    user_task.c.id,
    where="closed_at IS NULL AND assignee IS NOT NULL",
)
_partial(
    "ix_user_task_closed_by",
    user_task.c.closed_by,
    user_task.c.closed_at,
    where="closed_by IS NOT NULL",
)

#: Who may take an open user task; the rows go when it closes.
candidate = Table(
    "candidate",
    metadata,
    Column("user_task_id", ForeignKey("user_task.id"), primary_key=True),
    #: person | group
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("order_at", UTCDateTime, nullable=False),
)
Index(
    "ix_candidate_value",
    candidate.c.kind,
    candidate.c.value,
    candidate.c.order_at,
    candidate.c.user_task_id,
)

#: All that happens later. A settled job is deleted in the transaction it caused.
job = Table(
    "job",
    metadata,
    Column("id", Text, primary_key=True),
    #: timer | async | external | retry | hand_over | message | signal | start |
    #: handler | outbox | take_up | expiry
    Column("kind", Text, nullable=False),
    Column("key", Text, unique=True),
    Column("instance_id", ForeignKey("instance.id")),
    Column("wait_id", Text),
    #: The registered job; the topic of an external task.
    Column("handler", Text),
    Column("payload", Json, nullable=False),
    Column("due_at", UTCDateTime, nullable=False),
    Column("attempts_left", Integer, nullable=False),
    #: While a worker runs it; a lease that is over counts as a failed attempt.
    Column("locked_until", UTCDateTime),
    Column("locked_by", Text),
    #: due | failed | suspended
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("created_at", UTCDateTime, nullable=False),
)
_partial("ix_job_due", job.c.due_at, job.c.id, where="status = 'due'")
Index("ix_job_instance_id", job.c.instance_id)
_partial("ix_job_wait_id", job.c.wait_id, where="wait_id IS NOT NULL")
_partial(
    "ix_job_topic",
    job.c.handler,
    job.c.due_at,
    job.c.id,
    where="kind = 'external' AND status = 'due'",
)

#: What an instance waits for from outside.
subscription = Table(
    "subscription",
    metadata,
    Column("wait_id", Text, primary_key=True),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    #: message | signal | receive | conditional
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("business_key", Text),
    Column("correlation", Json, nullable=False),
)
Index("ix_subscription_name", subscription.c.name, subscription.c.business_key)
Index("ix_subscription_instance_id", subscription.c.instance_id)

#: Messages that came before anybody waited for them, until somebody does.
early_message = Table(
    "early_message",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("business_key", Text),
    #: The instance it is for, or the root of that.
    Column("instance_id", Text),
    #: What the receiver's variables must be.
    Column("matching", Json, nullable=False),
    Column("variables", Json, nullable=False),
    Column("fields", Json, nullable=False),
    Column("person", Text),
    Column("received_at", UTCDateTime, nullable=False),
    Column("expires_at", UTCDateTime, nullable=False),
    Index("ix_early_message_name", "name", "received_at"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Text, primary_key=True),
    #: failed | call | job | stalled | message
    Column("kind", Text, nullable=False),
    Column("instance_id", ForeignKey("instance.id")),
    Column("element_id", Text),
    Column("wait_id", Text),
    Column("job_id", Text),
    Column("message", Text, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
    Column("resolved_at", UTCDateTime),
    Column("resolved_by", Text),
    Column("annotation", Text),
)
Index("ix_incident_instance_id", incident.c.instance_id)
_partial(
    "ix_incident_open",
    incident.c.created_at,
    incident.c.id,
    where="resolved_at IS NULL",
)

#: Append-only; each event's hash covers the hash before it. No foreign key: the
#: history outlives its instance, and the checks cost PostgreSQL a tenth of a
#: completion (measured).
history_event = Table(
    "history_event",
    metadata,
    Column("instance_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UTCDateTime, nullable=False),
    Column("type", Text, nullable=False),
    Column("element_id", Text),
    Column("task_id", Text),
    Column("person", Text),
    Column("on_behalf_of", Text),
    Column("details", Json, nullable=False),
    Column("hash", Text, nullable=False),
)

#: All chain heads that moved since the anchor before, under one hash.
anchor = Table(
    "anchor",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UTCDateTime, nullable=False),
    Column("hash", Text, nullable=False),
)

anchored_head = Table(
    "anchored_head",
    metadata,
    Column("instance_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("head", Text, nullable=False),
    Column("anchor_seq", ForeignKey("anchor.seq"), nullable=False),
)
Index("ix_anchored_head_anchor_seq", anchored_head.c.anchor_seq)

#: Messages on their way out of the house, sent by jobs after the commit.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("payload", Json, nullable=False),
    #: The receiver's protection against the same message twice.
    Column("key", Text, nullable=False, unique=True),
    Column("instance_id", Text),
    Column("created_at", UTCDateTime, nullable=False),
    Column("sent_at", UTCDateTime),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
)

#: Answers to requests that may come again.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("response", Json, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
)
Index("ix_idempotency_created_at", idempotency.c.created_at)

unit = Table(
    "unit",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("parent", ForeignKey("unit.code")),
    #: Units above it in its tree.
    Column("level", Integer, nullable=False),
    #: administrative | vertical
    Column("tree_type", Text, nullable=False),
    Column("active", sa.Boolean, nullable=False),
)

person = Table(
    "person",
    metadata,
    #: The name the person signs in with.
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    Column("active", sa.Boolean, nullable=False),
    Column("created_at", UTCDateTime, nullable=False),
)

post = Table(
    "post",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", ForeignKey("person.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", ForeignKey("unit.code")),
    Column("starts_at", UTCDateTime, nullable=False),
    Column("ends_at", UTCDateTime),
)
Index("ix_post_person", post.c.person)
Index("ix_post_role", post.c.role, post.c.unit)

#: AB角: `substitute` may act for `principal` within the interval and the scope.
substitution = Table(
    "substitution",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal", ForeignKey("person.id"), nullable=False),
    Column("substitute", ForeignKey("person.id"), nullable=False),
    #: Roles and procedure keys it is limited to; an empty list limits nothing.
    Column("roles", Json, nullable=False),
    Column("procedures", Json, nullable=False),
    Column("starts_at", UTCDateTime, nullable=False),
    Column("ends_at", UTCDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("ix_substitution_substitute", substitution.c.substitute)
Index("ix_substitution_principal", substitution.c.principal)

absence = Table(
    "absence",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", ForeignKey("person.id"), nullable=False),
    Column("starts_at", UTCDateTime, nullable=False),
    Column("ends_at", UTCDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("ix_absence_person", absence.c.person)

#: Append-only: who tried to sign in when; the lock-out is counted from it.
sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    #: The person's id, or a digest where nobody has that account.
    Column("account", Text, nullable=False),
    Column("at", UTCDateTime, nullable=False),
    #: accepted | refused | locked
    Column("outcome", Text, nullable=False),
    Index("ix_sign_in_account", "account", "id"),
)

#: What a person has begun to write in an open user task.
draft = Table(
    "draft",
    metadata,
    Column("user_task_id", ForeignKey("user_task.id"), primary_key=True),
    Column("person", ForeignKey("person.id"), primary_key=True),
    Column("fields", Json, nullable=False),
    Column("saved_at", UTCDateTime, nullable=False),
)
