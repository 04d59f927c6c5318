"""What exists outside a diagram, as far as it is known."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """Names that a diagram may refer to; None: not known, not judged."""

    handlers: Collection[str] | None = None
    forms: Collection[str] | None = None
    decisions: Collection[str] | None = None
    callees: Collection[str] | None = None
    functions: Collection[str] | None = None


def missing(name: str, known: Collection[str] | None) -> bool:
    """Tell whether a name is known not to exist."""
    return known is not None and name not in known
