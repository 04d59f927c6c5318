"""One JSON line per request, with ids and never with a person's words."""

import logging
import time
import traceback
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask
from flask import Response
from flask import g
from flask import has_app_context
from flask import request
from flask_login import current_user

from web import headers

log = structlog.get_logger()


def configure(level: int = logging.INFO) -> None:
    """Write structured lines to standard error for the whole program."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_words,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def without_words(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Tell of an error where it arose; its text may quote what people wrote."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["where"] = [f"{f.filename}:{f.lineno} {f.name}" for f in frames]
    return event


def failure(error: BaseException) -> None:
    """Write that something unexpected happened, and during which request."""
    request_id = g.get("request_id") if has_app_context() else None
    log.error("failure", request_id=request_id, exc_info=error)


def install(app: Flask) -> None:
    """Give every request an id and write its line when it is answered."""

    @app.before_request
    def begin() -> None:
        g.request_id = uuid.uuid4().hex
        g.began_at = time.perf_counter()

    @app.after_request
    def written(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        # The route, not the address: a query may hold what somebody searched for.
        route = request.url_rule.rule if request.url_rule else None
        if request.endpoint not in headers.PUBLIC:
            log.info(
                "request",
                request_id=g.request_id,
                method=request.method,
                route=route,
                ids=request.view_args,
                status=response.status_code,
                milliseconds=round(1000 * (time.perf_counter() - g.began_at), 1),
                person=current_user.get_id() if current_user else None,
            )
        return response
