"""Passing a matter down (转督): to the office of a lower unit, which runs its own.

Responsibility goes from above to below (R-00-30): the office to a unit, a unit to one
below it in its tree. Whoever passed a matter down sees how it goes, gives guidance and
gets the report; what the lower office does is its own matter with its own number.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import routing
from engine import tables as engine_tables
from processes.supervision import access
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.matters import matters
from processes.supervision.matters import papers

PROCEDURE = "proc_lower_matter"
MESSAGE = "matter_passed_down"
REPORTED = "lower_matter_reported"
#: Who of the county's office passes a matter to any unit.
OFFICERS = ("dc_officer", "dc_chief")
#: Who of a unit passes one to a unit below it.
LEADING = ("unit_deputy", "unit_head")
#: There is nothing to pass on yet, or the matter rests.
REFUSING = ("DRAFT", "SUSPENDED")
GUIDANCE = "guidance"
REPORT = "lower_report"


@dataclass(frozen=True)
class Lower:
    """A matter passed down, and what its office reported last."""

    matter: matters.Matter
    report: papers.Paper | None


def pass_down(
    work: handlers.Work,
    matter_id: int,
    identity: people.Identity,
    given: entries.Entries,
) -> matters.Matter:
    """Open a matter of a lower unit's office from this one; return the lower one.

    Reads `unit`, `requirement` and `due_on`. The unit's registrar gets it at once
    (下级自动接收, R-04-16).
    """
    matter = matters.get(work.connection, matter_id)
    unit = entries.text(given, "unit", longest=100)
    if matter.status in (*matters.ENDED, *REFUSING):
        raise matters.WrongStatus(
            f"事项现为“{matters.STATUS_LABELS[matter.status]}”，不能转督。（R-04-16）",
            matter=matter.number,
        )
    if unit not in receivers(work.connection, identity, matter):
        require_above(work.connection, identity, unit)
        raise errors.Forbidden(
            "只能转督本单位承办的事项；接收单位须设有收发岗，且没有正在办理这一转督（R-04-16）。",
            unit=unit,
            person=identity.person,
        )
    due_on = entries.day(given, "due_on")
    last = work.calendar.local_date(matter.due_at)
    if due_on > last:
        raise entries.refusal("due_on", f"不得晚于本级时限 {last}。", rule="R-00-30")
    started = work.start(
        PROCEDURE,
        start_event="start_passed",
        variables={"unit": unit, "parent": matter.number},
        fields={
            "title": matter.title,
            "requirement": entries.text(given, "requirement"),
            "source_type": "上级转督",
            "parent": matter.number,
            "doc_no": matter.source_doc_no or "",
            "due_on": due_on.isoformat(),
        },
    )
    lower = matters.of_root(work.connection, started.instance_id)
    inbox.tell(
        work,
        [inbox.group(people.group("unit_registrar", unit))],
        f"上级转督：{matter.title}",
        f"{lower.number}：请于 {due_on} 前办结并报告。",
        matter_id=lower.id,
        text_message_key=f"passed:{lower.id}",
        urgency=matter.urgency,
    )
    return lower


def guide(
    work: handlers.Work, matter_id: int, identity: people.Identity, text: str
) -> papers.Paper:
    """Give guidance on a lower office's matter (指导意见, R-04-17)."""
    matter = matters.get(work.connection, matter_id)
    if matter.office is None:
        raise errors.Refused("这一事项由本级督查室办理，不需要指导意见。（R-04-17）")
    require_above(work.connection, identity, matter.office)
    if matter.status in matters.ENDED:
        raise matters.WrongStatus(
            f"事项 {matter.number} 已办结，不再需要指导意见。（R-04-17）",
            matter=matter.number,
        )
    words = entries.text({"text": text}, "text", longest=5000)
    inbox.tell(
        work,
        [inbox.group(people.group(role, matter.office)) for role in LEADING],
        f"上级指导意见：{matter.title}",
        words,
        matter_id=matter.id,
    )
    return papers.keep(
        work,
        matter_id=matter.id,
        kind=GUIDANCE,
        title="指导意见",
        content={"text": words},
        element_id="guidance",
        person=identity.person,
    )


def report_up(work: handlers.Work, matter: matters.Matter) -> None:
    """Hand the report of a lower office to whoever passed the matter down.

    It is a paper of the upper matter; an upper office that waits for it goes on, and
    one that handles its own part does so undisturbed.
    """
    if matter.parent_id is None:
        return
    upper = matters.get(work.connection, matter.parent_id)
    report = papers.require(work.connection, matter.id, REPORT)
    papers.keep(
        work,
        matter_id=upper.id,
        kind=f"{REPORT}_{matter.number}",
        title=f"下级报告（{matter.number}）",
        content=report.content,
        element_id=report.element_id,
        form=report.form,
        person=report.person,
    )
    recipients = (
        [inbox.group(role) for role in OFFICERS]
        if upper.office is None
        else [inbox.group(people.group(role, upper.office)) for role in LEADING]
    )
    inbox.tell(
        work,
        recipients,
        f"下级已报告：{matter.title}",
        f"{matter.number} 已办结并报告。",
        matter_id=upper.id,
    )
    if upper.office is not None:
        with contextlib.suppress(routing.NobodyWaits):
            work.correlate(REPORTED, business_key=upper.number)


