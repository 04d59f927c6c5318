"""What a matter shows, says, prints and counts, and what its people do.

Units are named by their code; `事项` is the matter itself. Labels are those that
people see: 绿灯, 已归档, 待签收.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine import people
from engine import scenarios
from engine import tables as engine_tables
from engine import testing
from processes.supervision import leaves
from processes.supervision import tables
from processes.supervision.deadlines import lights
from processes.supervision.hotline import callers
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings
from processes.verbs import finding

#: The key under which a scenario speaks of the matter and not of a unit.
MATTER = "事项"
PROVISIONAL = "预排"
ACKNOWLEDGEMENT = "签收"

#: Words of a report are counted, so a scenario names their number.
WORD = "办"


def _ticket(story: testing.Story, given: object) -> None:
    """Have the hotline deliver a ticket; `created` says whether it is a new matter."""
    found = scenarios.arguments(given, "fields", "created")
    with story.command() as work:
        delivery = hotline.deliver(work, found["fields"])
    scenarios.expect(found["created"], delivery.created, "新建事项")
    with story.engine.read() as connection:
        root_id = connection.scalar(
            sa.select(tables.matter.c.root_id).where(
                tables.matter.c.number == delivery.number
            )
        )
    story.follow(str(root_id))


def _absent(story: testing.Story, given: object) -> None:
    """Send somebody on leave, with or without a substitute."""
    found = scenarios.arguments(
        given, "person", "from", "to", optional=("substitute", "roles")
    )
    starts_at, ends_at = map(scenarios.moment, (found["from"], found["to"]))
    with story.command() as work:
        leaves.take(
            work,
            found["person"],
            starts_at=starts_at,
            ends_at=ends_at,
            reason="请假",
            substitute=found.get("substitute"),
            roles=found.get("roles", ()),
        )


def _draft(story: testing.Story, given: object) -> None:
    """Hand in a report of so many words."""
    found = scenarios.arguments(
        given, "as", "class", "words", optional=("problems", "fields")
    )
    fields = {
        "report_class": found["class"],
        "body": WORD * found["words"],
        "conclusion": "按要求办理完毕。",
        "actions": "措施已落实。",
        "completion": "DONE",
        "progress": 100,
        "problems": found.get("problems", "无"),
        **found.get("fields", {}),
    }
    story.complete("办理并拟报告", person=found["as"], fields=fields)


def looking(vault: callers.Vault) -> scenarios.Verb:
    """Return the verb that looks at a caller's data with this vault."""

    def look(story: testing.Story, given: object) -> None:
        """Look at the caller's data; `sees` is among them."""
        found = scenarios.arguments(given, "as", "reason", optional=("sees",))
        matter_id = finding.matter(story).id
        with story.command() as work:
            identity = people.identity(work.connection, found["as"], story.now)
            caller = callers.look(
                work, vault, matter_id, identity, reason=found["reason"]
            )
        if "sees" in found:
            seen = [caller.name, caller.phone, caller.address]
            if found["sees"] not in seen:
                raise scenarios.Unmet(f"诉求人信息里没有“{found['sees']}”。")

    return look


# -- what must hold ----------------------------------------------------------------


def _number(story: testing.Story, expected: object) -> None:
    scenarios.expect(expected, finding.matter(story).number, "督查编号")


def _status(story: testing.Story, expected: object) -> None:
    status = matters.STATUS_LABELS[finding.matter(story).status]
    scenarios.expect(expected, status, "事项的状态")


def _round(story: testing.Story, expected: object) -> None:
    scenarios.expect(expected, finding.matter(story).round, "轮次")


def _matters(story: testing.Story, expected: object) -> None:
    with story.engine.read() as connection:
        actual = connection.scalar(
            sa.select(sa.func.count()).select_from(tables.matter)
        )
    scenarios.expect(expected, actual, "事项的件数")


