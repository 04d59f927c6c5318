"""A form-js form as a page shows it, and what comes back from the browser."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from werkzeug.datastructures import MultiDict

from engine import errors
from engine.bpmn import values as json_values

Component = Mapping[str, Any]
#: The field that says how a person decided; its options become the buttons.
DECISION = "decision"
AGREED = {"APPROVE", "ACCEPT"}
SENT_BACK = {"RETURN", "RETURN_REDO", "RETURN_RESUBMIT"}
LISTS = {"checklist", "taglist"}
TABLES = {"dynamiclist", "filepicker"}
#: Prefix of the fields of a page without JavaScript.
PLAIN = "field."


@dataclass(frozen=True)
class Button:
    """One way to submit; ``value`` is the decision, empty where there is none."""

    value: str
    label: str
    style: str
    #: The key that leads to it.
    key: str = ""
    #: A return needs a reason and not the rest of the form.
    unfinished: bool = False


@dataclass(frozen=True)
class Sheet:
    """What the page draws: the schema without the decision, which are the buttons."""

    schema: Mapping[str, Any]
    buttons: tuple[Button, ...]
    #: What is in the fields, and beside it the options that fields offer.
    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    message: str = ""

    @property
    def plain(self) -> list[Component]:
        """Return the fields, with their options, for browsers without JavaScript."""
        return [
            {**part, "values": options(part, self.values)}
            for part in components(self.schema)
            if not part.get("disabled")
        ]

    @property
    def is_plain(self) -> bool:
        """Return whether the form can be filled in without JavaScript."""
        return not any(part.get("type") in TABLES for part in self.schema["components"])


def sheet(
    schema: Mapping[str, Any] | None,
    *,
    values: Mapping[str, Any] | None = None,
    refused: errors.Invalid | None = None,
    submit: str = "提交",
) -> Sheet:
    """Return the sheet of a form; without one there is only a button.

    ``values`` holds what was written before and the variables its options come from.
    """
    schema = schema or {"type": "default", "components": []}
    values = dict(values or {})
    decision = lifted(schema)
    buttons: tuple[Button, ...] = (Button("", submit, "btn-primary", "a"),)
    if decision is not None and (offered := options(decision, values)):
        schema = {
            **schema,
            "components": [part for part in schema["components"] if part != decision],
        }
        buttons = tuple(_button(option) for option in offered)
    return Sheet(
        schema=schema,
        buttons=buttons,
        values=values,
        errors=dict(refused.fields) if refused else {},
        message=_message(refused, schema) if refused else "",
    )


def lifted(schema: Mapping[str, Any]) -> Component | None:
    """Return the decision field whose options become buttons, if there is one.

    It stays in the form where other fields appear and vanish with it: the person
    must be able to choose before filling them in.
    """
    found = None
    for part in schema.get("components", ()):
        condition = (part.get("conditional") or {}).get("hide", "")
        if DECISION in str(condition):
            return None
        if part.get("key") == DECISION:
            found = part
    return found


def options(part: Component, values: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Return what a field offers as [{value, label}], its own or by `valuesKey`."""
    found = part.get("values") or values.get(part.get("valuesKey", "")) or []
    return [
        option if isinstance(option, Mapping) else {"value": option, "label": option}
        for option in found
    ]


def posted(
    schema: Mapping[str, Any] | None, form: MultiDict[str, str]
) -> dict[str, Any]:
    """Return the fields that a browser sent, with or without JavaScript.

    Raises Invalid where they are not a JSON object. Whether they are right is for
    the command to say.
    """
    raw = form.get("fields", "")
    fields = json_object(raw) if raw else _plain(schema or {}, form)
    if form.get(DECISION):
        fields[DECISION] = form[DECISION]
    return fields


def components(schema: Mapping[str, Any]) -> Iterator[Component]:
    """Yield every field of the form that has a key, groups opened."""
    for part in schema.get("components", ()):
        if part.get("type") == "group":
            yield from components(part)
        elif part.get("key"):
            yield part


def names(schema: Mapping[str, Any] | None) -> set[str]:
    """Return the names of all values a form may hold, lists of rows included."""
    found = {part["key"] for part in components(schema or {})}
    parts = (schema or {}).get("components", ())
    return found | {part["path"] for part in parts if part.get("path")}


def kept(schema: Mapping[str, Any] | None, form: MultiDict[str, str]) -> dict[str, Any]:
    """Return what a refused form held, to be shown again; nothing if unreadable."""
    try:
        return posted(schema, form)
    except errors.Invalid:
        return {}


def json_object(raw: str | bytes) -> dict[str, Any]:
    """Return the JSON object a page sent; raises Invalid for anything else."""
    fields = json_values.parse_json(raw, place="填写的内容")
    if not isinstance(fields, dict):
        raise errors.Invalid("提交的内容不完整，请刷新后重填。")
    return fields


def _plain(schema: Mapping[str, Any], form: MultiDict[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in components(schema):
        values = form.getlist(PLAIN + part["key"])
        value = _value(part["type"], values)
        if value is not None:
            fields[part["key"]] = value
    return fields


def _value(kind: str, values: Sequence[str]) -> object:
    if kind in LISTS:
        return list(values)
    if kind == "checkbox":
        return bool(values)
    text = values[0].strip() if values else ""
    if not text:
        return None
    if kind == "number":
        try:
            return int(text)
        except ValueError:
            # Left as text, so that the form's own rule refuses it at its place.
            return text
    return text


def _message(refused: errors.Invalid, schema: Mapping[str, Any]) -> str:
    """Return the refusal, with what it says of fields that the form does not show."""
    shown = names(schema)
    elsewhere = [
        text
        for key, texts in refused.fields.items()
        if re.split(r"[.\[]", key)[0] not in shown
        for text in texts
    ]
    return " ".join([refused.message, *elsewhere])


def _button(option: Mapping[str, str]) -> Button:
    value, label = option["value"], option["label"]
    if value in AGREED:
        return Button(value, label, "btn-primary", "a")
    if value in SENT_BACK:
        # Only one button can have the letter: the first return of the form.
        key = "r" if value != "RETURN_RESUBMIT" else ""
        return Button(value, label, "btn-outline-primary", key, unfinished=True)
    return Button(value, label, "btn-outline-primary")
