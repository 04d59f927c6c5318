"""Results: reported to the hotline, its receipt, the callback, another round."""

from engine import handlers
from processes.supervision import entries
from processes.supervision import inbox
from processes.supervision.deadlines import deadlines
from processes.supervision.hotline import hotline
from processes.supervision.matters import matters


def report(work: handlers.Work, matter: matters.Matter) -> matters.Matter:
    """Send the result to the hotline through the outbox, once for each round."""
    hotline.send(
        work, matter, f"result:{matter.round}", {"result": matter.summary or ""}
    )
    return matters.change(
        work, matter, reported_at=work.now(), receipt_no=None, receipt_at=None
    )


def send(
    work: handlers.Work, matter: matters.Matter, to: str, *, what: str
) -> matters.Matter:
    """Send the result to an office outside through the outbox, once for each round."""
    work.send(
        "exchange",
        to,
        {
            "number": matter.number,
            "doc_no": matter.source_doc_no or "",
            "title": matter.title,
            "what": what,
            "result": matter.summary or "",
        },
        key=f"exchange:{matter.id}:{matter.round}:{to}:{what}",
        instance_id=matter.root_id,
    )
    return matters.change(
        work, matter, reported_at=work.now(), receipt_no=None, receipt_at=None
    )


def record_receipt(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries
) -> matters.Matter:
    """Keep the hotline's receipt. Reads `receipt_no`."""
    receipt_no = entries.text(given, "receipt_no", longest=100)
    return matters.change(work, matter, receipt_no=receipt_no, receipt_at=work.now())


def remind_receipt(work: handlers.Work, matter: matters.Matter) -> None:
    """Tell the officers that no receipt has come within two working days."""
    inbox.tell(
        work,
        [inbox.group("dc_officer")],
        f"热线室尚无回执：{matter.title}",
        f"{matter.number} 的办理结果上报已满2个工作日，请向热线电话室核实。",
        matter_id=matter.id,
        text_message_key=f"receipt:{matter.id}:{matter.round}",
        urgency=matter.urgency,
    )


def record_callback(
    work: handlers.Work, matter: matters.Matter, given: entries.Entries
) -> str:
    """Keep what the caller said when rung back, and return it.

    Reads `callback`, `note`, and `redo_on` where the hotline sets a day for the
    next round.
    """
    callback = entries.choice(given, "callback", list(hotline.CALLBACK_LABELS))
    hotline.change_ticket(
        work,
        matter.id,
        callback=callback,
        callback_note=entries.optional_text(given, "note", longest=2000) or None,
        redo_on=entries.optional_day(given, "redo_on"),
    )
    return callback


def open_round(work: handlers.Work, matter: matters.Matter) -> matters.Matter:
    """Begin another round of the matter: earlier undertakings stay as they are.

    It is due after as many working days as the first, or when the hotline asks
    (domain §2.8 重办 【补充】).
    """
    ticket = hotline.ticket_row(work.connection, matter.id)
    today = work.calendar.local_date(work.now())
    if ticket.redo_on is not None and ticket.redo_on >= today:
        due = deadlines.on_day(work.calendar, today, ticket.redo_on)
    else:
        due = deadlines.after(work.calendar, today, max(1, matter.due_workdays))
    hotline.change_ticket(work, matter.id, redo_on=None)
    moved = matters.move(work, matter, "IN_PROGRESS", round=matter.round + 1)
    return matters.extend(work, moved, due)
