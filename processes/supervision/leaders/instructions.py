"""Instructions (批示): what leaders wrote on a paper, and what they say to the result.

Several leaders may write on one matter, at once or later (并案): the highest of them
decides who drafts the notice, the shortest of their deadlines holds, and each is told
of the result (domain §2.6, R-00-24, R-01-26).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from engine import handlers
from engine import people
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision import tables
from processes.supervision.deadlines import deadlines
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import papers
from processes.supervision.undertakings import undertakings

#: One kind of paper for each leader, so that none seems to replace another's.
KIND = "instruction:"
TITLE = "领导批示"
#: The form whose words the paper is read in.
FORM = "leader_instruction"
#: The subject of what a leader says when he is told of the result.
ANSWER = "reply"
#: Who may write an instruction in this procedure, the highest first.
RANKS = ("upper", "mayor", "exec_vice_mayor", "vice_mayor")
#: For these the supervision office itself drafts the notice (001二(五)1; 【补充】 for
#: leaders above the county); for the others a section of the government office does.
OFFICE_RANKS = frozenset({"upper", "mayor"})
LONGEST_TEXT = 5000
#: The fields of a start form by which a leader limits the time.
LIMITS = ("due_on", "due_workdays")
#: What an instruction on a document of the upper government consists of.
PARTS = ("leader", "instruction", "instructed_on")


@dataclass(frozen=True)
class Instruction:
    """What one leader wrote; `leader` is an account, or a name where rank is upper."""

    leader: str
    rank: str
    text: str
    on: date
    due_on: date | None = None


def read(work: handlers.Work, given: entries.Entries) -> list[Instruction]:
    """Return what a leader wrote and, in `others`, those who wrote beside him.

    Reads source_rank, source_leader (upper_leader where the rank is upper),
    instruction, source_on; rows of leader, instruction, on, due_on. Raise `Invalid`
    for a leader who does not hold the rank, and for one who stands there twice.
    """
    rank = entries.text(given, "source_rank")
    if rank == "party_leader":
        raise entries.refusal(
            "source_rank", "县委领导批示件请按“领导交办其他事项”办理。", rule="R-01-35"
        )
    if rank not in RANKS:
        raise entries.refusal(
            "source_rank", "请选择批示领导的职务级别。", rule="R-00-07"
        )
    if rank == "upper":
        leader = entries.text(given, "upper_leader", longest=100)
    else:
        leader = entries.text(given, "source_leader", longest=100)
        if rank not in _ranks(work, leader):
            raise entries.refusal(
                "source_rank", "与批示领导的职务不符。", rule="R-00-07"
            )
    found = [
        Instruction(
            leader,
            rank,
            _words(given),
            _day(work, given, "source_on"),
        )
    ]
    for row in entries.rows(given, "others"):
        found.append(_beside(work, row))
    if len({one.leader for one in found}) < len(found):
        raise entries.refusal("others", "同一位领导的批示请合为一条。", rule="R-00-24")
    return found


def read_one(work: handlers.Work, given: entries.Entries) -> Instruction | None:
    """Return the instruction on a document of the upper government, None without one.

    Reads leader, instruction, instructed_on: all three, or nothing (R-01-02).
    """
    present = [bool(given.get(key)) for key in PARTS]
    if not any(present):
        return None
    if not all(present):
        raise entries.refusal(
            "instruction", "批示领导、批示内容、批示日期须一并填写。", rule="R-01-02"
        )
    return _beside(work, {**given, "on": given.get("instructed_on"), "due_on": None})


def record(
    work: handlers.Work,
    matter: matters.Matter,
    found: Sequence[Instruction],
    *,
    element_id: str,
    person: str,
    on_behalf_of: str | None,
) -> matters.Matter:
    """Keep the instructions; the highest leader becomes the source of the matter."""
    for one in found:
        papers.keep(
            work,
            matter_id=matter.id,
            kind=KIND + one.leader,
            title=TITLE,
            content={
                "leader": one.leader,
                "source_rank": one.rank,
                "instruction": one.text,
                "on": one.on.isoformat(),
                "due_on": one.due_on.isoformat() if one.due_on else None,
            },
            element_id=element_id,
            form=FORM,
            person=person,
            on_behalf_of=on_behalf_of,
        )
    return _settle(work, matter)


def require_answer(
    connection: sa.Connection, matter: matters.Matter, main: matters.Matter
) -> None:
    """Raise `Invalid` where a leader would never hear of the result (R-01-26).

    What a leader instructed joins a matter of the same procedure that is under way
    and whose reply to its leaders is not written yet; all else joins what it likes.
    """
    if not of_matter(connection, matter.id):
        return
    reason = None
    if main.procedure != matter.procedure:
        reason = "有领导批示的，只能并入同类事项。"
    elif main.status in matters.ENDED:
        reason = f"事项 {main.number} 已经办结。"
    else:
        # One reply is written in each round, once its result is known.
        reply = papers.latest(connection, main.id, ANSWER)
        if reply is not None and reply.version >= main.round:
            reason = f"事项 {main.number} 已在回告批示领导。"
    if reason:
        raise entries.refusal("into", f"{reason}请继续登记。", rule="R-01-26")


def join(
    work: handlers.Work, merged: matters.Matter, main: matters.Matter
) -> matters.Matter:
    """Let another matter take over what was instructed in the one merged into it.

    Units that are at work already report no later than the matter is now due.
    """
    limited = any(merged.source.get(key) for key in LIMITS)
    settled = _settle(work, main, _due_day(work, merged), limited=limited)
    hurried = [
        people.group(role, one.unit)
        for one in _hurry(work, settled)
        for role in ("unit_registrar", "unit_handler")
    ]
    if main.root_id is not None:
        work.refresh_due_dates(main.root_id)
    inbox.tell(
        work,
        [inbox.group(one) for one in ("dc_officer", *hurried)],
        f"领导批示并入：{main.title}",
        f"又有领导批示并入督查事项 {main.number}，办结时限为"
        f" {_due_day(work, settled)}，办理结果须分别回告各位批示领导。",
        matter_id=main.id,
    )
    return settled


def of_matter(connection: sa.Connection, matter_id: int) -> list[Instruction]:
    """Return the instructions of a matter and of those merged into it, in order."""
    paper, matter = tables.paper.c, tables.matter.c
    merged = sa.select(matter.id).where(matter.merged_into_id == matter_id)
    rows = connection.scalars(
        sa.select(paper.content)
        .where(
            paper.kind.startswith(KIND, autoescape=True),
            (paper.matter_id == matter_id) | paper.matter_id.in_(merged),
        )
        .order_by(paper.id)
    )
    return [
        Instruction(
            row["leader"],
            row["source_rank"],
            row["instruction"],
            date.fromisoformat(row["on"]),
            date.fromisoformat(row["due_on"]) if row["due_on"] else None,
        )
        for row in rows
    ]


def path(connection: sa.Connection, matter_id: int) -> str:
    """Return OFFICE where the supervision office drafts the notice, else SECTION."""
    ranks = {one.rank for one in of_matter(connection, matter_id)}
    return "OFFICE" if ranks & OFFICE_RANKS else "SECTION"


def leaders(connection: sa.Connection, matter_id: int) -> list[str]:
    """Return the accounts of the county's leaders who must be told, each once."""
    found = of_matter(connection, matter_id)
    return list(dict.fromkeys(one.leader for one in found if one.rank != "upper"))


