"""The linter: what the engine could not execute rightly, found before it runs."""

from collections.abc import Collection

from engine.bpmn import model
from engine.bpmn.diagrams import problems
from engine.bpmn.diagrams.linter_rules import activities
from engine.bpmn.diagrams.linter_rules import events
from engine.bpmn.diagrams.linter_rules import gateways
from engine.bpmn.diagrams.linter_rules import structure
from engine.bpmn.diagrams.linter_rules import words
from engine.bpmn.diagrams.linter_rules.surroundings import Known

#: rule id -> one sentence; findings have no other rules
RULES = problems.RULES


def lint(
    process: model.Process,
    *,
    handlers: Collection[str] | None = None,
    forms: Collection[str] | None = None,
    decisions: Collection[str] | None = None,
    callees: Collection[str] | None = None,
    functions: Collection[str] | None = None,
) -> list[model.Problem]:
    """Judge a process by the rules of RULES.

    The collections say what exists outside the diagram: names of handlers and of
    expression functions, ids of forms and decisions, keys of processes. None means
    that it is not known, and what is not known is not judged. An error says that
    the process must not be deployed, a warning that somebody should look.
    """
    findings = problems.Findings()
    known = Known(handlers, forms, decisions, callees, functions)
    structure.judge(process, findings)
    gateways.judge(process, findings)
    events.judge(process, findings)
    activities.judge(process, known, findings)
    words.judge(process, known, findings)
    return findings.found