def lower_matters(connection: sa.Connection, matter_id: int) -> list[matters.Matter]:
    """Return the matters passed down from this one, the first one first."""
    ids = connection.scalars(
        sa.select(tables.matter.c.id)
        .where(
            tables.matter.c.parent_id == matter_id, tables.matter.c.office.is_not(None)
        )
        .order_by(tables.matter.c.id)
    ).all()
    return [matters.get(connection, one) for one in ids]


def progress(
    connection: sa.Connection, identity: people.Identity, matter_id: int
) -> list[Lower]:
    """Return the matters passed down from this one that this person may read."""
    rows = connection.execute(
        sa.select(tables.matter)
        .where(
            tables.matter.c.parent_id == matter_id,
            tables.matter.c.office.is_not(None),
            access.visible(identity),
        )
        .order_by(tables.matter.c.id)
    )
    found = [matters.from_row(row) for row in rows]
    return [Lower(one, papers.latest(connection, one.id, REPORT)) for one in found]


def above(
    connection: sa.Connection, identity: people.Identity, matter: matters.Matter
) -> matters.Matter | None:
    """Return the matter that this one comes from, to one who may read that too."""
    row = connection.execute(
        sa.select(tables.matter).where(
            tables.matter.c.id == matter.parent_id, access.visible(identity)
        )
    ).one_or_none()
    return None if row is None else matters.from_row(row)


def receivers(
    connection: sa.Connection, identity: people.Identity, matter: matters.Matter
) -> Sequence[str]:
    """Return the units to which this person may pass this matter down, by code.

    The office passes it to any unit that has a registrar and is not at it already; who
    leads a unit, to those below it, and only what his unit handles or runs (R-04-04).
    """
    if matter.status in (*matters.ENDED, *REFUSING):
        return ()
    unit, post = engine_tables.unit.c, engine_tables.post.c
    registrar = sa.select(post.unit).where(post.role == "unit_registrar")
    lower = tables.matter.c
    under_way = sa.select(lower.office).where(
        lower.parent_id == matter.id,
        lower.office.is_not(None),
        lower.status.not_in(matters.ENDED),
    )
    reachable = unit.code.not_in(under_way) & (unit.code != (matter.office or ""))
    if not access.holds(identity, *OFFICERS):
        undertaking = tables.undertaking.c
        own = connection.scalars(
            sa.select(undertaking.unit).where(undertaking.matter_id == matter.id)
        )
        leading = _led(identity) & {matter.office, *own}
        reachable &= unit.code.in_(access.subtree(leading)) & unit.code.not_in(leading)
    return connection.scalars(
        sa.select(unit.code)
        .where(unit.active, unit.code.in_(registrar), reachable)
        .order_by(unit.level, unit.code)
    ).all()


def may_guide(
    connection: sa.Connection, identity: people.Identity, matter: matters.Matter
) -> bool:
    """Whether the matter is a lower office's, and this person is above it (R-04-17)."""
    if matter.office is None:
        return False
    return access.holds(identity, *OFFICERS) or any(
        matter.office in below(connection, own) for own in sorted(_led(identity))
    )


def below(connection: sa.Connection, unit: str) -> Sequence[str]:
    """Return the units below a unit in its tree, at every depth, by code."""
    tree = access.subtree([unit])
    return connection.scalars(
        sa.select(engine_tables.unit.c.code)
        .where(engine_tables.unit.c.code.in_(tree), engine_tables.unit.c.code != unit)
        .order_by(engine_tables.unit.c.code)
    ).all()


def require_above(
    connection: sa.Connection, identity: people.Identity, unit: str
) -> None:
    """Refuse whoever is neither of the office nor leads a unit above this one."""
    if access.holds(identity, *OFFICERS):
        known = connection.scalar(
            sa.select(engine_tables.unit.c.code).where(
                engine_tables.unit.c.code == unit, engine_tables.unit.c.active
            )
        )
        if known is None:
            raise entries.refusal(
                "unit", f"没有单位“{unit}”，或已停用。", rule="R-04-16"
            )
        return
    if any(unit in below(connection, own) for own in sorted(_led(identity))):
        return
    raise errors.Forbidden(
        "只能转督给下级单位（R-04-04）。", unit=unit, person=identity.person
    )


def _led(identity: people.Identity) -> set[str]:
    """Return the units that this person leads."""
    return {
        own
        for role, _, own in (group.partition(".") for group in identity.groups)
        if role in LEADING and own
    }
