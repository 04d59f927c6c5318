"""How much each of the office has to do, and who is given which task (派单, R-03-02).

分工到人，负荷可视: tasks that are offered to the posts of the supervision office lie
before its head, who gives them to persons. Tasks are counted, never hours.
"""

from collections import Counter
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine import errors
from engine import people
from engine import tables as engine_tables
from engine import unit_of_work
from engine import user_tasks
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables

RULE = "R-03-02"
#: Who gives work to the persons of the office, and sees how much each has.
CHIEFS = frozenset({"dc_chief", "go_deputy", "go_director"})
#: The posts whose tasks are given to persons.
POSTS = frozenset({"dc_registrar", "dc_officer", "dc_chief"})
#: As many as one person can look through.
MOST = 200


@dataclass(frozen=True)
class Open:
    """An open task of the office's posts; `persons` are accounts it may be given to.

    A task whose matter is not registered yet has no number and no title.
    """

    id: str
    name: str
    business_key: str | None
    matter_id: int | None
    number: str | None
    title: str | None
    due_at: datetime | None
    assignee: str | None
    persons: tuple[str, ...]


@dataclass(frozen=True)
class Load:
    """What a person has open (`waiting`, of it `overdue`) and did (`done`).

    `acting` of what was done was done for somebody else (AB角代办).
    """

    person: str
    name: str
    waiting: int
    overdue: int
    done: int
    acting: int
    away: bool


def may_assign(identity: people.Identity) -> bool:
    """Whether this person gives the office's tasks to its persons."""
    return access.holds(identity, *CHIEFS) and not identity.roles & access.GUARDIANS


def require_chief(identity: people.Identity) -> None:
    """Raise `Forbidden` for whom `may_assign` denies."""
    if not may_assign(identity):
        raise errors.Forbidden(
            f"只有督查室负责人和政府办公室领导可以派单。（{RULE}）",
            person=identity.person,
        )


@entries.under(RULE)
def assign(
    work: unit_of_work.UnitOfWork,
    identity: people.Identity,
    task_id: str,
    given: entries.Entries,
) -> str:
    """Give an open task to a person of its posts; return the person's name.

    Reads `to`, an account. The person is told, and whoever had the task before.
    """
    require_chief(identity)
    task = user_tasks.get(work.connection, task_id)
    posts = task.names("group") & POSTS
    if not posts:
        raise errors.Forbidden(
            f"这一待办不在督查室的岗位上，不能派单。（{RULE}）", task_id=task_id
        )
    to = entries.text(given, "to", longest=100)
    if to not in _holders(work.connection, posts, work.now()):
        raise entries.refusal("to", f"“{to}”不在这一待办的岗位上。", rule=RULE)
    names = people.names(work.connection, {to, task.assignee or to})
    if people.absent(work.connection, [to], work.now()):
        raise entries.refusal("to", f"{names[to]}正在请假，请派给他人。", rule=RULE)
    work.assign_task(task_id, to, identity.person)
    _tell(work, identity, task, to, names)
    return names[to]


def open_tasks(
    connection: sa.Connection, identity: people.Identity, at: datetime
) -> list[Open]:
    """Return the office's open tasks, those nobody has first, the most urgent first."""
    task, matter = engine_tables.user_task.c, tables.matter.c
    candidate = engine_tables.candidate.c
    offered = sa.select(candidate.user_task_id).where(
        candidate.kind == "group", candidate.value.in_(POSTS)
    )
    rows = connection.execute(
        sa.select(
            task.id,
            task.name,
            task.business_key,
            task.due_at,
            task.assignee,
            matter.id.label("matter_id"),
            matter.number,
            matter.title,
        )
        .join(engine_tables.instance, engine_tables.instance.c.id == task.instance_id)
        .outerjoin(tables.matter, matter.root_id == task.root_id)
        .where(
            task.closed_at.is_(None),
            task.delegated_by.is_(None),
            task.id.in_(offered),
            engine_tables.instance.c.suspended_at.is_(None),
            sa.or_(matter.id.is_(None), access.visible(identity)),
        )
        .order_by(task.assignee.is_not(None), task.order_at, task.id)
        .limit(MOST)
    ).all()
    posts = _posts(connection, [row.id for row in rows])
    holders = {post: _holders(connection, [post], at) for post in sorted(POSTS)}
    return [
        Open(
            **row._mapping,
            persons=tuple(
                sorted({one for post in posts[row.id] for one in holders[post]})
            ),
        )
        for row in rows
    ]


