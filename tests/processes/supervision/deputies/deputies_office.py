"""An office with the catalog, and suggestions of deputies brought as far as needed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from pathlib import Path

from engine import database
from engine import testing
from processes import rehearsal
from processes.supervision.matters import matters
from processes.supervision.undertakings import undertakings
from processes.verbs import finding

#: 2026-03-06 09:00 in Shanghai, a Friday (S17).
BEGIN = datetime(2026, 3, 6, 1, tzinfo=UTC)
COUNTY, CITY, REVIEW = "proc_npc_cppcc", "proc_npc_city", "proc_npc_review"
SUGGESTION = {
    "kind": "建议",
    "session": "十六届五次",
    "number": 12,
    "title": "关于改造老旧小区供水管网的建议",
    "body": "东关一带供水管网年久失修。",
    "proposers": [
        {"name": "张代表", "address": "东关街道"},
        {"name": "李代表", "address": "城关镇"},
    ],
    "assigned_on": "2026-03-06",
    "urgency": "平件",
    "secrecy": "公开",
}
ASSIGNED = {
    **SUGGESTION,
    "session": "六届三次",
    "doc_no": "商政办〔2026〕15号",
    "upper_due_on": "2026-05-29",
    "county_leader": "vice_mayor",
}
ANALYSIS = {
    "analysis": "所提情况属实。",
    "field": "城乡建设",
    "feasibility": "可以解决",
    "lead_unit": "zjj",
    "duty": "制定改造计划并答复",
    "requirement": "按时答复。",
    "responsible_person": "刘局长",
    "opinion": "拟由县住建局主办。",
}
MEETING = {
    "held_on": "2026-03-06",
    "place": "第一会议室",
    "expected": 20,
    "attended": 19,
    "receipts": [{"unit": "zjj", "received_by": "刘收发"}],
}
REPLY = {
    "course": "REPLY",
    "result": "A",
    "body": "管网已列入本年改造并已开工。",
    "problems": "无",
    "public": True,
    "contact_name": "徐经办",
    "contact_phone": "0370-6200000",
}
CONTACT = {
    "contacted_on": "2026-03-06",
    "contact_mode": "电话",
    "contact_with": "张代表",
    "contact_content": "听取意见。",
}
ACCEPTANCE = {
    "accurate": True,
    "objective": True,
    "truthful": True,
    "verdict": "ACCEPT",
}
AGREED = {"decision": "APPROVE"}


def prepared(folder: Path) -> Path:
    """Return an office with the catalog, to be copied."""
    pool = database.create(f"sqlite:///{folder / 'office.db'}")
    rehearsal.prepare(pool, folder)
    pool.dispose()
    return folder / "office.db"


@contextmanager
def opened(file: Path, folder: Path) -> Iterator[testing.Story]:
    """Open a copy of a prepared office in which nothing has begun."""
    pool = database.create(f"sqlite:///{shutil.copy(file, folder / 'office.db')}")
    story = testing.Story(rehearsal.opener(pool, folder), BEGIN, restarts=False)
    with story.command() as work:
        # The office opens now: nothing that comes round every year was missed before.
        work.rearm_timers()
    yield story
    pool.dispose()


def register(story: testing.Story, **changes: object) -> None:
    """Register a suggestion of the county."""
    story.start(COUNTY, person="dc_registrar", fields={**SUGGESTION, **changes})


def approve(story: testing.Story) -> None:
    """Analyze it and have it approved, up to the meeting."""
    story.complete("逐件梳理分析", person="dc_officer", fields=ANALYSIS)
    for name, person in (
        ("副主任审阅", "go_deputy"),
        ("主任审阅", "go_director"),
        ("副县长审定", "vice_mayor"),
    ):
        story.complete(name, person=person, fields=AGREED)


def hand_over(story: testing.Story) -> None:
    """Register a suggestion and hand it over to 县住建局, which names a handler."""
    register(story)
    approve(story)
    story.complete("召开交办会议", person="dc_officer", fields=MEETING)
    take(story)


def take(story: testing.Story) -> None:
    """Have 县住建局 acknowledge and name its handler."""
    story.complete("签收", person="unit_registrar.zjj", fields={"acknowledged": True})
    story.complete(
        "分办", person="unit_deputy.zjj", fields={"handler": "unit_handler.zjj"}
    )


def reply(story: testing.Story, **changes: object) -> None:
    """Have 县住建局 talk with the deputies and reply; the office accepts it."""
    story.complete("与代表委员沟通", person="unit_handler.zjj", fields=CONTACT)
    story.complete("拟答复稿", person="unit_handler.zjj", fields={**REPLY, **changes})
    story.complete("审核", person="unit_deputy.zjj", fields=AGREED)
    story.complete("签发", person="unit_head.zjj", fields=AGREED)
    story.complete("审核报告", person="dc_officer", fields=ACCEPTANCE)
    story.complete("审签", person="dc_chief", fields=AGREED)


def matter_of(story: testing.Story) -> matters.Matter:
    """Return the matter the story is about."""
    return finding.matter(story)


def undertaking_of(story: testing.Story) -> undertakings.Undertaking:
    """Return what 县住建局 undertook."""
    return finding.undertaking(story, "zjj")
