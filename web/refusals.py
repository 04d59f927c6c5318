"""How an error becomes a page in Chinese or, for programs, a JSON answer."""

from flask import Flask
from flask import Response
from flask import g
from flask import jsonify
from flask import render_template
from flask import request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from engine import errors
from web import logs

#: The narrowest class wins; whatever else we refuse on purpose is a conflict with
#: the present state of things.
STATUSES: dict[type[errors.DuchaError], int] = {
    errors.Invalid: 422,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Refused: 409,
    errors.DuchaError: 500,
}

TITLES = {
    400: "请求不完整",
    401: "请先登录",
    403: "没有办理权限",
    404: "没有找到",
    405: "不支持这一操作",
    409: "现在不能办理",
    413: "内容过大",
    415: "格式不支持",
    422: "填写有误",
    429: "操作过于频繁",
    500: "系统出错",
}

ADVICE = {
    400: "请返回上一页，刷新后重新提交。",
    401: "请登录后再试。",
    403: "如确需办理，请联系督查室核对您的岗位。",
    404: "可能已移交他人、编号有误，或者您无权查看。",
    409: "请返回并刷新页面，看看最新的情况。",
    422: "请按提示更正后再次提交，没有任何内容被改动。",
    429: "请稍等片刻再试。",
    500: "没有任何内容被改动。请把下面的请求编号告诉系统管理员。",
}


def status_of(error: errors.DuchaError) -> int:
    """Return the HTTP status of the error's narrowest known class."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def wants_json() -> bool:
    """Return whether a program is asking: below /api, or a script of our pages."""
    asked = request.accept_mimetypes.best
    return request.path.startswith("/api/") or asked == "application/json"


def answer(status: int, message: str, **more: object) -> tuple[Response | str, int]:
    """Return the refusal as the page or the JSON body that the caller expects."""
    if wants_json():
        body = {"error": message, "request_id": g.get("request_id"), **more}
        return jsonify(body), status
    page = render_template(
        "error.html",
        status=status,
        title=TITLES.get(status, "没有办成"),
        message=message,
        advice=ADVICE.get(status, ADVICE[409]),
        request_id=g.get("request_id"),
    )
    return page, status


def install(app: Flask) -> None:
    """Answer every error, expected or not, without showing how we are built."""

    @app.errorhandler(errors.DuchaError)
    def refused(error: errors.DuchaError) -> tuple[Response | str, int]:
        more = {}
        if isinstance(error, errors.Invalid) and error.fields:
            more["fields"] = error.fields
        return answer(status_of(error), error.message, **more)

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> tuple[Response | str, int]:
        return answer(400, "页面停留过久或来源不明，请刷新后重新提交。")

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[Response | str, int]:
        status = error.code or 500
        return answer(status, TITLES.get(status, "没有办成") + "。")

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> tuple[Response | str, int]:
        logs.failure(error)
        return answer(500, "系统遇到意外情况，已经记录。")
