"""Suggestions of deputies and proposals of members of the CPPCC (建议提案).

Source: 夏政办〔2014〕29号二(六); 代表法 (2025) 51, 52; domain §2.7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from engine import people
from engine import workdays
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import phrases
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.matters import matters
from processes.supervision.matters import sources
from processes.supervision.undertakings import undertakings

Kind = Literal["建议", "提案"]
Level = Literal["市交办", "县本级"]

#: Who gets a copy of every reply.
COPIES_TO: dict[str, str] = {"建议": "人大代表工委", "提案": "政协提案委"}
#: How those who made it are addressed.
PROPOSERS: dict[str, str] = {"建议": "代表", "提案": "委员"}
LEVELS: tuple[Level, ...] = ("市交办", "县本级")
REMINDER = "reply_reminder"


@dataclass(frozen=True)
class Proposer:
    """One of those who made it; place 0 is the leader (领衔人)."""

    id: int
    place: int
    name: str
    address: str


@dataclass(frozen=True)
class DeputyProposal:
    """A suggestion or proposal; `year` is the one whose volume gathers its replies."""

    id: int
    matter_id: int
    kind: Kind
    level: Level
    session: str
    number: int
    year: int
    body: str
    key_proposal: bool

    @property
    def name(self) -> str:
        """How documents name it: 第12号建议."""
        return f"第{self.number}号{self.kind}"


def record(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries, *, level: str
) -> DeputyProposal:
    """Record what a registered matter proposes, by whom, and when it is answered by.

    Reads `kind`, `session`, `number`, `body`, `proposers` (rows of name and address)
    and `key_proposal`. What a city assigned is due some working days before the city
    wants it (`before_upper`, 【补充】). Type, level, session and number are unique.
    """
    kind = entries.choice(given, "kind", tuple(COPIES_TO))
    session = entries.text(given, "session", longest=50)
    number = entries.optional_whole(given, "number", least=1, largest=99999)
    if number is None:
        raise entries.refusal("number", "请填写编号。", rule="R-00-08")
    _require_unique(work.connection, kind, level, session, number)
    proposers = _proposers(given)
    if level == "市交办":
        matter = _due_before_upper(work, matter)
    proposal_id = work.connection.execute(
        tables.deputy_proposal.insert()
        .values(
            matter_id=matter.id,
            kind=kind,
            level=level,
            session=session,
            number=number,
            year=matter.assigned_on.year,
            body=entries.text(given, "body"),
            key_proposal=entries.flag(given, "key_proposal"),
        )
        .returning(tables.deputy_proposal.c.id)
    ).scalar_one()
    work.connection.execute(
        tables.proposer.insert(),
        [
            {
                "deputy_proposal_id": proposal_id,
                "place": place,
                "name": name,
                "address": address,
            }
            for place, (name, address) in enumerate(proposers)
        ],
    )
    remind(work, matter)
    return of_matter(work.connection, matter.id)


def of_matter(connection: sa.Connection, matter_id: int) -> DeputyProposal:
    """Return what a matter proposes, or the matter it follows up (长期跟踪)."""
    row = connection.execute(
        sa.select(tables.deputy_proposal).where(
            tables.deputy_proposal.c.matter_id == matter_id
        )
    ).one_or_none()
    if row is not None:
        return DeputyProposal(**row._mapping)
    parent = connection.scalar(
        sa.select(tables.matter.c.parent_id).where(tables.matter.c.id == matter_id)
    )
    if parent is None:
        raise errors.NotFound("这一事项不是建议提案。", matter_id=matter_id)
    return of_matter(connection, parent)


def proposers(connection: sa.Connection, proposal_id: int) -> list[Proposer]:
    """Return who made it, the leader first."""
    proposer = tables.proposer.c
    rows = connection.execute(
        sa.select(proposer.id, proposer.place, proposer.name, proposer.address)
        .where(proposer.deputy_proposal_id == proposal_id)
        .order_by(proposer.place)
    )
    return [Proposer(**row._mapping) for row in rows]


def breakdown(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries
) -> entries.Entries:
    """Return as a breakdown what the form tells of units: one mandate for each lead.

    Reads `opinion`, `lead_unit`, `duty`, `assisting`, `separate` (分办: rows of unit
    and duty, each of which replies apart), `requirement` and `responsible_person`.
    """
    shared = {
        "content": matter.title,
        "requirement": given.get("requirement"),
        "responsible_person": given.get("responsible_person"),
        "due_on": work.calendar.local_date(matter.due_at).isoformat(),
    }
    lead = {
        **shared,
        "lead_unit": given.get("lead_unit"),
        "duty": given.get("duty"),
        "assisting": given.get("assisting"),
    }
    others = [
        {**shared, "lead_unit": row.get("unit"), "duty": row.get("duty")}
        for row in entries.rows(given, "separate")
    ]
    units = [lead["lead_unit"], *(one["lead_unit"] for one in others)]
    if any(units.count(unit) > 1 for unit in units):
        raise entries.refusal("separate", "同一单位不能重复承办。", rule="R-00-16")
    return {"opinion": given.get("opinion"), "mandates": [lead, *others]}


def extend_matter(work: handlers.Work, matter: matters.Matter, day: date) -> None:
    """Give the matter and its reminders another due day."""
    today = work.calendar.local_date(work.now())
    extended = matters.extend(
        work, matter, deadlines.on_day(work.calendar, min(today, day), day)
    )
    remind(work, extended)


def remind(work: handlers.Work, matter: matters.Matter) -> None:
    """Set up the reminders so many days before the reply is due (−30日、−15日).

    Those of an earlier due day go; those already past are left out.
    """
    rules = sources.procedure_of(work.connection, matter).parameters
    forget(work, matter)
    due_on = work.calendar.local_date(matter.due_at)
    # The last one, on the due day itself, looks whether an extension moved it.
    for days in (*rules.get("reminders", ()), 0):
        day = work.calendar.add_days(due_on, -int(days))
        at = work.calendar.at(day, workdays.START_OF_WORK)
        if at > work.now():
            payload = {"matter": matter.id, "due_on": due_on.isoformat()}
            work.schedule(REMINDER, at, payload, key=f"{_key(matter)}{days}")


def forget(work: handlers.Work, matter: matters.Matter) -> None:
    """Take the reminders down: the reply has been given."""
    work.unschedule(_key(matter), prefix=True)


def tell_reminder(work: handlers.Work, payload: Mapping[str, object]) -> None:
    """Tell the units that still owe a reply, and the office, when it is due.

    Where an extension has moved the due day, count the reminders anew from there.
    """
    matter = matters.get(work.connection, entries.number(payload, "matter"))
    due_on = work.calendar.local_date(matter.due_at)
    if due_on.isoformat() != payload["due_on"]:
        remind(work, matter)
        return
    owing = [
        one
        for one in undertakings.of_matter(
            work.connection, matter.id, round=matter.round
        )
        if one.role == "LEAD" and one.state not in undertakings.RESTING
    ]
    proposal = of_matter(work.connection, matter.id)
    left = (due_on - work.calendar.local_date(work.now())).days
    inbox.tell(
        work,
        [
            *(inbox.group(people.group("unit_handler", one.unit)) for one in owing),
            inbox.group("dc_officer"),
        ],
        f"距答复时限{left}日：{matter.title}",
        f"{proposal.name}应于{phrases.chinese_day(matter.due_at)}前答复。",
        matter_id=matter.id,
    )


def _key(matter: matters.Matter) -> str:
    # The closing colon keeps matter 1 apart from matter 10.
    return f"{REMINDER}:{matter.id}:"


def _proposers(given: entries.Entries) -> list[tuple[str, str]]:
    """Return the names and addresses of those who made it: each once."""
    found = [
        (entries.text(row, "name", longest=50), entries.text(row, "address"))
        for row in entries.rows(given, "proposers")
    ]
    if not found:
        raise entries.refusal("proposers", "至少填写领衔人。", rule="R-00-08")
    if len({name for name, _ in found}) < len(found):
        raise entries.refusal(
            "proposers", "同一代表、委员不能填写两次。", rule="R-00-08"
        )
    return found


def _require_unique(
    connection: sa.Connection, kind: str, level: str, session: str, number: int
) -> None:
    proposal = tables.deputy_proposal.c
    taken = connection.scalar(
        sa.select(tables.matter.c.number)
        .join(tables.deputy_proposal, proposal.matter_id == tables.matter.c.id)
        .where(
            proposal.kind == kind,
            proposal.level == level,
            proposal.session == session,
            proposal.number == number,
        )
    )
    if taken is not None:
        raise entries.refusal(
            "number",
            f"{level}{session}第{number}号{kind}已经登记，督查编号 {taken}。",
            rule="R-00-08",
        )


def _due_before_upper(work: handlers.Work, matter: matters.Matter) -> matters.Matter:
    days = int(sources.procedure_of(work.connection, matter).parameters["before_upper"])
    if matter.upper_due is None:
        raise entries.refusal("upper_due_on", "请填写市交办时限。", rule="R-01-28")
    day = work.calendar.add_workdays(matter.upper_due, -days)
    if day < matter.assigned_on:
        raise entries.refusal(
            "upper_due_on", f"距交办日期不足{days}个工作日。", rule="R-01-28"
        )
    due = deadlines.on_day(work.calendar, matter.assigned_on, day)
    return matters.extend(work, matter, due)
