"""What the server says about the built front end."""

from pathlib import Path

import pytest
from flask import Flask
from flask import render_template_string

from web import assets


@pytest.fixture
def app() -> Flask:
    app = Flask("assets")
    assets.register(app)
    return app


def test_an_entry_becomes_styles_and_a_module(app: Flask) -> None:
    """The tags name hashed files that the server then delivers."""
    with app.test_request_context():
        tags = render_template_string("{{ asset('viewer') }}")
        script = assets.url(assets.read_manifest(assets.DIST)["viewer"]["script"])

    assert f'<script type="module" src="{script}"></script>' in tags
    assert tags.startswith('<link rel="stylesheet" href="/static/dist/viewer-')
    assert 200 == app.test_client().get(script, buffered=True).status_code


def test_a_built_file_is_packed_and_kept(app: Flask) -> None:
    """A browser that takes gzip gets the packed twin, for a year."""
    script = assets.read_manifest(assets.DIST)["form"]["script"]
    client = app.test_client()
    plain = client.get(f"/static/dist/{script}", buffered=True)
    packed = client.get(
        f"/static/dist/{script}", headers={"Accept-Encoding": "gzip"}, buffered=True
    )

    assert "gzip" == packed.headers["Content-Encoding"]
    assert "Content-Encoding" not in plain.headers
    assert plain.mimetype == packed.mimetype == "text/javascript"
    assert len(packed.data) < len(plain.data) / 2
    assert packed.cache_control.immutable
    assert "Accept-Encoding" in packed.vary


def test_the_licences_of_what_is_bundled_are_there(app: Flask) -> None:
    """THIRD_PARTY.txt holds the whole texts and is fetched anew each time."""
    answer = app.test_client().get("/static/dist/THIRD_PARTY.txt", buffered=True)

    assert "bpmn-js 18.31.1" in answer.text
    assert "The source code responsible for displaying the bpmn.io" in answer.text
    assert not answer.cache_control.immutable


def test_a_missing_build_stops_the_server_with_the_command(tmp_path: Path) -> None:
    """Nobody is shown a naked page."""
    with pytest.raises(assets.FrontendMissing, match="make setup"):
        assets.register(Flask("unbuilt"), tmp_path)
