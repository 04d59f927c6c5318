"""What each rung of the ladder does when its moment comes (CA-09)."""

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date

from engine import handlers
from engine import people
from processes.supervision import inbox
from processes.supervision import inspections
from processes.supervision import lights
from processes.supervision import matters
from processes.supervision import notices
from processes.supervision import scores
from processes.supervision import undertakings
from processes.supervision import urges


def climb(work: handlers.Work, payload: Mapping[str, object]) -> None:
    """Climb one rung: tell, turn a light, enter a score, write a letter.

    A rung whose deadline has been met or moved meanwhile does nothing.
    """
    subject_id = int(str(payload["id"]))
    due_on = date.fromisoformat(str(payload["due_on"]))
    if payload["subject"] in ("undertaking", "acknowledgement"):
        undertaking = undertakings.get(work.connection, subject_id)
        if payload["subject"] == "undertaking":
            _climb_undertaking(work, undertaking, due_on, payload)
        elif undertaking.state == "SENT":
            _remind(work, undertaking, payload, "尚未签收，请立即签收。")
    elif payload["subject"] == inspections.SUBJECT:
        inspection = inspections.get(work.connection, subject_id)
        _climb_inspection(work, inspection, due_on, payload)
    else:
        _climb_matter(work, matters.get(work.connection, subject_id), due_on, payload)


def _climb_undertaking(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    due_on: date,
    payload: Mapping[str, object],
) -> None:
    moved = work.calendar.local_date(undertaking.due_at) != due_on
    if moved or undertaking.state in undertakings.RESTING:
        return
    match payload["act"]:
        case "REMIND":
            _remind(work, undertaking, payload, f"报送时限为 {due_on}，请按时报送。")
        case "YELLOW":
            _turn(work, undertaking, "YELLOW")
        case "RED":
            _turn_red(work, undertaking, payload, due_on)
        case "LETTER":
            matter = matters.get(work.connection, undertaking.matter_id)
            recipients = _recipients(payload, undertaking)
            letter = notices.urge(work, matter, undertaking, recipients)
            _tell(work, matter, recipients, payload, f"已逾期，请见{letter.title}。")


def _turn_red(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    payload: Mapping[str, object],
    due_on: date,
) -> None:
    """Turn the light red, urge once and enter the score of the first delay."""
    turned = _turn(work, undertaking, "RED")
    matter = matters.get(work.connection, undertaking.matter_id)
    recipients = _recipients(payload, undertaking)
    # Each deadline can be missed once: the first, and each set by a return.
    entered = scores.record(
        work,
        scores.OVERDUE,
        unit=turned.unit,
        undertaking_id=turned.id,
        occasion=f"deadline {turned.returns}",
    )
    if entered:
        urges.record(
            work,
            matter_id=matter.id,
            undertaking_id=turned.id,
            mode="系统",
            content=f"报送时限 {due_on} 已过，尚未报送，亮红灯。",
            target="、".join(one.name for one in recipients),
        )
    _tell(work, matter, recipients, payload, f"报送时限 {due_on} 已过，已亮红灯。")


def _climb_matter(
    work: handlers.Work,
    matter: matters.Matter,
    due_on: date,
    payload: Mapping[str, object],
) -> None:
    if matter.status in matters.ENDED:
        return
    recipients = [inbox.group(name) for name in _targets(payload)]
    if payload["subject"] == "approval":
        if matter.status in ("REGISTERED", "PROPOSING", "APPROVING"):
            text = "拟办和审批已超过1个工作日，请尽快办理。"
            _tell(work, matter, recipients, payload, text)
    elif work.calendar.local_date(matter.due_at) == due_on:
        turned = matters.refresh_light(work, matter.id)
        text = f"办结时限为 {due_on}，现为{lights.LABELS[turned.light]}。"
        _tell(work, matter, recipients, payload, text)


def _climb_inspection(
    work: handlers.Work,
    inspection: inspections.Inspection,
    due_on: date,
    payload: Mapping[str, object],
) -> None:
    """Remind the head of the group of the report, or turn its light."""
    if inspection.state != "ENDED":
        return
    text = f"{inspection.kind}报告时限为 {due_on}，请按时形成报告。"
    match payload["act"]:
        case "YELLOW":
            inspections.turn(work, inspection, "YELLOW")
            return
        case "RED":
            inspections.turn(work, inspection, "RED")
            text = f"{inspection.kind}报告时限 {due_on} 已过，已亮红灯。"
    recipients = [
        inbox.person(inspection.leader)
        if name == "leader" and inspection.leader is not None
        else inbox.group(name)
        for name in _targets(payload)
    ]
    matter = matters.get(work.connection, inspection.matter_id)
    _tell(work, matter, recipients, payload, text)


def _turn(
    work: handlers.Work, undertaking: undertakings.Undertaking, light: lights.Light
) -> undertakings.Undertaking:
    turned = undertakings.change(
        work,
        undertaking,
        light=light,
        ever_red=undertaking.ever_red or light == "RED",
    )
    matters.refresh_light(work, undertaking.matter_id)
    return turned


def _remind(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    payload: Mapping[str, object],
    text: str,
) -> None:
    matter = matters.get(work.connection, undertaking.matter_id)
    _tell(work, matter, _recipients(payload, undertaking), payload, text)


def _tell(
    work: handlers.Work,
    matter: matters.Matter,
    recipients: Sequence[inbox.Recipient],
    payload: Mapping[str, object],
    text: str,
) -> None:
    key = ":".join(str(payload[part]) for part in ("subject", "id", "rung", "due_on"))
    inbox.tell(
        work,
        recipients,
        matter.title,
        f"{matter.number}：{text}",
        matter_id=matter.id,
        text_message_key=f"ladder:{key}" if payload["text_message"] else None,
        urgency=matter.urgency,
    )


def _recipients(
    payload: Mapping[str, object], undertaking: undertakings.Undertaking
) -> list[inbox.Recipient]:
    """Return whom the rung names: the handler, roles of the unit or of the office."""
    recipients = []
    for target in _targets(payload):
        if target == "handler" and undertaking.handler is not None:
            recipients.append(inbox.person(undertaking.handler))
        elif target == "handler":
            group = people.group("unit_handler", undertaking.unit)
            recipients.append(inbox.group(group))
        elif target.startswith("unit_"):
            recipients.append(inbox.group(people.group(target, undertaking.unit)))
        else:
            recipients.append(inbox.group(target))
    return recipients


def _targets(payload: Mapping[str, object]) -> list[str]:
    targets = payload["targets"]
    return [str(one) for one in targets] if isinstance(targets, list) else []
