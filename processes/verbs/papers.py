"""Verbs about mandates, papers, circulars and what goes to other offices."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine import scenarios
from engine import tables as engine_tables
from engine import testing
from processes import office
from processes.supervision.documents import circulars
from processes.supervision.matters import matters
from processes.supervision.matters import papers
from processes.supervision.matters import proposals
from processes.verbs import finding


def _mandates(story: testing.Story, expected: object) -> None:
    """Say how many mandates the proposal in force has."""
    matter = finding.matter(story)
    with story.engine.read() as connection:
        found = proposals.current(connection, matter.id).mandates
    scenarios.expect(expected, len(found), "任务的项数")


def _papers(story: testing.Story, given: object) -> None:
    """Say how many versions of a kind of paper there are; the last one says this."""
    found = scenarios.arguments(given, "kind", "versions", optional=("contains",))
    matter = finding.matter(story)
    with story.engine.read() as connection:
        kept = [
            one
            for one in papers.of_matter(connection, matter.id)
            if one.kind == found["kind"]
        ]
    scenarios.expect(found["versions"], len(kept), f"材料 {found['kind']} 的稿数")
    for words in found.get("contains", ()):
        if not kept or words not in str(kept[-1].content):
            raise scenarios.Unmet(f"材料 {found['kind']} 没有“{words}”。")


def _circulars(story: testing.Story, given: object) -> None:
    """Say how many circulars of a series are issued, and how the last one is cited."""
    found = scenarios.arguments(
        given, "series", "issued", optional=("number", "praised", "criticized")
    )
    matter = finding.matter(story)
    with story.engine.read() as connection:
        kept = [
            one
            for one in circulars.of_matter(connection, matter.id)
            if one.series == found["series"] and one.status == "ISSUED"
        ]
    scenarios.expect(found["issued"], len(kept), f"{found['series']} 的期数")
    if "number" in found:
        scenarios.expect(found["number"], kept[-1].number, "末期的期号")
    for key in ("praised", "criticized"):
        if key in found:
            names = [one["name"] for one in getattr(kept[-1], key)]
            scenarios.expect(sorted(found[key]), sorted(names), f"名单 {key}")


def _exchange(story: testing.Story, given: object) -> None:
    """Say how many messages went to an office outside (`upper_gov`, `npc` …)."""
    found = scenarios.arguments(given, "to", "count")
    outbox = engine_tables.outbox.c
    ids = finding.column(
        story,
        sa.select(outbox.id).where(
            outbox.channel == "exchange",
            outbox.recipient == found["to"],
            outbox.key.startswith(f"exchange:{finding.matter(story).id}:"),
        ),
    )
    scenarios.expect(found["count"], len(ids), f"报送 {found['to']} 的件数")


def _source(story: testing.Story, expected: Any) -> None:
    """Say what the matter keeps of its source, by the keys of the start form."""
    matter = finding.matter(story)
    parent = None
    if matter.parent_id is not None:
        with story.engine.read() as connection:
            parent = matters.get(connection, matter.parent_id).number
    told = {
        **matter.source,
        "parent": parent,
        "doc_no": matter.source_doc_no,
        "clause": matter.source_clause,
        "type": matter.source_type,
    }
    for key, value in scenarios.mapping(expected).items():
        scenarios.expect(value, told.get(key), f"来源件的 {key}")


def _deploys(story: testing.Story, given: object) -> None:
    """Deploy a procedure of the catalog with other words in its description.

    `replace` maps words of its procedure.toml to the words that stand in their place:
    what an administrator changes in data, not in code.
    """
    found = scenarios.arguments(given, "process", "replace")
    folder = f"{found['process']}/"
    files = {
        name: content
        for name, content in office.catalog_files().items()
        if name.startswith((folder, "common/"))
    }
    name = f"{folder}procedure.toml"
    told = files[name].decode()
    for old, new in scenarios.mapping(found["replace"]).items():
        if old not in told:
            raise scenarios.Unmet(f"{name} 里没有“{old}”。")
        told = told.replace(old, new)
    with story.command() as work:
        work.deploy({**files, name: told.encode()})


VERBS: Mapping[str, scenarios.Verb] = {
    "mandates": _mandates,
    "papers": _papers,
    "circulars": _circulars,
    "exchange": _exchange,
    "source": _source,
    "deploys": _deploys,
}
