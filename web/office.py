"""The engine with the office installed, opened once and found by every request."""

from datetime import datetime

import sqlalchemy as sa
from flask import Flask
from flask import current_app

from engine import clock as clocks
from engine import database
from engine import engine as engines
from engine import workdays
from processes import calendars
from processes import office as offices
from processes.supervision.hotline import callers
from web import settings as settings_module


def opened(
    settings: settings_module.Settings, clock: clocks.Clock | None = None
) -> engines.Engine:
    """Return the engine of these settings; nothing is created or upgraded."""
    chosen = offices.Settings(
        secret_key=settings.secret_key,
        outgoing=settings.home / "outgoing",
        area=settings.area,
    )
    engine = engines.Engine(
        database.create(settings.database_url),
        clock=clock or clocks.SystemClock(),
        calendar=calendars.load(),
        registry=offices.registry(chosen),
    )
    offices.print_documents(engine)
    return engine


def prepared(settings: settings_module.Settings) -> engines.Engine:
    """Return the engine with the schema and the procedures of this program."""
    settings.home.mkdir(parents=True, exist_ok=True)
    pool = database.create(settings.database_url)
    database.upgrade(pool)
    pool.dispose()
    engine = opened(settings)
    offices.deploy_catalog(engine)
    return engine


def vault(settings: settings_module.Settings) -> callers.Vault:
    """Return what seals and opens callers' data."""
    return callers.Vault(settings.secret_key)


def shown_address(settings: settings_module.Settings) -> str:
    """Return the address of the database without its password."""
    return sa.make_url(settings.database_url).render_as_string(hide_password=True)


def install(
    app: Flask, settings: settings_module.Settings, engine: engines.Engine
) -> None:
    """Keep the engine and the settings with the application."""
    app.extensions["ducha.engine"] = engine
    app.extensions["ducha.settings"] = settings


def engine() -> engines.Engine:
    """Return the engine of the application that answers this request."""
    found: engines.Engine = current_app.extensions["ducha.engine"]
    return found


def settings() -> settings_module.Settings:
    """Return the settings of the application that answers this request."""
    found: settings_module.Settings = current_app.extensions["ducha.settings"]
    return found


def now() -> datetime:
    """Return the moment by the engine's clock."""
    return engine().clock.now()


def calendar() -> workdays.Calendar:
    """Return the working-day calendar by which lights are counted."""
    return engine().calendar
