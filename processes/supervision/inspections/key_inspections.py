"""Key inspections (重点督查): opened for a matter whose problems need following up.

They are matters of their own (P-09b), tied to the one they follow (R-02-12, R-02-35).
"""

from engine import handlers
from processes.supervision.matters import matters
from processes.supervision.matters import registration

PROCEDURE = "proc_special_inspection"
#: 督查内容: what follows up a patrol or another inspection (R-02-13).
CONTENT = "巡查发现问题的整改落实情况"
SCOPE = "其他重要事项"
#: 督查组织(2): led by the director, run by the supervision office (R-02-15).
GRADE = "DIRECTOR"


def open_for(
    work: handlers.Work,
    matter: matters.Matter,
    *,
    title: str,
    requirement: str,
    person: str | None,
) -> matters.Matter:
    """Start a key inspection that follows up this matter, and return it."""
    started = work.start(
        PROCEDURE,
        fields={
            "title": title[: registration.LONGEST_TITLE],
            "requirement": requirement,
            "scope_kind": SCOPE,
            "content_kind": CONTENT,
            "grade": GRADE,
            "parent": matter.number,
        },
        person=person,
    )
    return matters.by_number(work.connection, started.business_key or "")
