"""Tasks of persons: who may take them, who took them, when they close."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine import errors
from engine import people
from engine import statements
from engine import workdays
from engine.bpmn import facts
from engine.bpmn import model
from engine.tables import candidate
from engine.tables import instance
from engine.tables import user_task

#: Where tasks without a due date stand in lists ordered by it.
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)

DEFAULT_PRIORITY = 50


class NoSuchTask(errors.NotFound):
    """没有这一待办，或者您无权查看。"""


class NotACandidate(errors.Forbidden):
    """这一待办不由您办理。"""


class SelfApproval(errors.Forbidden):
    """您已亲自办理过本件的其他环节，不能再代他人审批同一件。"""


class AlreadyClosed(errors.Conflict):
    """这一待办已经办结。"""


class Claimed(errors.Conflict):
    """这一待办已由他人领取。"""


class Delegated(errors.Conflict):
    """这一待办已委托他人提出意见，答复之后才能继续办理。"""


class Suspended(errors.Conflict):
    """这一办件已挂起，恢复以后才能办理。"""


@dataclass(frozen=True, slots=True)
class UserTask:
    """An open user task as a command needs it."""

    id: str
    instance_id: str
    root_id: str
    procedure: str
    element_id: str
    name: str
    role: str | None
    approval: bool
    assignee: str | None
    form_key: str | None
    closed_at: datetime | None
    closed_by: str | None
    closed_how: str | None
    delegated_by: str | None
    #: `person:name` and `group:name`, one to a line.
    candidates: str | None

    def names(self, kind: str) -> frozenset[str]:
        """Return the candidate persons or groups."""
        lines = (self.candidates or "").splitlines()
        pairs = (line.partition(":") for line in lines)
        return frozenset(value for found, _, value in pairs if found == kind)


#: One column for each field of `UserTask`, to be selected beside the instance's.
COLUMNS: tuple[sa.ColumnElement[Any], ...] = (
    user_task.c.id,
    user_task.c.instance_id,
    user_task.c.root_id,
    user_task.c.procedure,
    user_task.c.element_id,
    user_task.c.name,
    user_task.c.role,
    user_task.c.approval,
    user_task.c.assignee,
    user_task.c.form_key,
    user_task.c.closed_at,
    user_task.c.closed_by,
    user_task.c.closed_how,
    user_task.c.delegated_by,
    sa.select(
        sa.func.aggregate_strings(candidate.c.kind + ":" + candidate.c.value, "\n")
    )
    .where(candidate.c.user_task_id == user_task.c.id)
    .scalar_subquery(),
)

_GET = (
    sa.select(*COLUMNS, instance.c.suspended_at)
    .join(instance, instance.c.id == user_task.c.instance_id)
    .where(user_task.c.id == sa.bindparam("task_id"))
)


def get(connection: sa.Connection, task_id: str) -> UserTask:
    """Return an open user task; `NoSuchTask`, or `AlreadyClosed` with who and when.

    Raises `Suspended` while its instance is.
    """
    row = connection.execute(_GET, {"task_id": task_id}).one_or_none()
    if row is None:
        raise NoSuchTask(task_id=task_id)
    *fields, suspended_at = row
    task = UserTask(*fields)
    require_open(connection, task)
    if suspended_at is not None:
        raise Suspended(instance_id=task.instance_id)
    return task


def root_of(connection: sa.Connection, task_id: str) -> str:
    """Return the root instance of a task, open or closed; or `NoSuchTask`."""
    query = sa.select(user_task.c.root_id).where(user_task.c.id == task_id)
    found = connection.scalar(query)
    if found is None:
        raise NoSuchTask(task_id=task_id)
    return str(found)


def require_open(connection: sa.Connection, task: UserTask) -> None:
    """Raise `AlreadyClosed` with who closed the task and when, if it is closed."""
    if task.closed_at is None:
        return
    local = task.closed_at.astimezone(workdays.SHANGHAI)
    when = local.strftime("%Y-%m-%d %H:%M")
    if task.closed_by:
        name = people.names(connection, [task.closed_by]).get(task.closed_by)
        acted = "退回" if task.closed_how == "returned" else "办理"
        message = f"已由 {name or task.closed_by} 于 {when} {acted}。"
    else:
        message = f"这一待办已于 {when} 撤销，无需办理。"
    raise AlreadyClosed(
        message, task_id=task.id, person=task.closed_by, at=task.closed_at
    )


def authority(
    connection: sa.Connection, task: UserTask, identity: people.Identity
) -> str | None:
    """Return for whom the person may complete the task: None means for themselves.

    Raises NotACandidate, Claimed, or SelfApproval where the person would approve for
    another what they handled themselves (domain S13: 已审者不得再审).
    """
    person = identity.person
    if task.assignee in (None, person) and _is_candidate(task, person, identity.groups):
        return None
    for principal in identity.substitutes_for:
        if principal.covers(task.procedure) and _reaches(task, principal, person):
            if task.approval and _has_acted(connection, task.root_id, person):
                raise SelfApproval(task_id=task.id, person=person)
            return principal.person
    if task.assignee == person:
        return None
    if task.assignee is not None and _is_candidate(task, person, identity.groups):
        name = people.names(connection, [task.assignee]).get(task.assignee)
        raise Claimed(
            f"已由 {name or task.assignee} 领取。",
            task_id=task.id,
            person=task.assignee,
        )
    raise NotACandidate(task_id=task.id, person=person)


def _is_candidate(task: UserTask, person: str, groups: Collection[str]) -> bool:
    return person in task.names("person") or not task.names("group").isdisjoint(groups)


def _reaches(task: UserTask, principal: people.Principal, person: str) -> bool:
    """Say whether the task is the principal's and within the roles of the scope."""
    if task.assignee not in (None, person, principal.person):
        return False
    if not task.names("group").isdisjoint(principal.groups):
        return True
    named = principal.person in (
        task.assignee,
        *task.names("person"),
    )  # as a person, in the role of the lane
    return named and (not principal.roles or task.role in principal.roles)