def from_above(connection: sa.Connection, matter_id: int) -> bool:
    """Whether a leader above the county wrote: then his office is told, too."""
    return any(one.rank == "upper" for one in of_matter(connection, matter_id))


def continued(connection: sa.Connection, matter_id: int) -> bool:
    """Whether one of the leaders, when last told, wanted it supervised further."""
    last = {
        one.on_behalf_of or one.person: one.decision
        for one in opinions.of_matter(connection, matter_id)
        if one.subject == ANSWER
    }
    return "CONTINUE" in last.values()


def _settle(
    work: handlers.Work,
    matter: matters.Matter,
    limit: date | None = None,
    *,
    limited: bool = False,
) -> matters.Matter:
    """Write the highest leader and the shortest deadline into the matter.

    `limit` is when one merged into it was due, `limited` whether its leader said so.
    """
    found = of_matter(work.connection, matter.id)
    highest = min(found, key=lambda one: RANKS.index(one.rank))
    settled = matters.change(
        work, matter, source_leader=highest.leader, source_rank=highest.rank
    )
    limits = [one.due_on for one in found if one.due_on]
    shortest = min([*limits, limit] if limit else limits, default=None)
    if shortest is None or shortest >= _due_day(work, settled):
        return settled
    due = deadlines.on_day(work.calendar, settled.assigned_on, shortest)
    if limited or shortest in limits:
        # What a leader limited, only a leader extends (CA-07).
        source = {**settled.source, "due_on": shortest.isoformat()}
        settled = matters.change(work, settled, source=source)
    if settled.status == "DRAFT":
        return matters.change(
            work,
            settled,
            due_at=due.at,
            due_workdays=due.workdays,
            due_provisional=due.provisional,
        )
    return matters.extend(work, settled, due)


def _hurry(
    work: handlers.Work, matter: matters.Matter
) -> list[undertakings.Undertaking]:
    """Bring forward what units at work would report after the matter is due."""
    due_on = _due_day(work, matter)
    late = [
        one
        for one in undertakings.of_matter(work.connection, matter.id)
        if one.state not in undertakings.RESTING and one.due_at > matter.due_at
    ]
    for one in late:
        light = lights.light(work.calendar, work.now(), matter.due_at)
        undertakings.change(work, one, due_at=matter.due_at, light=light)
        ladder.set_up(work, "undertaking", one.id, due_on)
    matters.refresh_light(work, matter.id)
    return late


def _due_day(work: handlers.Work, matter: matters.Matter) -> date:
    return work.calendar.local_date(matter.due_at)


def _beside(work: handlers.Work, row: entries.Entries) -> Instruction:
    leader = entries.text(row, "leader", longest=100)
    held = _ranks(work, leader)
    if not held:
        raise entries.refusal("leader", "只能选择县政府领导。", rule="R-01-02")
    return Instruction(
        leader,
        min(held, key=RANKS.index),
        _words(row),
        _day(work, row, "on"),
        entries.optional_day(row, "due_on"),
    )


def _words(row: entries.Entries) -> str:
    return entries.text(row, "instruction", longest=LONGEST_TEXT)


def _day(work: handlers.Work, row: entries.Entries, key: str) -> date:
    day = entries.day(row, key)
    if day > work.calendar.local_date(work.now()):
        raise entries.refusal(key, "不能晚于今天。")
    return day


def _ranks(work: handlers.Work, person: str) -> frozenset[str]:
    identity = people.identity(work.connection, person, work.now())
    return identity.groups & frozenset(RANKS)
