"""Acts in vain: a refusal names its rule, and no row of any table differs."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from engine import errors
from engine import testing
from processes.supervision import tables

#: The id of a sentence of domain §1, or an article of the regulation.
RULE = re.compile(r"（(R-0\d-\d\d|条例第|整治形式主义)")
#: What no one sentence says: whose task it is, who may begin what, what is over, how
#: long ago a source may be, and what the office added (【补充】).
GENERAL = (
    "不由您办理",
    "您的岗位不能",
    "不能晚于今天",
    "起草人不能审批",
    "须经领导批准",
    "原批示领导",
    "已经办结",
    "已经有了决定",
    "申请退办须在收到后",
    "等待诉求人答复",
    "不从 Excel 导入",
    "撤销须写明理由",
    "'question'",
)


def refused(
    story: testing.Story,
    act: Callable[[], object],
    *words: str,
) -> str:
    """Act in vain: the refusal says these words and names its rule; return it."""
    before = rows(story)
    with pytest.raises(errors.DuchaError) as caught:
        act()
    said = f"{caught.value.message} {getattr(caught.value, 'fields', {})}"

    assert before == rows(story)
    for one in words:
        assert one in said
    assert RULE.search(said) or any(one in said for one in GENERAL), said
    return said


def refused_task(
    story: testing.Story,
    task: str,
    *,
    person: str,
    fields: testing.Values,
    words: str,
) -> None:
    """Try in vain to complete a task with these fields."""
    refused(
        story,
        lambda: story.complete(task, person=person, fields=fields),
        words,
    )


def refused_start(
    story: testing.Story,
    key: str,
    *,
    person: str,
    fields: testing.Values,
    words: str,
) -> None:
    """Try in vain to start a procedure with these fields."""
    refused(
        story,
        lambda: story.start(key, person=person, fields=fields),
        words,
    )


def rows(story: testing.Story) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of the office and the engine."""
    with story.engine.read() as connection:
        return {
            table.name: sorted(
                map(tuple, connection.execute(sa.select(table))), key=repr
            )
            for table in tables.matter.metadata.sorted_tables
        }