def _has_acted(connection: sa.Connection, root_id: str, person: str) -> bool:
    # What a substitute did for the person counts as the person's own.
    acted = sa.select(user_task.c.id).where(
        user_task.c.root_id == root_id,
        (user_task.c.closed_by == person) | (user_task.c.on_behalf_of == person),
    )
    return connection.execute(acted.limit(1)).first() is not None


def stood_in_for(task: UserTask, identity: people.Identity) -> str | None:
    """Return the assignee if it is somebody for whom the person may act."""
    for principal in identity.substitutes_for:
        if principal.person == task.assignee and principal.covers(task.procedure):
            if _reaches(task, principal, identity.person):
                return principal.person
    return None


def require_undelegated(task: UserTask) -> None:
    """Raise `Delegated` while the task's holder waits for another's answer."""
    if task.delegated_by is not None:
        raise Delegated(task_id=task.id, person=task.assignee)


def claim(connection: sa.Connection, task: UserTask, person: str) -> None:
    """Make the person the assignee; `Claimed` if another was quicker.

    A substitute claims for the principal, so that both go on seeing the task.
    """
    claimed = connection.execute(
        user_task.update()
        .where(
            user_task.c.id == task.id,
            user_task.c.closed_at.is_(None),
            user_task.c.assignee.is_(None) | (user_task.c.assignee == person),
        )
        .values(assignee=person)
    )
    if claimed.rowcount == 0:
        get(connection, task.id)
        raise Claimed(task_id=task.id)


def release(connection: sa.Connection, task: UserTask, person: str) -> None:
    """Give a claimed task back to its candidates."""
    if task.assignee != person:
        raise NotACandidate("这一待办不是您领取的。", task_id=task.id, person=person)
    require_undelegated(task)
    if not task.candidates:
        raise errors.Refused(
            "这一待办是指定您办理的，没有其他候选人，不能退还。", task_id=task.id
        )
    connection.execute(
        user_task.update().where(user_task.c.id == task.id).values(assignee=None)
    )


def rows(
    wait: facts.Wait, element: model.Element, shared: Mapping[str, object]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the row of a user task that opened, and those of its candidates.

    `shared` holds what all tasks of an instance have in common.
    """
    details = wait.details
    due_at = moment("到期时间", details.get("due_at"))
    order_at = due_at or END_OF_TIME
    lane = element.lane
    task = {
        "id": wait.id,
        "element_id": wait.element_id,
        "name": wait.name or wait.element_id,
        "description": details.get("documentation") or None,
        "role": lane.partition(".")[0] if lane else None,
        "approval": element.properties.get("approval") == "true",
        "assignee": details.get("assignee"),
        "due_at": due_at,
        "follow_up_at": moment("跟进时间", details.get("follow_up_at")),
        "order_at": order_at,
        "priority": _priority(details.get("priority")),
        "form_key": details.get("form"),
        **shared,
    }
    candidates = [
        {"user_task_id": wait.id, "kind": kind, "value": value, "order_at": order_at}
        for kind, names in (
            ("person", details.get("candidate_users")),
            ("group", details.get("candidate_groups")),
        )
        for value in dict.fromkeys(_strings(names))
    ]
    return task, candidates


_INSERT = statements.Statement(user_task.insert())
_INSERT_CANDIDATE = statements.Statement(candidate.insert())
_CLOSE = statements.Statement(
    user_task.update()
    .where(user_task.c.id == sa.bindparam("task_id"))
    .values(
        closed_at=sa.bindparam("at"),
        closed_by=sa.bindparam("person"),
        on_behalf_of=sa.bindparam("principal"),
        closed_how=sa.bindparam("how"),
    )
)
_DROP_CANDIDATES = statements.Statement(
    candidate.delete().where(candidate.c.user_task_id == sa.bindparam("task_id"))
)


def open_(
    batch: statements.Batch, task: dict[str, Any], candidates: Iterable[dict[str, Any]]
) -> None:
    """Store a task that opened, and who may take it."""
    batch.add(_INSERT, task)
    batch.add(_INSERT_CANDIDATE, *candidates)


def close(
    batch: statements.Batch,
    *,
    task_id: str,
    at: datetime,
    person: str | None,
    principal: str | None,
    how: str,
) -> None:
    """Close a task; its candidates go."""
    batch.add(
        _CLOSE,
        {
            "task_id": task_id,
            "at": at,
            "person": person,
            "principal": principal,
            "how": how,
        },
    )
    batch.add(_DROP_CANDIDATES, {"task_id": task_id})


def _strings(value: object) -> Iterable[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _priority(value: object) -> int:
    if value is None:
        return DEFAULT_PRIORITY
    try:
        return int(str(value))
    except ValueError:
        raise errors.Invalid(f"优先级应是整数，现为“{value}”。") from None


def moment(what: str, value: object) -> datetime | None:
    """Read an ISO text; a plain day means its end, in Shanghai."""
    if value is None:
        return None
    text = str(value)
    try:
        if len(text) == len("2026-09-30"):
            return workdays.Calendar.end_of_day(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise errors.Invalid(f"{what}“{text}”不是日期或时间。") from None
    if moment.tzinfo is None:
        raise errors.Invalid(f"{what}“{text}”没有写明时区。")
    return moment.astimezone(UTC)
