"""What an office is, as far as its records need to know."""

from dataclasses import dataclass

from processes.supervision.hotline import callers


@dataclass(frozen=True)
class Settings:
    """One office: `area` is the 区划码 its numbers begin with (six digits)."""

    area: str
    vault: callers.Vault