def _lights(story: testing.Story, expected: Any) -> None:
    for name, light in scenarios.mapping(expected).items():
        subject = (
            finding.matter(story)
            if name == MATTER
            else finding.undertaking(story, name)
        )
        actual = lights.LABELS[subject.light]
        scenarios.expect(light, actual, f"{name}的灯")


def _states(story: testing.Story, expected: Any) -> None:
    for unit, state in scenarios.mapping(expected).items():
        actual = undertakings.STATE_LABELS[finding.undertaking(story, unit).state]
        scenarios.expect(state, actual, f"{unit}的承办状态")


def _deadlines(story: testing.Story, expected: Any) -> None:
    """Say when the matter, a unit's report or the acknowledgement is due."""
    matter = finding.matter(story)
    for name, due in scenarios.mapping(expected).items():
        if name == PROVISIONAL:
            provisional = {
                matter.due_provisional,
                *(one.due_provisional for one in finding.undertakings_now(story)),
            }
            scenarios.expect({due}, provisional, "时限的预排")
            continue
        if name == MATTER:
            at = matter.due_at
        elif name == ACKNOWLEDGEMENT:
            at = max(one.sign_due_at for one in finding.undertakings_now(story))
        else:
            at = finding.undertaking(story, name).due_at
        scenarios.expect(due, scenarios.shown(at), f"{name}的时限")


def _documents(story: testing.Story, given: object) -> None:
    """Say how many documents of a type are registered and what each must say."""
    found = scenarios.arguments(given, "type", "count", optional=("contains", "lacks"))
    document = tables.document.c
    with story.engine.read() as connection:
        texts = [
            bytes(data).decode()
            for data in connection.scalars(
                sa.select(document.data).where(
                    document.matter_id == finding.matter(story).id,
                    document.type == found["type"],
                )
            )
        ]
    scenarios.expect(found["count"], len(texts), f"文书 {found['type']} 的件数")
    for text in texts:
        for words in found.get("contains", ()):
            if words not in text:
                raise scenarios.Unmet(f"文书 {found['type']} 没有“{words}”。")
        for words in found.get("lacks", ()):
            if words in text:
                raise scenarios.Unmet(f"文书 {found['type']} 不应有“{words}”。")


def _scores(story: testing.Story, given: object) -> None:
    """Say how many score entries a unit has in the matter, and their sum."""
    found = scenarios.arguments(given, "unit", "count", optional=("points",))
    entry = tables.score_entry.c
    points = finding.column(
        story,
        sa.select(entry.points_tenths).where(
            entry.undertaking_id.in_(finding.ids_of_unit(story, found["unit"]))
        ),
    )
    scenarios.expect(found["count"], len(points), f"{found['unit']}的扣分流水")
    if "points" in found:
        total = sum(points) / tables.TENTHS
        scenarios.expect(float(found["points"]), total, f"{found['unit']}的扣分")


def _urges(story: testing.Story, given: object) -> None:
    """Say how many urges a unit has had, and how the last one was made."""
    found = scenarios.arguments(given, "unit", "count", optional=("mode",))
    urge = tables.urge.c
    modes = finding.column(
        story,
        sa.select(urge.mode)
        .where(urge.undertaking_id.in_(finding.ids_of_unit(story, found["unit"])))
        .order_by(urge.id),
    )
    scenarios.expect(found["count"], len(modes), f"{found['unit']}的催办记录")
    if "mode" in found:
        scenarios.expect(found["mode"], modes[-1], "末次催办的方式")


def _reports(story: testing.Story, given: object) -> None:
    """Say how many versions of its report a unit has submitted."""
    found = scenarios.arguments(given, "unit", "versions")
    report = tables.progress_report.c
    versions = finding.column(
        story,
        sa.select(report.version).where(
            report.undertaking_id.in_(finding.ids_of_unit(story, found["unit"])),
            report.submitted_at.is_not(None),
        ),
    )
    scenarios.expect(found["versions"], len(versions), "上报过的报告")


