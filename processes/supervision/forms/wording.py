"""How the fields of a form are called, so that records can be read by people.

A matter's source and its papers are kept by the keys of their forms; the words stand in
the forms alone, as they were deployed last.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from engine import tables

#: What handlers keep beside the fields of forms, or without any form.
KEPT: Mapping[str, str] = {
    "text": "内容",
    "mandates": "任务",
    "unit": "单位",
    "project": "项目",
    "label": "任务",
    "period": "反馈期",
    "planned": "计划",
    "actual": "实际",
    "behind": "滞后",
    "consecutive": "连续次数",
    "consequence": "处理",
    "destinations": "去向",
    "departments": "函告的市直机关",
    "content": "内容",
    "requirement": "工作要求",
    "lead_unit": "责任单位",
    "assisting": "协办单位",
    "duty": "职责",
    "responsible_leader": "责任领导",
    "responsible_person": "责任人",
    "due_on": "完成时限",
    "indicator": "量化指标",
    "target": "年度目标",
    "indicator_unit": "计量单位",
    "q1": "一季度计划",
    "q2": "二季度计划",
    "q3": "三季度计划",
    "q4": "四季度计划",
}


@dataclass(frozen=True)
class Words:
    """The labels of a form's fields by key, and of their options by key and value."""

    fields: Mapping[str, str]
    options: Mapping[tuple[str, str], str]

    def label(self, key: str) -> str:
        """Return how a field is called; its key where the form has it no more."""
        return self.fields.get(key) or KEPT.get(key, key)

    def value(self, key: str, value: object) -> str:
        """Return a value in words: options by their label, rows and lists joined."""
        if isinstance(value, bool):
            return "是" if value else "否"
        if isinstance(value, list):
            return "；".join(self.value(key, one) for one in value)
        if isinstance(value, dict):
            return "，".join(
                f"{self.label(inner)} {self.value(inner, one)}"
                for inner, one in value.items()
                if one not in (None, "", [], {})
            )
        return self.options.get((key, str(value)), str(value))


NOTHING = Words({}, {})


def of_forms(
    connection: sa.Connection, forms: Iterable[str | None]
) -> dict[str, Words]:
    """Return the words of these forms as they were deployed last."""
    item, resource = tables.resource_item.c, tables.resource.c
    deployment = tables.deployment.c
    rows = connection.execute(
        sa.select(item.item_id, resource.content)
        .join_from(
            tables.resource_item,
            tables.resource,
            (resource.deployment_id == item.deployment_id)
            & (resource.name == item.resource),
        )
        .join(tables.deployment, deployment.id == item.deployment_id)
        .where(item.kind == "form", item.item_id.in_({one for one in forms if one}))
        .order_by(deployment.number)
    )
    return {row.item_id: _read(bytes(row.content)) for row in rows}


@lru_cache(maxsize=256)
def _read(content: bytes) -> Words:
    fields: dict[str, str] = {}
    options: dict[tuple[str, str], str] = {}
    for part in _parts(orjson.loads(content).get("components", ())):
        key = str(part.get("key") or part.get("path") or "")
        if not key:
            continue
        fields[key] = str(part.get("label") or part.get("dateLabel") or key)
        for option in part.get("values") or ():
            if isinstance(option, dict):
                label = str(option.get("label", option.get("value")))
                options[key, str(option.get("value"))] = label
    return Words(fields, options)


def _parts(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for part in components:
        yield part
        yield from _parts(part.get("components", ()))
