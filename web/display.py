"""How values look on a page: moments, lights, names of things."""

from datetime import datetime

from flask import Flask

from engine import workdays
from web import lights
from web import office

EMPTY = "—"


def install(app: Flask) -> None:
    """Make the filters and what every page shows known to the templates."""
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["light"] = light
    app.jinja_env.filters["shown"] = shown
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["office_name"] = office.settings().office_name


def moment(value: datetime | str | None) -> str:
    """Return a moment as people in Shanghai read it, to the minute."""
    local = _local(value)
    return local.strftime("%Y-%m-%d %H:%M") if local else EMPTY


def day(value: datetime | str | None) -> str:
    """Return the day of a moment with its weekday."""
    local = _local(value)
    if local is None:
        return EMPTY
    return f"{local:%Y-%m-%d}（{workdays.weekday_name(local.date())}）"


def light(due_at: datetime | None) -> lights.Light:
    """Return the light of a deadline as of this request."""
    return lights.light(office.calendar(), office.now(), due_at)


def shown(value: object) -> str:
    """Return any recorded value as text: no brackets, no English truth values."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        return "、".join(shown(item) for item in value) or EMPTY
    if isinstance(value, datetime):
        return moment(value)
    return str(value)


def _local(value: datetime | str | None) -> datetime | None:
    if not value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(workdays.SHANGHAI)
