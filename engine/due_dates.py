"""Due dates that a diagram asks of the office's records, asked again (改期).

`camunda:dueDate="${due_of(undertaking)}"` names a function that needs the work: what it
answers stands in a record and may change while the task is open. Whoever changes the
record has the open tasks asked again; all other due dates stay as they were set.
"""

import re
from collections.abc import Collection

import sqlalchemy as sa

from engine import history
from engine import instances
from engine import transactions
from engine import user_tasks
from engine.bpmn import expressions
from engine.tables import candidate
from engine.tables import instance as instance_table
from engine.tables import user_task

CALLED = re.compile(r"\b(\w+)\s*\(")


def asks_records(written: str, functions: Collection[str]) -> bool:
    """Say whether an expression calls one of these functions."""
    return any(name in functions for name in CALLED.findall(written))


def refresh(work: transactions.Transaction, root_id: str) -> int:
    """Ask again when the open tasks of a root are due; say how many moved."""
    rows = work.connection.execute(
        sa.select(
            user_task.c.id,
            user_task.c.element_id,
            user_task.c.instance_id,
            user_task.c.due_at,
            instance_table.c.definition_id,
        )
        .join(instance_table, instance_table.c.id == user_task.c.instance_id)
        .where(
            instance_table.c.root_id == root_id,
            instance_table.c.status == "active",
            user_task.c.closed_at.is_(None),
        )
        .order_by(user_task.c.id)
    ).all()
    moved = 0
    for row in rows:
        process = work.library.get(work.connection, row.definition_id).process
        written = process.elements[row.element_id].attributes.get("dueDate", "")
        if not asks_records(written, work.registry.work_functions):
            continue
        game = instances.look(work, row.instance_id)
        # A task that this very command completes is still open in its row.
        if row.id not in game.waits:
            continue
        due_at = user_tasks.moment(
            "到期时间",
            expressions.compile_juel(written).evaluate(
                game.variables_at(row.id), work.functions
            ),
        )
        if due_at is None or due_at == row.due_at:
            continue
        for table, column in ((user_task, "id"), (candidate, "user_task_id")):
            values = {"order_at": due_at}
            if table is user_task:
                values["due_at"] = due_at
            work.connection.execute(
                table.update().where(table.c[column] == row.id).values(values)
            )
        details = {
            "from": row.due_at.isoformat() if row.due_at else None,
            "to": due_at.isoformat(),
        }
        event = history.Event("task_due_moved", row.element_id, row.id, details=details)
        instances.note(work, row.instance_id, event)
        moved += 1
    return moved
