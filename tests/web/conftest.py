"""The office on a database of its own, and people who visit its pages."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine import engine as engines
from processes import demo
from web import app as application
from web import auth
from web import office
from web import settings as settings_module

PASSWORD = "Demo-2026-word"
HOTLINE_KEY = "a-key-of-the-hotline"
TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)">')


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home directory of an office with the demo county, to be copied."""
    home = tmp_path_factory.mktemp("office")
    demo.install(office.prepared(settings_of(home)), password=PASSWORD)
    return home


@pytest.fixture
def settings(demo_home: Path, tmp_path: Path) -> settings_module.Settings:
    """The settings of an office of this test alone."""
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    return settings_of(home)


@pytest.fixture
def engine(settings: settings_module.Settings) -> engines.Engine:
    """The engine of this test's office."""
    return office.opened(settings)


@pytest.fixture
def app(settings: settings_module.Settings, engine: engines.Engine) -> Flask:
    """The application of this test's office."""
    app = application.create_app(settings, engine)
    app.testing = True
    # Tests sign in more often than a person does.
    auth.limiter.enabled = False
    return app


@dataclass
class Visitor:
    """Somebody with a browser: what they send carries the token of their pages."""

    client: FlaskClient

    def signs_in(self, person: str, password: str = PASSWORD) -> TestResponse:
        """Sign in on the page for it."""
        return self.sends("/login", person=person, password=password)

    def opens(self, path: str) -> TestResponse:
        """Open a page, without following where it sends us."""
        return self.client.get(path)

    def sends(self, path: str, **fields: str) -> TestResponse:
        """Submit a form."""
        return self.client.post(path, data={"csrf_token": self.token(), **fields})

    def token(self) -> str:
        """Return the token that our pages carry."""
        page = self.client.get("/login", follow_redirects=True).get_data(as_text=True)
        found = TOKEN.search(page)
        assert found is not None, page[:300]
        return found.group(1)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def signed_in(app: Flask) -> Callable[[str], Visitor]:
    """Return a function that gives a visitor who is signed in as a person."""

    def enter(person: str) -> Visitor:
        visitor = Visitor(app.test_client())
        answer = visitor.signs_in(person)
        assert 303 == answer.status_code, answer.get_data(as_text=True)
        return visitor

    return enter


def settings_of(home: Path) -> settings_module.Settings:
    """Return the settings of an office in this directory."""
    return settings_module.from_environment(
        {
            "DUCHA_HOME": str(home),
            "DUCHA_DEMO_PASSWORD": PASSWORD,
            "DUCHA_HOTLINE_KEYS": HOTLINE_KEY,
        }
    )
