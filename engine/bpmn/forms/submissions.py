"""A form as it is validated: what may enter of that which people submit.

Forms are read by `forms`; what a single field lets in is said by `fields`.
"""

import datetime
from collections import ChainMap
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import errors
from engine.bpmn import values
from engine.bpmn.expressions import Expression
from engine.bpmn.expressions import ExpressionError
from engine.bpmn.forms import fields
from engine.bpmn.forms.fields import Field
from engine.bpmn.forms.fields import Question

MAX_ROWS = 200


class FormError(errors.Invalid):
    """A form definition is refused; `problems` holds one sentence for each fault."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("；".join(problems))


@dataclass(frozen=True, slots=True)
class Submission:
    """What may enter of a submitted form, and what is wrong with the rest.

    `values` is nested as the form's paths are and holds only declared, visible,
    writable fields and the computed ones. `errors` maps a field's dotted path (rows
    by index from 0: `清单[0].名称`) to Chinese sentences; use the values only when
    it is empty.
    """

    values: dict[str, object]
    errors: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Rows:
    """A dynamic list: rows at `path`, each with the fields of `scope`."""

    path: tuple[str, ...]
    label: str
    hidden: tuple[Expression, ...]
    record_only: bool
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class Scope:
    """The fields and lists whose paths begin at the same object."""

    fields: tuple[Field, ...]
    lists: tuple[Rows, ...]

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield every declared path."""
        yield from (one.path for one in self.fields)
        yield from (one.path for one in self.lists)


@dataclass(frozen=True, slots=True)
class Form:
    """A form that can be validated.

    `keys` are the variables it may write, `record_keys` those of them that go to the
    office's records and never into process variables (`properties.store`: record).
    """

    id: str
    keys: tuple[str, ...]
    record_keys: tuple[str, ...]
    scope: Scope

    def sources(self) -> frozenset[str]:
        """Return the names that fields take their options from (`valuesKey`)."""
        return frozenset(_sources(self.scope))

    def validate(
        self,
        submitted: Mapping[str, object],
        context: Mapping[str, object],
        *,
        now: datetime.datetime | None = None,
    ) -> Submission:
        """Return the values that may enter and the errors of those that may not.

        `context` holds the variables that conditions read and options come from.
        `now` is asked for by fields that refuse past dates (disallowPassedDates).
        What is no JSON at all raises ValueRefused.
        """
        values.require_json(dict(submitted), place="表单")
        if now is None and _refuses_past(self.scope):
            raise FormError(f"表单“{self.id}”限制过去日期，校验时须给出当前时间")
        visit = _Visit(now)
        accepted = visit.scope(self.scope, dict(submitted), context, context, "")
        return Submission(accepted, visit.errors)


def _sources(scope: Scope) -> Iterator[str]:
    for one in scope.fields:
        if one.options is not None and one.options.key is not None:
            yield one.options.key
    for rows in scope.lists:
        yield from _sources(rows.scope)


def _refuses_past(scope: Scope) -> bool:
    return any(one.rules.no_past for one in scope.fields) or any(
        _refuses_past(rows.scope) for rows in scope.lists
    )


_ABSENT = object()


