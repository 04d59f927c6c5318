"""The Chinese for every recorded value, gathered from the records that own it."""

from collections.abc import Mapping

from flask import Flask

from processes.supervision import matters
from processes.supervision import opinions

#: Where a value has no owner among the records, its words stand here.
TABLES: dict[str, Mapping[str, str]] = {
    "status": matters.STATUS_LABELS,
    "decision": opinions.DECISION_LABELS,
}


def install(app: Flask) -> None:
    """Give the templates the filter `label(table)`."""
    app.jinja_env.filters["label"] = label


def label(value: object, table: str) -> str:
    """Return what people call a value; one that is not in the table, as it is."""
    return TABLES[table].get(str(value), str(value))
