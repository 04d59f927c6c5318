"""What persons and programs bring: through a form where there is one, else as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine import errors
from engine import transactions
from engine.bpmn import model
from engine.bpmn import values
from engine.bpmn.forms import submissions


@dataclass(frozen=True, slots=True)
class Entry:
    """Fields that were let in."""

    #: All of them, for the handlers.
    brought: Mapping[str, object]
    #: Those that become variables: not those that are kept for the record alone.
    kept: Mapping[str, object]


def accept(
    work: transactions.Transaction,
    form: submissions.Form | None,
    element: model.Element | None,
    fields: Mapping[str, object],
    variables: Mapping[str, object],
) -> Entry:
    """Return the fields that may enter; Invalid names those that may not.

    What a form's conditions and choices are read from are the variables and what
    the registry offers beside them.
    """
    given = dict(fields)
    values.require_json(given, place="填写的内容")
    if form is None or element is None:
        return Entry(given, given)
    offered = work.registry.offered(form.sources(), work, element, variables)
    submission = form.validate(given, {**variables, **offered}, now=work.now())
    if submission.errors:
        raise errors.Invalid(fields=submission.errors)
    found = submission.values
    kept = {name: found[name] for name in found if name not in form.record_keys}
    return Entry(found, kept)
