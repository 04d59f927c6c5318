"""Every setting of Ducha, read once from the environment."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


class BadSetting(ValueError):
    """A setting has a value that cannot be used; the text says which and why."""


@dataclass(frozen=True)
class Settings:
    """What the environment decides; the README lists the same names."""

    #: DUCHA_HOME: the directory of the database, the secret and the rendered files.
    home: Path
    #: DUCHA_DATABASE_URL: default is SQLite in the home directory.
    database_url: str
    #: DUCHA_SECRET_KEY: signs the sessions and encrypts callers' data.
    #: Default: made once and kept in ``secret`` in the home directory (mode 0600).
    secret_key: str
    #: DUCHA_DEMO_PASSWORD: the password of all demo accounts.
    demo_password: str
    #: DUCHA_HOTLINE_KEYS: keys of other systems for the hotline, comma-separated.
    hotline_keys: tuple[str, ...]
    #: DUCHA_HEARTBEAT: "off" where separate workers run the due jobs.
    heartbeat: bool
    #: DUCHA_SECURE_COOKIES: "on" behind HTTPS.
    secure_cookies: bool
    #: DUCHA_AREA: the 区划码 that the numbers of matters begin with.
    area: str
    #: DUCHA_OFFICE_NAME: the name in the header of every page.
    office_name: str
    #: DUCHA_UNIT_RANKING: "on" where a document lets the office rank units (减负红线).
    unit_ranking: bool


def from_environment(environment: dict[str, str] | None = None) -> Settings:
    """Return the settings; raises BadSetting with the name of the wrong one."""
    values = dict(os.environ) if environment is None else environment
    home = Path(values.get("DUCHA_HOME", "var")).absolute()
    default_url = f"sqlite:///{home / 'ducha.sqlite'}"
    return Settings(
        home=home,
        database_url=values.get("DUCHA_DATABASE_URL", default_url),
        secret_key=values.get("DUCHA_SECRET_KEY") or kept_secret(home / "secret"),
        demo_password=values.get("DUCHA_DEMO_PASSWORD", "Ducha-2026"),
        hotline_keys=_keys(values.get("DUCHA_HOTLINE_KEYS", "")),
        heartbeat=_switch(values, "DUCHA_HEARTBEAT", default="on"),
        secure_cookies=_switch(values, "DUCHA_SECURE_COOKIES", default="off"),
        area=_area(values.get("DUCHA_AREA", "411426")),
        office_name=values.get("DUCHA_OFFICE_NAME", "夏邑县人民政府督查室"),
        unit_ranking=_switch(values, "DUCHA_UNIT_RANKING", default="off"),
    )


def kept_secret(path: Path) -> str:
    """Return the secret in the file, made at the first call (readable by us only)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    # A link to a finished file: two programs that start at once agree on one secret.
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii")


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if any(len(key) < 16 for key in keys):
        raise BadSetting("DUCHA_HOTLINE_KEYS：每个密钥至少 16 个字符。")
    return keys


def _area(code: str) -> str:
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        raise BadSetting(f"DUCHA_AREA：应为六位区划码，现为 {code!r}。")
    return code


def _switch(values: dict[str, str], name: str, *, default: str) -> bool:
    value = values.get(name, default).strip().lower()
    if value not in {"on", "off"}:
        raise BadSetting(f"{name}：只能是 on 或 off，现为 {value!r}。")
    return value == "on"
