"""kill -9 of the real server, at any moment, under people and programs at work."""

import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from engine import database
from processes.supervision import tables
from tests.survival import checker
from tests.survival import offices
from tests.survival.ledger import Ledger

KILLS = 6
SEED = 20261121
PROGRAMS, PEOPLE = 2, 2
#: Requests without an answer, one in 50 ms while the server is away.
PATIENCE = 4000
REGISTRAR = "dc_registrar"
#: What the registrar writes on 核对登记.
VERIFIED = {"title": "路灯不亮", "type": "求助", "verified": True}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a demo office on a database of this test alone."""
    chosen = {
        "DUCHA_HOME": str(tmp_path / "home"),
        "DUCHA_DATABASE_URL": database_url,
        "DUCHA_DEMO_PASSWORD": offices.PASSWORD,
        "DUCHA_HOTLINE_KEYS": offices.HOTLINE_KEY,
    }
    offices.run(chosen, "demo")
    return chosen


class Load:
    """People and programs who never stop asking, and write down what they are told."""

    def __init__(self, address: str, ledger: Ledger) -> None:
        """Be ready to begin."""
        self.address = address
        self.ledger = ledger
        self.over = threading.Event()
        self.answered = 0
        self.unexpected: list[object] = []
        self.numbers: dict[str, str] = {}
        self.repeated = Counter[str]()
        self.acts: tuple[Callable[[int], None], ...] = (self.program, self.person)
        self.threads = [
            threading.Thread(target=self.noted, args=[act, n])
            for act, count in zip(self.acts, (PROGRAMS, PEOPLE), strict=True)
            for n in range(count)
        ]

    def noted(self, act: Callable[[int], None], place: int) -> None:
        """Act until it is over; keep what should not happen."""
        try:
            act(place)
        except Exception as error:
            self.unexpected.append(error)

    def wait_for(self, answers: int) -> None:
        """Return when so many more acts were acknowledged, or something went wrong."""
        goal = self.answered + answers
        for _ in range(PATIENCE):
            if self.answered >= goal or self.unexpected:
                return
            time.sleep(0.01)

    def patiently(self, ask: Callable[[], offices.Answer], what: str) -> offices.Answer:
        """Ask until there is an answer, as whoever got none does."""
        for attempt in range(PATIENCE):
            try:
                answer = ask()
            except (OSError, http.client.HTTPException):
                # No answer, or half of one.
                time.sleep(0.05)
                continue
            if attempt:
                self.repeated[what] += 1
            return answer
        raise AssertionError(f"{what}: no answer after {PATIENCE} requests")

    def program(self, place: int) -> None:
        """Deliver one ticket after the other."""
        visitor = offices.Visitor(self.address)
        for number in itertools.count():
            if self.over.is_set():
                return
            key = f"ticket-{place}-{number}"
            self.ledger.intend(key, f":{key}")
            status, body = self.patiently(
                lambda key=key: visitor.post_ticket(key, ticket(key)), "ticket"
            )
            if status != 201:
                self.unexpected.append((key, status, body))
                return
            answer = orjson.loads(body)
            self.numbers[key] = answer["number"]
            self.ledger.acknowledge(key, f":{key}", **answer)
            self.answered += 1

    def person(self, place: int) -> None:
        """Sign in and verify every ticket that waits for it."""
        visitor = offices.Visitor(self.address)
        status, body = self.patiently(lambda: visitor.sign_in(REGISTRAR), "sign-in")
        if status not in (302, 303):
            self.unexpected.append(("sign-in", status, body))
            return
        while not self.over.is_set():
            _, page = self.patiently(lambda: visitor.send("/tasks"), "list")
            waiting = [task.decode() for task in offices.TASK.findall(page)]
            for task_id in waiting[place::PEOPLE][:5]:
                self.verify(visitor, place, task_id, page)
            time.sleep(0.05)

    def verify(
        self, visitor: offices.Visitor, place: int, task_id: str, page: bytes
    ) -> None:
        """Complete a task; closed by the same person already, it is done."""
        act = f"verify {task_id} by {place}"
        self.ledger.intend(act, task_id)
        fields = orjson.dumps(VERIFIED).decode()
        status, body = self.patiently(
            lambda: visitor.submit(f"/tasks/{task_id}", page, fields=fields), "task"
        )
        if status not in (303, 409):
            self.unexpected.append((act, status, body))
            return
        self.ledger.acknowledge(act, task_id, task_id=task_id, person=REGISTRAR)
        self.answered += 1


def ticket(key: str) -> dict[str, str]:
    """Return the ticket that is sent under a key."""
    return {"ticket_no": key.upper(), "type": "求助", "content": f"{key}：路灯不亮。"}


def test_a_server_killed_at_any_moment_keeps_every_promise(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """Every acknowledged ticket and task is there once, the same key says the same.

    Nothing is there twice, and nobody got any answer but the ones a server gives
    that nobody kills.
    """
    moments = random.Random(SEED)
    server = offices.Server(settings, tmp_path / "log")
    ledger = Ledger(tmp_path / "ledger")
    load = Load(server.address, ledger)
    server.start()
    for thread in load.threads:
        thread.start()
    lives = [(moments.randint(4, 16), moments.uniform(0, 0.1)) for _ in range(KILLS)]
    try:
        for answers, seconds in lives:
            load.wait_for(answers)
            time.sleep(seconds)
            server.kill()
            server.start()
    finally:
        load.over.set()
        for thread in load.threads:
            thread.join()
    again = {
        key: orjson.loads(
            offices.Visitor(server.address).post_ticket(key, ticket(key))[1]
        )
        for key in load.numbers
    }
    server.kill()
    verified = [act for act in ledger.acknowledged() if act.startswith("verify")]
    print(
        f"seed {SEED}, killed after {[n for n, _ in lives]} answers and a moment: "
        f"{len(load.numbers)} tickets and {len(verified)} tasks acknowledged, "
        f"asked again after a kill: {dict(load.repeated)}"
    )

    assert [] == load.unexpected
    assert load.numbers == {key: answer["number"] for key, answer in again.items()}
    assert len(load.numbers) == len(set(load.numbers.values())) > KILLS
    assert len(verified) > KILLS
    registered = sa.select(tables.matter.c.source_doc_no, tables.matter.c.number)
    pool = database.create(settings["DUCHA_DATABASE_URL"])
    with pool.connect() as connection:
        wrong = checker.examine(connection, ledger)
        kept = [tuple(row) for row in connection.execute(registered)]
    pool.dispose()
    assert [] == wrong
    assert sorted((key.upper(), n) for key, n in load.numbers.items()) == sorted(kept)
