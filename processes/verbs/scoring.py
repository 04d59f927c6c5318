"""Verbs of scenarios about score entries, drafted circulars and training."""

from collections.abc import Mapping

import sqlalchemy as sa

from engine import people
from engine import scenarios
from engine import testing
from processes.supervision import access
from processes.supervision import tables
from processes.supervision.documents import circulars
from processes.supervision.documents import documents
from processes.supervision.inspections import training
from processes.supervision.scoring import scores
from processes.supervision.statistics import statistics
from processes.verbs import finding


def _account(story: testing.Story, given: object) -> None:
    """Say what stands in a unit's account, as `-1 待确认`, in the order of entering."""
    found = scenarios.arguments(given, "unit", "entries", optional=("score",))
    entry = tables.score_entry.c
    with story.engine.read() as connection:
        rows = connection.execute(
            sa.select(entry.points_tenths, entry.status)
            .where(entry.unit == found["unit"])
            .order_by(entry.id)
        ).all()
        today = story.engine.calendar.local_date(story.now)
        span = statistics.Span(today.replace(month=1, day=1), today, story.now)
        score = statistics.score(connection, found["unit"], span)
    said = [
        f"{row.points_tenths / tables.TENTHS:+g} {scores.STATUS_LABELS[row.status]}"
        for row in rows
    ]
    scenarios.expect(found["entries"], said, f"{found['unit']}的计分流水")
    if "score" in found:
        scenarios.expect(float(found["score"]), score, f"{found['unit']}的得分")


def _listed(story: testing.Story, given: object) -> None:
    """Say whom the last circular of the matter, issued or not, would name."""
    found = scenarios.arguments(given, "praised", "criticized", optional=("contains",))
    with story.engine.read() as connection:
        kept = circulars.of_matter(connection, finding.matter(story).id)
    if not kept:
        raise scenarios.Unmet("还没有起草通报。")
    for key in ("praised", "criticized"):
        names = [row["name"] for row in getattr(kept[-1], key)]
        scenarios.expect(sorted(found[key]), sorted(names), f"名单 {key}")
    for words in found.get("contains", ()):
        if words not in kept[-1].body:
            raise scenarios.Unmet(f"通报没有“{words}”。")


def _trained(story: testing.Story, given: object) -> None:
    """Say how many sessions and hours of training a person had this year."""
    found = scenarios.arguments(given, "person", "sessions", "hours")
    today = story.engine.calendar.local_date(story.now)
    with story.engine.begin() as work:
        lines = training.ledger(work, today.replace(month=1, day=1), today)
    by_person = {line.person: line for line in lines}
    line = by_person.get(found["person"])
    if line is None:
        raise scenarios.Unmet(f"督查队伍台账没有 {found['person']}。")
    scenarios.expect(found["sessions"], line.sessions, "培训次数")
    scenarios.expect(found["hours"], line.hours, "学时")


def _sees(story: testing.Story, given: object) -> None:
    """Say whether a person may see the matter, and which documents of it he reads."""
    found = scenarios.arguments(given, "person", "matter", optional=("documents",))
    matter = finding.matter(story)
    with story.engine.read() as connection:
        identity = people.identity(connection, found["person"], story.now)
        visible = tables.matter.c.id == matter.id, access.visible(identity)
        seen = connection.scalar(sa.select(tables.matter.c.id).where(*visible))
        scenarios.expect(found["matter"], seen is not None, "看得到事项")
        if "documents" in found:
            types = [
                one.type for one in documents.of_matter(connection, identity, matter.id)
            ]
            scenarios.expect(found["documents"], types, "看得到的文书")


VERBS: Mapping[str, scenarios.Verb] = {
    "account": _account,
    "listed": _listed,
    "sees": _sees,
    "trained": _trained,
}