def staff(connection: sa.Connection, at: datetime) -> list[str]:
    """Return the accounts of those who hold a post of the office, in their order."""
    return sorted(_holders(connection, POSTS, at))


def loads(
    connection: sa.Connection,
    persons: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    at: datetime,
) -> list[Load]:
    """Return what each of these persons has open at a moment and did in a time."""
    event, task = engine_tables.history_event.c, engine_tables.user_task.c
    done: Counter[str] = Counter()
    acting: Counter[str] = Counter()
    for row in connection.execute(
        sa.select(event.person, event.on_behalf_of, sa.func.count().label("tasks"))
        .where(
            event.type == "task_completed",
            event.person.in_(persons),
            event.at >= since,
            event.at <= until,
        )
        .group_by(event.person, event.on_behalf_of)
    ):
        done[row.person] += row.tasks
        if row.on_behalf_of:
            acting[row.person] += row.tasks
    waiting: Counter[str] = Counter()
    overdue: Counter[str] = Counter()
    for row in connection.execute(
        sa.select(task.assignee, task.due_at).where(
            task.assignee.in_(persons), task.closed_at.is_(None)
        )
    ):
        waiting[row.assignee] += 1
        overdue[row.assignee] += row.due_at is not None and row.due_at < at
    names = people.names(connection, persons)
    away = people.absent(connection, persons, at)
    return [
        Load(
            person=one,
            name=names.get(one, one),
            waiting=waiting[one],
            overdue=overdue[one],
            done=done[one],
            acting=acting[one],
            away=one in away,
        )
        for one in persons
    ]


def _tell(
    work: unit_of_work.UnitOfWork,
    identity: people.Identity,
    task: user_tasks.UserTask,
    to: str,
    names: Mapping[str, str],
) -> None:
    matter = tables.matter.c
    found = work.connection.execute(
        sa.select(matter.id, matter.number, matter.title).where(
            matter.root_id == task.root_id
        )
    ).one_or_none()
    about = f"{found.number or '未编号'} {found.title}：" if found else ""
    matter_id = found.id if found else None
    inbox.tell(
        work,
        [inbox.person(to)],
        f"派单：{task.name}",
        f"{about}{identity.name}将“{task.name}”派给您办理，请到“我的待办”查看。",
        matter_id=matter_id,
    )
    if task.assignee is not None:
        inbox.tell(
            work,
            [inbox.person(task.assignee)],
            f"改派：{task.name}",
            f"{about}{identity.name}已将“{task.name}”改派给{names[to]}。",
            matter_id=matter_id,
        )


def _posts(
    connection: sa.Connection, task_ids: Sequence[str]
) -> dict[str, frozenset[str]]:
    """Return which of the office's posts each of the tasks is offered to."""
    candidate = engine_tables.candidate.c
    found: dict[str, set[str]] = {}
    for row in connection.execute(
        sa.select(candidate.user_task_id, candidate.value).where(
            candidate.user_task_id.in_(task_ids),
            candidate.kind == "group",
            candidate.value.in_(POSTS),
        )
    ):
        found.setdefault(row.user_task_id, set()).add(row.value)
    return {task_id: frozenset(posts) for task_id, posts in found.items()}


def _holders(connection: sa.Connection, posts: Iterable[str], at: datetime) -> set[str]:
    return {one for post in posts for one in people.holders(connection, post, at)}
