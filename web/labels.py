"""The Chinese for recorded values and events, gathered from the records' own tables."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask import Flask

from engine import people
from engine import queries
from processes.supervision.escalation import recommendations
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.requests import extensions
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import reviews
from processes.supervision.undertakings import undertakings

#: The roles of domain.md §2.0 that people hold.
ROLES: Mapping[str, str] = {
    "dc_registrar": "督查室登记岗",
    "dc_officer": "督查专员",
    "dc_chief": "督查室主任",
    "go_section": "政府办科室",
    "go_deputy": "政府办副主任",
    "go_director": "政府办主任",
    "vice_mayor": "副县长",
    "exec_vice_mayor": "常务副县长",
    "mayor": "县长",
    "party_leader": "县委领导",
    "archivist": "档案岗",
    "perf_office": "考核办",
    "group_leader": "督查组组长",
    "group_member": "督查组成员",
    "discipline_recv": "纪检监察接收岗",
    "sys_admin": "系统管理员",
    "sec_admin": "安全管理员",
    "audit_admin": "审计管理员",
    "process_designer": "流程设计者",
    "biz_admin": "业务管理员",
    "unit_registrar": "承办单位收发岗",
    "unit_handler": "承办单位办理人员",
    "assist_handler": "协办单位办理人",
    "unit_deputy": "承办单位分管负责人",
    "unit_head": "承办单位主要负责人",
}

TABLES: Mapping[str, Mapping[str, str]] = {
    "status": matters.STATUS_LABELS,
    "decision": {
        **opinions.DECISION_LABELS,
        **reviews.VERDICTS,
        **hotline.CALLBACK_LABELS,
        "REDO": "再办",
        "CLOSE": "说明理由办结",
        "FILE": "归档",
    },
    "reason": reviews.REASONS,
    "state": undertakings.STATE_LABELS,
    "extension": extensions.STATUS_LABELS,
    "recommendation": recommendations.KIND_LABELS,
    "recommended": recommendations.DECISION_LABELS,
    "role": {"LEAD": "主办", "ASSIST": "协办"},
    "completion": reports.COMPLETION_LABELS,
}

#: What the timeline tells, and under which words; the rest is inner working.
EVENTS: Mapping[str, str] = {
    "instance_started": "登记发起",
    "task_completed": "",
    "task_claimed": "签领",
    "task_released": "退还",
    "task_assigned": "指派",
    "task_transferred": "转办",
    "task_delegated": "委托",
    "task_resolved": "答复委托",
    "task_returned": "退回",
    "task_withdrawn": "撤回",
    "cosigner_added": "加签",
    "cosigner_removed": "减签",
    "token_moved": "跳转",
    "instance_suspended": "挂起",
    "instance_resumed": "恢复",
    "message_correlated": "",
    "instance_cancelled": "终止",
    "matter_cancelled": "撤销督查事项",
    "reading_granted": "授予阅文权限",
    "reading_taken_back": "收回阅文权限",
    "element_failed": "故障，等待处理",
    "incident_retried": "故障后重试",
}
MESSAGES: Mapping[str, str] = {
    "hotline_receipt": "收到热线电话室回执",
    "hotline_callback": "收到热线电话室回访结果",
    "hotline_supplement": "诉求人补充",
    "hotline_withdrawal": "诉求人申请撤回",
    "hotline_extension": "收到热线电话室对延期的答复",
    "extension_requested": "申请延期",
    "extension_lapsed": "延期申请失效",
    "difficulty_reported": "上报难题",
    "reassignment_ordered": "提出改派或增加协办",
    "part_reassignment_ordered": "提出改派或增加协办",
    "unit_changed": "改由新单位承办",
    "caller_wait_requested": "申请停钟等待诉求人答复",
    "caller_answered": "诉求人已答复",
    "ticket_extension_requested": "提请热线室延期",
    "begin_inspection": "组织督查",
    "target_adjustment": "申请调整年度目标",
    "lower_matter_reported": "下级已报告",
    "upper_receipt": "收到上级回执",
    "score_withdrawn": "撤销计分",
}
#: Told by an event of their own, which says why.
NOTED = ("matter_cancelled",)
#: Fields of a completed task that say in a word how it went.
OUTCOMES = ("decision", "verdict", "callback", "filing")
TOGETHER = ("instance_suspended", "instance_resumed")
#: What a person wrote with an operation.
SAID = ("reason", "question", "answer")


@dataclass(frozen=True)
class Told:
    """One line of the timeline, in words."""

    at: datetime
    title: str
    detail: str
    person: str
    on_behalf_of: str


def install(app: Flask) -> None:
    """Give the templates the filters `label(table)` and `groups`."""
    app.jinja_env.filters["label"] = label
    app.jinja_env.filters["groups"] = groups


def label(value: object, table: str) -> str:
    """Return what people call a value; one that is not in the table, as it is."""
    return TABLES[table].get(str(value), str(value))


def role(group: str) -> str:
    """Return what people call a group: a role, or a role in a unit."""
    return ROLES.get(group.partition(".")[0], group)


def groups(listed: str) -> str:
    """Return whom a list of groups and names, parted by 、, means in words."""
    return "、".join(role(one) for one in listed.split("、"))


def history(connection: sa.Connection, entries: Iterable[queries.Entry]) -> list[Told]:
    """Return the timeline in words, the latest first."""
    shown = [
        entry
        for entry in entries
        if entry.type in EVENTS and entry.details.get("name") not in NOTED
    ]
    # A called instance begins by itself: only the matter's own beginning is told.
    began = [entry for entry in shown if entry.type == "instance_started"][1:]
    shown = [entry for entry in shown if entry not in began]
    # It rests and goes on as a whole: told of the first, which called the others.
    together = {(e.type, e.at): e for e in reversed(shown) if e.type in TOGETHER}
    shown = [e for e in shown if together.get((e.type, e.at), e) is e]
    acting = {entry.person or "" for entry in shown}
    acting |= {entry.on_behalf_of or "" for entry in shown}
    names = people.names(connection, acting)
    return [_told(entry, names) for entry in reversed(shown)]


def _told(entry: queries.Entry, names: Mapping[str, str]) -> Told:
    details = entry.details
    title = EVENTS[entry.type]
    if entry.type == "task_completed":
        title = str(details.get("name", ""))
    elif entry.type == "message_correlated":
        title = MESSAGES.get(str(details.get("name")), "收到消息")
    fields = details.get("fields") or {}
    outcome = next((fields[name] for name in OUTCOMES if name in fields), None)
    said = next((details[name] for name in SAID if details.get(name)), "")
    return Told(
        at=entry.at,
        title=title,
        detail=str(said) if outcome is None else label(outcome, "decision"),
        person=names.get(entry.person or "", ""),
        on_behalf_of=names.get(entry.on_behalf_of or "", ""),
    )
