"""The engine with the office installed, opened once and found by every request."""

from datetime import datetime

from flask import Flask
from flask import current_app

from engine import engine as engines
from engine import workdays
from web import settings as settings_module


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