def _get(data: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = data
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return _ABSENT
        found = found[part]
    return found


def _put(data: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    # Objects on the way are copied: they may belong to the context.
    for part in path[:-1]:
        inner = data.get(part)
        data[part] = dict(inner) if isinstance(inner, Mapping) else {}
        data = data[part]
    data[path[-1]] = value


class _Visit:
    """One validation of one submission."""

    def __init__(self, now: datetime.datetime | None) -> None:
        self.now = now
        self.errors: dict[str, list[str]] = {}

    def refuse(self, place: str, *messages: str) -> None:
        self.errors.setdefault(place, []).extend(messages)

    def scope(
        self,
        scope: Scope,
        submitted: dict[str, Any],
        surroundings: Mapping[str, object],
        context: Mapping[str, object],
        prefix: str,
    ) -> dict[str, object]:
        """Return the accepted values of one object of the submission."""
        self._refuse_unknown(set(scope.paths()), submitted, (), prefix)
        facts = self._facts(scope, submitted, surroundings)
        accepted: dict[str, object] = {}
        for one in scope.fields:
            place = prefix + ".".join(one.path)
            try:
                self._field(one, submitted, facts, context, accepted, place)
            except ExpressionError as error:
                self.refuse(place, f"“{one.label}”的条件无法计算：{error}")
        for rows in scope.lists:
            place = prefix + ".".join(rows.path)
            try:
                self._rows(rows, submitted, facts, context, accepted, place)
            except ExpressionError as error:
                self.refuse(place, f"“{rows.label}”的条件无法计算：{error}")
        self._compute(scope, facts, accepted, prefix)
        return accepted

    def _facts(
        self,
        scope: Scope,
        submitted: dict[str, Any],
        surroundings: Mapping[str, object],
    ) -> dict[str, Any]:
        """Return what conditions read: the context under what people may write."""
        facts = dict(surroundings)
        for path in [
            *(one.path for one in scope.fields if one.is_writable(surroundings)),
            *(rows.path for rows in scope.lists),
        ]:
            value = _get(submitted, path)
            if value is not _ABSENT:
                _put(facts, path, value)
        return facts

    def _refuse_unknown(
        self,
        declared: set[tuple[str, ...]],
        data: Mapping[str, Any],
        path: tuple[str, ...],
        prefix: str,
    ) -> None:
        for key, value in data.items():
            here = (*path, key)
            if here in declared:
                continue
            is_group = any(one[: len(here)] == here for one in declared)
            if is_group and isinstance(value, Mapping):
                self._refuse_unknown(declared, value, here, prefix)
            else:
                place = prefix + ".".join(here)
                self.refuse(place, f"表单没有“{place}”这一项")

    def _field(
        self,
        one: Field,
        submitted: dict[str, Any],
        facts: Mapping[str, object],
        context: Mapping[str, object],
        accepted: dict[str, object],
        place: str,
    ) -> None:
        if not one.is_writable(facts) or one.is_hidden(facts):
            return
        value = _get(submitted, one.path)
        given = None if value is _ABSENT else value
        found = fields.faults(Question(one, given, facts, context, self.now))
        if found:
            basis = f"（{one.basis}）" if one.basis else ""
            self.refuse(place, *(f"{message}{basis}" for message in found))
        elif value is not _ABSENT:
            _put(accepted, one.path, value)

    def _rows(
        self,
        rows: Rows,
        submitted: dict[str, Any],
        facts: dict[str, Any],
        context: Mapping[str, object],
        accepted: dict[str, object],
        place: str,
    ) -> None:
        given = _get(submitted, rows.path)
        if given is _ABSENT or given is None:
            return
        if any(condition.evaluate(facts) is True for condition in rows.hidden):
            return
        if not isinstance(given, list) or len(given) > MAX_ROWS:
            self.refuse(place, f"“{rows.label}”应为至多 {MAX_ROWS} 行的列表")
            return
        result = []
        for number, row in enumerate(given):
            if not isinstance(row, dict):
                self.refuse(f"{place}[{number}]", f"“{rows.label}”的行应为对象")
                continue
            around = ChainMap({"parent": facts}, facts)
            inner = f"{place}[{number}]."
            result.append(self.scope(rows.scope, row, around, context, inner))
        _put(accepted, rows.path, result)

    def _compute(
        self,
        scope: Scope,
        facts: dict[str, Any],
        accepted: dict[str, object],
        prefix: str,
    ) -> None:
        """Compute expression fields here; what the browser computed is not read."""
        for one in scope.fields:
            if one.formula is None:
                continue
            place = prefix + ".".join(one.path)
            try:
                if one.is_hidden(facts):
                    continue
                value = one.formula.evaluate(facts)
                if isinstance(value, datetime.date):
                    value = value.isoformat()
                values.require_json(value, place=one.label)
            except (ExpressionError, values.ValueRefused) as error:
                self.refuse(place, f"“{one.label}”无法计算：{error}")
                continue
            _put(facts, one.path, value)
            _put(accepted, one.path, value)
