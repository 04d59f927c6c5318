"""A real `ducha serve` that can be killed, and those who speak HTTP with it."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import orjson

PASSWORD = "Demo-2026-word"
HOTLINE_KEY = "a-key-of-the-hotline"
#: A machine that does other things may need this long to start a server.
START_SECONDS = 90
ANSWER_SECONDS = 30
TOKEN = re.compile(rb'<meta name="csrf-token" content="([^"]+)">')
TASK = re.compile(rb'href="/tasks/([0-9a-f-]+)"')

Answer = tuple[int, bytes]


DUCHA = Path(sys.executable).with_name("ducha")


def run(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a command of `ducha` to its end."""
    command = [DUCHA, *arguments]
    subprocess.run(
        command,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.DEVNULL,
    )


class Server:
    """The program as an office runs it, started and killed again and again."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        """Choose a port and keep to it."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, **environment}
        self.log = log

    def start(self) -> None:
        """Start it and return once it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [DUCHA, "serve", "--port", str(self.port)],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        limit = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/readyz", timeout=5):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > limit:
                    raise AssertionError(self.log.read_text("utf-8")[-2000:]) from None
                time.sleep(0.05)

    def kill(self) -> None:
        """Kill its processes, all at once and without warning."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Lets a client see where it is sent."""

    def redirect_request(self, *_details: object) -> None:
        """Follow nothing."""


class Visitor:
    """A client with cookies; an error is raised where no whole answer comes."""

    def __init__(self, address: str) -> None:
        """Talk to the server at the address."""
        self.address = address
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies, NoRedirect)

    def send(self, path: str, content: bytes | None = None, **headers: str) -> Answer:
        """Send a request, POST where there is content."""
        request = urllib.request.Request(self.address + path, content)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with self.opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read()

    def submit(self, path: str, page: bytes, **fields: str) -> Answer:
        """Submit a form of the page."""
        token = TOKEN.search(page)
        assert token is not None, page[:500]
        given = {"csrf_token": token.group(1).decode(), **fields}
        return self.send(path, urllib.parse.urlencode(given).encode())

    def sign_in(self, person: str) -> Answer:
        """Sign in on the page for it."""
        _, page = self.send("/login")
        return self.submit("/login", page, person=person, password=PASSWORD)

    def post_ticket(self, key: str, ticket: Mapping[str, str]) -> Answer:
        """Deliver a ticket as the hotline's program does."""
        return self.send(
            "/api/hotline/tickets",
            orjson.dumps(ticket),
            Authorization=f"Bearer {HOTLINE_KEY}",
            Idempotency_Key=key,
            Content_Type="application/json",
        )
