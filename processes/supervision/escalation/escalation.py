"""What each rung of the ladder does when its moment comes (CA-09)."""

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import date
from datetime import timedelta

from engine import handlers
from engine import people
from processes.supervision import inbox
from processes.supervision.deadlines import ladder
from processes.supervision.deadlines import lights
from processes.supervision.escalation import letters
from processes.supervision.escalation import recommendations
from processes.supervision.escalation import urges
from processes.supervision.inspections import inspections
from processes.supervision.matters import matters
from processes.supervision.requests import extensions
from processes.supervision.scoring import scores
from processes.supervision.undertakings import undertakings


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
    elif payload["subject"] == "extension":
        _climb_extension(work, extensions.get(work.connection, subject_id), payload)
    elif payload["subject"] == inspections.SUBJECT:
        inspection = inspections.get(work.connection, subject_id)
        _climb_inspection(work, inspection, due_on, payload)
    else:
        _climb_matter(work, matters.get(work.connection, subject_id), due_on, payload)


def catch_up(work: handlers.Work, undertaking: undertakings.Undertaking) -> None:
    """Climb at once what rested while an extension was pending, the rest in time."""
    due_on = work.calendar.local_date(undertaking.due_at)
    due = ladder.catch_up(work, "undertaking", undertaking.id, due_on)
    for payload in due:
        _climb_undertaking(
            work,
            undertakings.get(work.connection, undertaking.id),
            due_on,
            payload,
        )


def _climb_undertaking(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    due_on: date,
    payload: Mapping[str, object],
) -> None:
    moved = work.calendar.local_date(undertaking.due_at) != due_on
    if moved or undertaking.state in undertakings.RESTING:
        return
    late = work.now() > undertaking.due_at
    if late and extensions.pending(work.connection, undertaking.id):
        # 延期待批：黄灯、暂不扣分；不批准则补上 (CA-07)。
        return
    matter = matters.get(work.connection, undertaking.matter_id)
    recipients = _recipients(payload, undertaking)
    match payload["act"]:
        case "REMIND":
            _remind(work, undertaking, payload, f"报送时限为 {due_on}，请按时报送。")
        case "YELLOW":
            _turn(work, undertaking, "YELLOW")
        case "RED":
            _turn_red(work, undertaking, payload, due_on)
        case "LETTER":
            letter = letters.urge(work, matter, undertaking, recipients)
            _tell(work, matter, recipients, payload, f"已逾期，请见{letter.title}。")
            _score_letter(work, undertaking)
        case "SCORE":
            _score_delay(work, undertaking, str(payload["rung"]))
        case "CRITICISM" | "INTERVIEW" | "REFERRAL" as kind:
            days = work.calendar.workdays_between(undertaking.due_at, work.now())
            label = recommendations.KIND_LABELS[kind]
            reason = f"逾期{days}个工作日未报送"
            recommendations.record(work, undertaking, kind, reason)
            text = f"{reason}，列为{label}，请决定。"
            _tell(work, matter, recipients, payload, text)


def _turn_red(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    payload: Mapping[str, object],
    due_on: date,
) -> None:
    """Turn the light red, urge once and enter the score of the first delay.

    The score is of the midnight that ended the due day, whenever it is entered.
    """
    turned = _turn(work, undertaking, "RED")
    matter = matters.get(work.connection, undertaking.matter_id)
    recipients = _recipients(payload, undertaking)
    entered = score_missed(work, turned)
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


def score_missed(work: handlers.Work, undertaking: undertakings.Undertaking) -> bool:
    """Enter once the score of a due day that was missed, as of its midnight."""
    # Each deadline can be missed once: the first, and each set by a return.
    return scores.record(
        work,
        scores.OVERDUE,
        unit=undertaking.unit,
        undertaking_id=undertaking.id,
        occasion=f"deadline {undertaking.returns}",
        at=undertaking.due_at + timedelta(seconds=1),
    )


def _score_delay(
    work: handlers.Work,
    undertaking: undertakings.Undertaking,
    rung: str,
) -> None:
    """Enter what another five working days of delay cost (每再逾期5WD)."""
    scores.record(
        work,
        scores.OVERDUE,
        unit=undertaking.unit,
        undertaking_id=undertaking.id,
        occasion=f"deadline {undertaking.returns} {rung}",
        count=2,
    )


def _score_letter(work: handlers.Work, undertaking: undertakings.Undertaking) -> None:
    letters = [
        one
        for one in urges.of_undertaking(work.connection, undertaking.id)
        if one.document_id is not None
    ]
    scores.record(
        work,
        scores.URGED,
        unit=undertaking.unit,
        undertaking_id=undertaking.id,
        occasion=f"letter {len(letters)}",
        count=len(letters),
    )


def _climb_extension(
    work: handlers.Work,
    extension: extensions.Extension,
    payload: Mapping[str, object],
) -> None:
    if extension.status != "PENDING":
        return
    undertaking = undertakings.get(work.connection, extension.undertaking_id)
    matter = matters.get(work.connection, undertaking.matter_id)
    text = f"延期申请已过审批时限，请尽快审批（拟延至 {extension.wanted_on}）。"
    _tell(work, matter, _recipients(payload, undertaking), payload, text)


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
