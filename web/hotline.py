"""The door for the mayor's hotline: tickets and what follows, sent by its program."""

import hashlib
import hmac
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from flask import Blueprint
from flask import Response
from flask import g
from flask import jsonify
from flask import request
from flask.typing import ResponseReturnValue

from engine import database
from engine import errors
from engine import handlers
from engine import unit_of_work
from engine.bpmn import values
from processes.supervision.hotline import hotline
from web import office
from web import refusals

bp = Blueprint("hotline", __name__, url_prefix="/api/hotline")

LONGEST_KEY = 200

Answer = dict[str, str]


class NotJson(errors.Invalid):
    """请求体必须是一个 JSON 对象（UTF-8）。"""


@bp.before_request
def require_key() -> ResponseReturnValue | None:
    """Refuse whoever does not carry one of the keys that were given out."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    digest = _digest(key.strip())
    known = [_digest(known) for known in office.settings().hotline_keys]
    # All are compared, so that time does not tell which one nearly fits.
    fits = [hmac.compare_digest(digest, one) for one in known]
    if scheme.lower() != "bearer" or not any(fits):
        answer, status = refusals.answer(
            401, "缺少密钥或密钥不正确（Authorization: Bearer …）。"
        )
        response = Response(answer) if isinstance(answer, str) else answer
        response.headers["WWW-Authenticate"] = "Bearer"
        return response, status
    g.client = digest[:16]
    return None


@bp.post("/tickets")
def tickets() -> ResponseReturnValue:
    """Register a ticket as a matter; the same ticket again gives the same number."""

    def receive(work: unit_of_work.UnitOfWork, body: Mapping[str, Any]) -> Answer:
        delivery = hotline.deliver(work, body)
        return {"ticket_no": body["ticket_no"], "number": delivery.number}

    return once(receive, 201)


@bp.post("/receipts")
def receipts() -> ResponseReturnValue:
    """Take the hotline's receipt for a result."""
    return once(followed_up("hotline_receipt"))


@bp.post("/callbacks")
def callbacks() -> ResponseReturnValue:
    """Take what the caller said when rung back."""
    return once(followed_up("hotline_callback"))


@bp.post("/supplements")
def supplements() -> ResponseReturnValue:
    """Take what the caller added."""
    return once(followed_up("hotline_supplement"))


@bp.post("/withdrawals")
def withdrawals() -> ResponseReturnValue:
    """Take the caller's wish to withdraw; an officer confirms it."""
    return once(followed_up("hotline_withdrawal"))


@bp.post("/extensions")
def extensions() -> ResponseReturnValue:
    """Take the answer to our request for more time."""
    return once(followed_up("hotline_extension"))


def followed_up(
    message: str,
) -> Callable[[unit_of_work.UnitOfWork, Mapping[str, Any]], Answer]:
    """Return the act of delivering a message to the matter of its ticket."""

    def deliver(work: unit_of_work.UnitOfWork, body: Mapping[str, Any]) -> Answer:
        number = _number(work, body)
        fields = {name: value for name, value in body.items() if name != "ticket_no"}
        work.correlate(message, business_key=number, fields=fields)
        return {"ticket_no": body["ticket_no"], "number": number}

    return deliver


def once(
    act: Callable[[unit_of_work.UnitOfWork, Mapping[str, Any]], Answer],
    status: int = 200,
) -> ResponseReturnValue:
    """Answer the request, and the same request again with the same answer."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise errors.Invalid(
            f"缺少 Idempotency-Key（1 至 {LONGEST_KEY} 个字符），每份内容用一个。"
        )
    body = read_body()
    digest = hashlib.sha256(database.canonical([request.path, body])).hexdigest()

    def carry_out(work: unit_of_work.UnitOfWork) -> Mapping[str, Any]:
        # Each client has its own keys: one cannot meet the answers of another.
        return work.once(f"{g.client}:{key}", digest, lambda: act(work, body))

    return jsonify(office.engine().carry_out(carry_out)), status


def read_body() -> dict[str, Any]:
    """Return the JSON object of the request; raises Invalid with the place."""
    body = values.parse_json(request.get_data(), place="请求体")
    if not isinstance(body, dict):
        raise NotJson
    return body


def _number(work: handlers.Work, body: Mapping[str, Any]) -> str:
    ticket_no = body.get("ticket_no")
    if not isinstance(ticket_no, str) or not ticket_no:
        raise errors.Invalid(fields={"ticket_no": ["工单号不能为空。"]})
    number = hotline.number_of(work.connection, ticket_no)
    if number is None:
        raise errors.NotFound(f"没有工单 {ticket_no}。", ticket_no=ticket_no)
    return number


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
