"""The web server and the heartbeat that runs what is due."""

import math
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from gunicorn.app.base import BaseApplication

from engine import engine as engines
from web import app as application
from web import logs
from web import settings as settings_module

BEAT_SECONDS = 1
#: How many due jobs one beat takes; what remains waits for the next beat.
BATCH = 50
#: Beside the web, a beat takes at most this long, and rests after each job, so that
#: people get their turn while thousands of jobs are caught up with.
WITHIN_SECONDS = 0.5
REST_SECONDS = 0.002
#: How often stalled instances are looked for, and histories anchored.
ROUND = timedelta(hours=1)
ANCHORED_EVERY = timedelta(days=1)
#: How often the clock is asked whether it is time for a round.
LOOK_SECONDS = 30
THREADS = 16
#: What is under way when the server is told to stop may finish within this time.
GRACE_SECONDS = 30


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads, configured here and from nowhere else."""

    def __init__(
        self, settings: settings_module.Settings, *, host: str, port: int, workers: int
    ) -> None:
        """Remember what to serve; `run()` serves it until told to stop."""
        self.settings = settings
        self.options = {
            "bind": f"{host}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "graceful_timeout": GRACE_SECONDS,
            "accesslog": None,
            "loglevel": "warning",
            "post_worker_init": self.begin,
            "worker_exit": self.end,
        }
        self.scheduler: BackgroundScheduler | None = None
        super().__init__()

    def load_config(self) -> None:
        """Take our options; environment and files of gunicorn count for nothing."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Open the engine in the worker: connections do not survive a fork."""
        self.app = application.create_app(self.settings)
        return self.app

    def begin(self, worker: object) -> None:
        """Start the heartbeat in the worker that is ready to serve."""
        if self.settings.heartbeat:
            self.scheduler = heartbeat(self.app.extensions["ducha.engine"])

    def end(self, arbiter: object, worker: object) -> None:
        """Let the jobs under way finish."""
        if self.scheduler:
            self.scheduler.shutdown(wait=True)


class Rounds:
    """What is done by the hour and by the day, on the clock of the engine."""

    def __init__(self, engine: engines.Engine) -> None:
        """Begin an hour from now: what an outage left is caught up with first."""
        self.engine = engine
        self.next_at = engine.clock.now() + ROUND

    def turn(self) -> bool:
        """Look for stalled instances and anchor the histories if it is time.

        Any number of processes may do so; there is one anchor a day all the same.
        """
        now = self.engine.clock.now()
        if now < self.next_at:
            return False
        self.next_at = now + ROUND
        try:
            self.engine.report_stalled()
            self.engine.anchor_history(every=ANCHORED_EVERY)
        except Exception as error:
            # As with a beat: whatever is wrong, the next round is made.
            logs.failure(error)
        return True


def heartbeat(engine: engines.Engine) -> BackgroundScheduler:
    """Start a thread that runs what is due once a second; one beat at a time."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        beat,
        "interval",
        args=[engine],
        seconds=BEAT_SECONDS,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.add_job(
        Rounds(engine).turn,
        "interval",
        seconds=LOOK_SECONDS,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler


def beat(
    engine: engines.Engine,
    *,
    within: float = WITHIN_SECONDS,
    rest: float = REST_SECONDS,
) -> int:
    """Run what is due and say how much; a failure is logged and tried next time."""
    try:
        return engine.run_due(limit=BATCH, within=within, rest=rest)
    except Exception as error:
        # Whatever is wrong (a database that restarts), the heart goes on beating.
        logs.failure(error)
        return 0


def work(engine: engines.Engine, stopped: threading.Event) -> None:
    """Run what is due until told to stop; the job under way is finished first."""
    rounds = Rounds(engine)
    while not stopped.is_set():
        rounds.turn()
        # A full batch means that more may be waiting.
        if beat(engine, within=math.inf, rest=0.0) < BATCH:
            stopped.wait(BEAT_SECONDS)


def on_termination(act: Callable[[], None]) -> None:
    """Call `act` when the program is told to end, instead of ending at once."""

    def received(number: int, frame: FrameType | None) -> None:
        act()

    signal.signal(signal.SIGTERM, received)
    signal.signal(signal.SIGINT, received)
