"""Where the summary of what the city assigned goes (R-01-28).

报市政府办公室, 函告市直机关, 答复代表、委员: at least one. The strict reading wants the
first, or both others; the parameter `strict_destinations` chooses it.
"""

import sqlalchemy as sa

from engine import handlers
from processes.supervision import entries
from processes.supervision.deputies import replies
from processes.supervision.documents import documents
from processes.supervision.documents import issuing
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.matters import sources

PAPER = "destinations"
DESTINATIONS = ("UPPER", "DEPARTMENTS", "DEPUTIES")
LETTER = "LETTER"


def record(
    work: handlers.Work,
    matter: matters.Matter,
    given: entries.Entries,
    *,
    element_id: str,
    person: str,
    on_behalf_of: str | None,
) -> papers.Paper:
    """Keep where the summary goes. Reads `destinations` and `departments`."""
    chosen = entries.choices(given, "destinations", DESTINATIONS)
    if not chosen:
        raise entries.refusal("destinations", "至少选择一个去向。", rule="R-01-28")
    rules = sources.procedure_of(work.connection, matter).parameters
    others = set(DESTINATIONS[1:])
    if (
        rules.get("strict_destinations")
        and "UPPER" not in chosen
        and not others <= set(chosen)
    ):
        raise entries.refusal(
            "destinations",
            "不报市政府办公室的，须函告市直机关并答复代表、委员。",
            rule="R-01-28",
        )
    departments = entries.optional_text(given, "departments", longest=300)
    if "DEPARTMENTS" in chosen and not departments:
        raise entries.refusal("departments", "请写明函告的市直机关。", rule="R-01-28")
    return papers.keep(
        work,
        matter_id=matter.id,
        kind=PAPER,
        title="去向",
        content={"destinations": list(chosen), "departments": departments},
        element_id=element_id,
        person=person,
        on_behalf_of=on_behalf_of,
    )


def of_matter(connection: sa.Connection, matter: matters.Matter) -> tuple[str, ...]:
    """Return where the summary goes, nowhere while nobody has said it."""
    paper = papers.latest(connection, matter.id, PAPER)
    if paper is None:
        return ()
    chosen = paper.content["destinations"]
    return tuple(chosen) if isinstance(chosen, list) else ()


def write_to_departments(
    work: handlers.Work, matter: matters.Matter, *, person: str | None
) -> documents.Document:
    """Issue the letter that tells the departments of the city, and send it."""
    paper = papers.require(work.connection, matter.id, PAPER)
    letter = issuing.issue(work, matter, LETTER, chosen={}, person=person)
    work.send(
        replies.CHANNEL,
        str(paper.content["departments"]),
        {"number": letter.number, "title": letter.title},
        key=f"letter:{letter.id}",
    )
    return letter
