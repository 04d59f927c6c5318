"""What every answer tells the browser not to do."""

from flask import Flask
from flask import Response
from flask import request
from flask_login import current_user

#: Nothing but our own files; no inline script, no frame, no plug-in.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

#: Files that are the same for everybody.
PUBLIC = {"static", "built_asset"}

FIXED = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def install(app: Flask) -> None:
    """Add the headers to every answer of the application."""

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in FIXED.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        # A page of one person must not come out of a cache for the next one.
        if request.endpoint not in PUBLIC and current_user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
