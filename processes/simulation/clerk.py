"""A clerk who answers every form: what people of a simulated office fill in.

What a field demands is read from its form: its kind, its options, whether it is shown
and required. What a person would choose where several answers are right stands in
`CHOICES`; nothing here knows a procedure.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine import engine as engines
from engine import people
from engine import queries
from engine import tables
from engine.bpmn.forms import fields
from engine.bpmn.forms import submissions

#: Decides a field of a form, by the names of both; None where it does not care.
Choose = Callable[[str, str], object | None]
#: Options taken where they are offered; elsewhere the first option is.
PREFERRED = (
    "APPROVE",
    "ACCEPT",
    "DIRECT",
    "AGREE_CLOSE",
    "FILE",
    "CLOSE",
    "DONE",
    "SATISFIED",
    "NOTICE",
    "CONTINUE",
    "CONFIRM",
    "GENERAL",
    "内部",
)
#: Boxes that are ticked: what was looked at was right.
TICKED = frozenset(
    "accurate objective truthful received verified seal_verified acknowledged"
    " completed none_found".split()
)
#: Where CONTINUE would never end.
CHOICES: Mapping[tuple[str, str], object] = {
    ("leader_answer", "decision"): "APPROVE",
    ("dispatch", "dispatch"): "CLOSE",
    ("draft_report", "progress"): 100,
    ("draft_report", "problems"): "无",
    ("draft_reply", "course"): "REPLY",
    ("draft_reply", "problems"): "无",
    ("site_visit", "next"): "END",
    ("filing", "retention"): "30年",
    ("judge_weight", "weight"): "ORDINARY",
    ("judge_meeting", "weight"): "MAJOR",
}
#: Lists that get one row; every other list stays empty.
ROWS = frozenset({"mandates", "measures", "problems", "evaluations", "objects"})
WORDS = "已按要求办理，情况属实，措施落实到位。"
SOON = timedelta(days=4)


@dataclass(frozen=True)
class Task:
    """An open user task as the clerk sees it."""

    id: str
    root_id: str
    definition_id: str
    element_id: str
    name: str
    form_key: str | None
    assignee: str | None
    groups: tuple[str, ...]
    due_at: datetime | None


@dataclass(frozen=True)
class Reading:
    """The connection and the moment at which offers are read."""

    connection: sa.Connection
    at: datetime

    def now(self) -> datetime:
        """Return the moment."""
        return self.at


def open_tasks(connection: sa.Connection, since: datetime) -> list[Task]:
    """Return the user tasks that opened at this moment or later and are open still."""
    task, candidate = tables.user_task.c, tables.candidate.c
    rows = connection.execute(
        sa.select(tables.user_task)
        .where(task.closed_at.is_(None), task.created_at >= since)
        .order_by(task.created_at, task.id)
    ).all()
    groups: dict[str, list[str]] = {}
    for row in connection.execute(
        sa.select(candidate.user_task_id, candidate.value)
        .join(tables.user_task, task.id == candidate.user_task_id)
        .where(candidate.kind == "group", task.created_at >= since)
    ):
        groups.setdefault(row.user_task_id, []).append(row.value)
    return [
        Task(
            id=row.id,
            root_id=row.root_id,
            definition_id=row.definition_id,
            element_id=row.element_id,
            name=row.name,
            form_key=row.form_key,
            assignee=row.assignee,
            groups=tuple(sorted(groups.get(row.id, ()))),
            due_at=row.due_at,
        )
        for row in rows
    ]


def units(connection: sa.Connection) -> list[str]:
    """Return the units that matters can be issued to."""
    unit, post = tables.unit.c, tables.post.c
    receives = sa.exists().where(post.role == "unit_registrar", post.unit == unit.code)
    return list(
        connection.scalars(
            sa.select(unit.code).where(unit.active, receives).order_by(unit.code)
        )
    )


def persons(connection: sa.Connection, task: Task, at: datetime) -> list[str]:
    """Return who may complete the task, the one it is given to first."""
    if task.assignee is not None:
        return [task.assignee]
    found = [
        one for group in task.groups for one in people.holders(connection, group, at)
    ]
    return list(dict.fromkeys(found))


def answers(
    engine: engines.Engine, connection: sa.Connection, task: Task, choose: Choose
) -> dict[str, Any]:
    """Return what the clerk fills into the form of a task.

    `choose` may decide a field of a form, or how many rows a list gets; None leaves
    it to the clerk.
    """
    if task.form_key is None:
        return {}
    variables = queries.variables_at(connection, engine.library, task.id)
    return answer_form(
        engine,
        connection,
        task.definition_id,
        task.element_id,
        task.form_key,
        variables,
        choose,
    )


def answer_form(
    engine: engines.Engine,
    connection: sa.Connection,
    definition_id: str,
    element_id: str,
    form_key: str,
    variables: Mapping[str, object],
    choose: Choose,
) -> dict[str, Any]:
    """Return what the clerk fills into a form at an element."""
    definition = engine.library.get(connection, definition_id)
    form = definition.forms[form_key]
    offered = engine.registry.offered(
        form.sources(),
        Reading(connection, engine.clock.now()),
        definition.process.elements[element_id],
        variables,
    )
    today = engine.calendar.local_date(engine.clock.now())
    return fill(form.id, form.scope, {**variables, **offered}, today, choose)


def fill(
    form: str,
    scope: submissions.Scope,
    context: Mapping[str, object],
    today: date,
    choose: Choose,
) -> dict[str, Any]:
    """Return an answer for every field that is shown and needs one."""
    found: dict[str, Any] = {}
    for one in scope.fields:
        key = ".".join(one.path)
        facts = {**context, **found}
        if not one.is_writable(facts) or one.is_hidden(facts):
            continue
        value = choose(form, key)
        if value is None:
            value = _answer(form, key, one, facts, context, today)
        if value is not None:
            found[key] = value
    for rows in scope.lists:
        key = ".".join(rows.path)
        facts = {**context, **found}
        given = choose(form, key)
        if isinstance(given, list):
            found[key] = given
            continue
        if any(one.evaluate(facts) is True for one in rows.hidden):
            continue
        count = given if isinstance(given, int) else int(key in ROWS)
        if count:
            found[key] = [
                fill(f"{form}.{key}", rows.scope, facts, today, choose)
                for _ in range(count)
            ]
    return found


def _answer(
    form: str,
    key: str,
    one: fields.Field,
    facts: Mapping[str, object],
    context: Mapping[str, object],
    today: date,
) -> object | None:
    chosen = CHOICES.get((form, key))
    if chosen is not None:
        return chosen
    if one.type == "checkbox":
        return key in TICKED
    if not one.rules.required:
        return None
    if one.options is not None:
        offered = one.options.offered(facts, context) or []
        preferred = [value for value in PREFERRED if value in offered]
        value = (preferred or offered or [None])[0]
        return [value] if one.type in ("checklist", "taglist") else value
    if one.type == "number":
        return int(one.rules.min) if isinstance(one.rules.min, Decimal) else 1
    if one.type == "datetime":
        later = key.endswith(("due_on", "rectify_by", "deadline", "requested_on"))
        return (today + SOON if later else today).isoformat()
    return WORDS
