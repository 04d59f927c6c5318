"""The built front end: its tags for the pages, its files for the browser."""

import json
import mimetypes
from pathlib import Path
from typing import Any

from flask import Flask
from flask import Response
from flask import request
from flask import send_from_directory
from flask import url_for
from markupsafe import Markup
from markupsafe import escape

DIST = Path(__file__).parent / "static" / "dist"
ONE_YEAR_SECONDS = 365 * 24 * 3600


class FrontendMissing(RuntimeError):
    """The front end is not built, so that no page could be shown."""

    def __init__(self, manifest: Path) -> None:
        super().__init__(
            f"前端尚未构建，页面无法显示：缺少 {manifest}。"
            "请在项目目录运行 make setup。"
        )
        self.manifest = manifest


def register(app: Flask, dist: Path = DIST) -> None:
    """Give the templates `asset(name)` and serve the built files to the browser.

    Raise FrontendMissing where nothing is built, so that the server does not start
    only to show naked pages.
    """
    manifest = read_manifest(dist)

    def asset(name: str) -> Markup:
        return tags(manifest[name])

    def built_asset(name: str) -> Response:
        return send_built(dist, name)

    app.jinja_env.globals["asset"] = asset
    app.add_url_rule("/static/dist/<path:name>", "built_asset", built_asset)


def read_manifest(dist: Path) -> dict[str, Any]:
    """Return {entry: {script, styles, chunks}} as build.mjs wrote it."""
    manifest = dist / "manifest.json"
    try:
        entries: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FrontendMissing(manifest) from None
    return entries


def tags(entry: dict[str, Any]) -> Markup:
    """Return the tags that load one entry: styles, its script, chunks beforehand."""
    lines = [f'<link rel="stylesheet" href="{url(name)}">' for name in entry["styles"]]
    lines += [f'<link rel="modulepreload" href="{url(n)}">' for n in entry["chunks"]]
    lines.append(f'<script type="module" src="{url(entry["script"])}"></script>')
    return Markup("\n".join(lines))


def url(name: str) -> Markup:
    """Return the escaped address of a built file."""
    return escape(url_for("built_asset", name=name))


def send_built(dist: Path, name: str) -> Response:
    """Send a built file, packed when the browser takes gzip.

    The names of scripts and styles carry a hash of their content, so that a browser
    may keep them for good.
    """
    packed = f"{name}.gz"
    gzip = "gzip" in request.accept_encodings and (dist / packed).is_file()
    hashed = name.endswith((".js", ".css"))
    response = send_from_directory(
        dist,
        packed if gzip else name,
        mimetype=mimetypes.guess_type(name)[0],
        max_age=ONE_YEAR_SECONDS if hashed else None,
    )
    response.vary.add("Accept-Encoding")
    response.cache_control.immutable = hashed or None
    if gzip:
        response.content_encoding = "gzip"
    return response
