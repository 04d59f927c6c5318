"""Diagrams on which the operations of persons are tried, and acts for short tests."""

import sqlalchemy as sa

from engine import tables
from tests.engine.conftest import Office
from tests.engine.conftest import task


def arrows(*pairs: str) -> str:
    """Return sequence flows, each given as `source target`."""
    return "".join(
        f'<sequenceFlow id="{s}-{t}" sourceRef="{s}" targetRef="{t}"/>'
        for s, t in (pair.split() for pair in pairs)
    )


def process(key: str, body: str, *pairs: str) -> str:
    """Return a process with a `begin` and a `stop` around its elements."""
    return (
        f'<process id="{key}" name="{key}" isExecutable="true">'
        f'<startEvent id="begin"/>{body}<endEvent id="stop"/>{arrows(*pairs)}</process>'
    )


def call(element_id: str, called: str, more: str = "") -> str:
    """Return a call activity that knows its caller's variables."""
    return (
        f'<callActivity id="{element_id}" calledElement="{called}"><extensionElements>'
        f'<camunda:in variables="all"/></extensionElements>{more}</callActivity>'
    )


def rounds(collection: str, variable: str, *, sequential: bool = False) -> str:
    """Return a multi-instance over a list."""
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"'
        f' camunda:collection="{collection}" camunda:elementVariable="{variable}"/>'
    )


def timer(element_id: str, host: str, duration: str) -> str:
    """Return a timer on an activity that leaves the activity alone."""
    return (
        f'<boundaryEvent id="{element_id}" attachedToRef="{host}"'
        ' cancelActivity="false"><timerEventDefinition><timeDuration>'
        f"{duration}</timeDuration></timerEventDefinition></boundaryEvent>"
    )


#: 起草 → {会办甲 → 会办乙 | 会办丙} → 签发; a timer on 会办丙.
FORK = process(
    "fork",
    '<parallelGateway id="split"/><parallelGateway id="join"/>'
    + task("draft", "起草")
    + task("first", "会办甲")
    + task("second", "会办乙")
    + task("third", "会办丙", "deputy")
    + timer("late", "third", "P1D")
    + task("urge", "催办")
    + task("sign", "签发", "director"),
    "begin draft",
    "draft split",
    "split first",
    "first second",
    "second join",
    "split third",
    "late urge",
    "third join",
    "join sign",
    "sign stop",
)

#: Two units, each an instance of its own: 承办 → 审核; then 汇总.
UNITS = (
    process(
        "units",
        task("plan", "拟办")
        + call("undertake", "unit", rounds("units", "unit"))
        + task("gather", "汇总"),
        "begin plan",
        "plan undertake",
        "undertake gather",
        "gather stop",
    ),
    process(
        "unit",
        task("work", "承办") + task("audit", "审核", "deputy"),
        "begin work",
        "work audit",
        "audit stop",
    ),
)

#: 拟办 → sub-process {初核 → 复核, a timer on it} → 签发.
INSIDE = process(
    "inside",
    task("plan", "拟办")
    + '<subProcess id="handling" name="办理"><startEvent id="in"/>'
    + task("examine", "初核")
    + task("confirm", "复核", "deputy")
    + '<endEvent id="out"/>'
    + arrows("in examine", "examine confirm", "confirm out")
    + "</subProcess>"
    + timer("overdue", "handling", "P3D")
    + task("urge", "催办")
    + task("sign", "签发", "director"),
    "begin plan",
    "plan handling",
    "handling sign",
    "overdue urge",
    "sign stop",
)


def signing(*, sequential: bool = False) -> str:
    """Return 拟办 → 会签 by each of `signers` → 签发."""
    return process(
        "signing",
        task("plan", "拟办")
        + '<userTask id="cosign" name="会签" camunda:assignee="${signer}">'
        + rounds("signers", "signer", sequential=sequential)
        + "</userTask>"
        + task("sign", "签发", "director"),
        "begin plan",
        "plan cosign",
        "cosign sign",
        "sign stop",
    )


def holders(office: Office, name: str) -> list[str | None]:
    """Return the assignees of the open tasks of this name, sorted."""
    rows = office.rows(
        sa.select(tables.user_task.c.assignee)
        .where(tables.user_task.c.name == name, tables.user_task.c.closed_at.is_(None))
        .order_by(tables.user_task.c.assignee)
    )
    return [row.assignee for row in rows]


def closed_task(office: Office, name: str) -> str:
    """Return the id of the task of this name that was completed last."""
    event = tables.history_event.c
    rows = office.rows(
        sa.select(event.task_id)
        .join(tables.user_task, tables.user_task.c.id == event.task_id)
        .where(event.type == "task_completed", tables.user_task.c.name == name)
        .order_by(event.seq)
    )
    return str(rows[-1].task_id)


def task_of(office: Office, name: str, assignee: str) -> str:
    """Return the id of the open task that this person has."""
    (row,) = office.rows(
        sa.select(tables.user_task.c.id).where(
            tables.user_task.c.name == name,
            tables.user_task.c.assignee == assignee,
            tables.user_task.c.closed_at.is_(None),
        )
    )
    return str(row.id)


def events(office: Office, instance_id: str, *types: str) -> list[dict[str, object]]:
    """Return person, on_behalf_of and details of the events of these types."""
    event = tables.history_event.c
    rows = office.rows(
        sa.select(event.type, event.person, event.on_behalf_of, event.details)
        .where(event.instance_id == instance_id, event.type.in_(types))
        .order_by(event.seq)
    )
    return [dict(row._mapping) for row in rows]


def called(office: Office, caller_id: str) -> list[str]:
    """Return the active instances that another called."""
    table = tables.instance.c
    rows = office.rows(
        sa.select(table.id)
        .where(table.parent_id == caller_id, table.status == "active")
        .order_by(table.id)
    )
    return [str(row.id) for row in rows]


def open_tasks(office: Office, name: str) -> list[str]:
    """Return the ids of the open tasks of this name."""
    rows = office.rows(
        sa.select(tables.user_task.c.id)
        .where(tables.user_task.c.name == name, tables.user_task.c.closed_at.is_(None))
        .order_by(tables.user_task.c.id)
    )
    return [str(row.id) for row in rows]