def _opinions(story: testing.Story, given: object) -> None:
    """Say how many opinions match the given columns."""
    found = scenarios.arguments(
        given, "count", optional=("decision", "person", "on_behalf_of", "verb")
    )
    opinion = tables.opinion.c
    wanted = [opinion[key] == found[key] for key in found if key != "count"]
    ids = finding.column(
        story,
        sa.select(opinion.id).where(
            opinion.matter_id == finding.matter(story).id, *wanted
        ),
    )
    scenarios.expect(found["count"], len(ids), "意见的条数")


def _inbox(story: testing.Story, given: object) -> None:
    """Say how many messages a group or person got that say these words."""
    found = scenarios.arguments(given, "for", "says", "count")
    message = tables.inbox_message.c
    bodies = finding.column(
        story,
        sa.select(message.title + message.body).where(
            message.matter_id == finding.matter(story).id,
            message.recipient == found["for"],
        ),
    )
    count = sum(found["says"] in body for body in bodies)
    scenarios.expect(found["count"], count, f"给 {found['for']} 的站内信")


def _sms(story: testing.Story, given: object) -> None:
    """Say how many text messages left for `person:…` or `group:…` with these words."""
    found = scenarios.arguments(given, "to", "says", "count")
    outbox = engine_tables.outbox.c
    payloads: Sequence[Mapping[str, str]] = finding.column(
        story,
        sa.select(outbox.payload).where(
            outbox.channel == "sms", outbox.recipient == found["to"]
        ),
    )
    count = sum(
        found["says"] in payload["title"] + payload["body"] for payload in payloads
    )
    scenarios.expect(found["count"], count, f"给 {found['to']} 的短信")


def _hotline(story: testing.Story, given: object) -> None:
    """Say how many messages about this event of the matter went to the hotline."""
    found = scenarios.arguments(given, "event", "count")
    key = f"hotline:{finding.matter(story).number}:{found['event']}"
    outbox = engine_tables.outbox.c
    ids = finding.column(story, sa.select(outbox.id).where(outbox.key == key))
    scenarios.expect(found["count"], len(ids), f"报热线电话室“{found['event']}”")


def _secret(story: testing.Story, words: Any) -> None:
    """Say which words occur in no history, message or document: the caller's."""
    event, outbox = engine_tables.history_event.c, engine_tables.outbox.c
    message, document = tables.inbox_message.c, tables.document.c
    places: dict[str, sa.Select[Any]] = {
        "历史": sa.select(sa.cast(event.details, sa.Text)),
        "外发消息": sa.select(sa.cast(outbox.payload, sa.Text)),
        "站内信": sa.select(message.title + message.body),
    }
    texts = {place: finding.column(story, query) for place, query in places.items()}
    texts["文书"] = [
        bytes(data).decode() for data in finding.column(story, sa.select(document.data))
    ]
    for place, found in texts.items():
        for word in words:
            if any(word in str(text) for text in found):
                raise scenarios.Unmet(f"{place}里出现了“{word}”。")


def count(table: sa.Table) -> Callable[[testing.Story, Any], None]:
    """Return the verb that says how many rows of a table the matter has."""

    def count(story: testing.Story, expected: object) -> None:
        ids = finding.column(
            story,
            sa.select(table.c.id).where(table.c.matter_id == finding.matter(story).id),
        )
        scenarios.expect(expected, len(ids), f"{table.name} 的条数")

    return count


#: The vault is what `looking` needs beside these.
VERBS: Mapping[str, scenarios.Verb] = {
    "ticket": _ticket,
    "absent": _absent,
    "draft": _draft,
    "looks": count(tables.caller_look),
    "supplements": count(tables.supplement),
    "matters": _matters,
    "number": _number,
    "status": _status,
    "round": _round,
    "states": _states,
    "lights": _lights,
    "deadlines": _deadlines,
    "documents": _documents,
    "scores": _scores,
    "urges": _urges,
    "reports": _reports,
    "opinions": _opinions,
    "inbox": _inbox,
    "sms": _sms,
    "hotline": _hotline,
    "secret": _secret,
}
