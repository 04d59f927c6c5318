"""An office where a scenario of the catalog has been played up to one of its acts."""

from dataclasses import replace
from itertools import takewhile

from engine import clock as clocks
from engine import database
from engine import engine as engines
from engine import scenarios
from processes import office as offices
from processes import rehearsal
from processes import verbs
from web import office
from web import settings as settings_module


def played(
    settings: settings_module.Settings, scenario: str, *, before: str
) -> engines.Engine:
    """Play a scenario before its first act of a verb; return the office then.

    `scenario` is its place in the catalog: procedure/name.
    """
    procedure, _, name = scenario.partition("/")
    path = offices.CATALOG / procedure / "scenarios" / f"{name}.yaml"
    whole = scenarios.read(path)
    acts = tuple(takewhile(lambda act: act.verb != before, whole.acts))
    pool = database.create(settings.database_url)
    try:
        open_engine = rehearsal.opener(pool, settings.home / "outgoing")
        with open_engine(clocks.FixedClock(whole.begins)).begin() as work:
            work.rearm_timers()
        trace = scenarios.run(
            replace(whole, acts=acts),
            open_engine,
            verbs.verbs(office.vault(settings)),
            restarts=False,
        )
    finally:
        pool.dispose()
    return office.opened(settings, clocks.FixedClock(trace.journal[-1].at))
