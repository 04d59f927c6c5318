"""For each rule of the linter diagrams that break it, with near twins that do not."""

from dataclasses import dataclass
from dataclasses import field

from tests.engine.bpmn.drawings import arrows
from tests.engine.bpmn.drawings import in_line

TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
CATCH = f'<intermediateCatchEvent id="c">{TIMER}</intermediateCatchEvent>'
DECLARED = (
    '<message id="m" name="来件"/><error id="er" errorCode="E"/>'
    '<escalation id="es" escalationCode="U"/><signal id="g" name="全体"/>'
)


@dataclass(frozen=True)
class Pair:
    """A diagram that breaks a rule at an element, and its twin that does not."""

    rule: str
    bad: str
    good: str
    at: str = "a"
    severity: str = "error"
    known: dict[str, object] = field(default_factory=dict)


def task(attributes: str = 'camunda:assignee="x"', inside: str = "") -> str:
    return in_line(f'<userTask id="a" name="办理" {attributes}>{inside}</userTask>')


def service(attributes: str) -> str:
    return in_line(f'<serviceTask id="a" {attributes}/>')


def call(attributes: str) -> str:
    return in_line(f'<callActivity id="a" {attributes}/>')


def split(*branches: str, default: str = "", kind: str = "exclusiveGateway") -> str:
    """Return a gateway `g` with a branch to t0, t1 … for each condition ('': none)."""
    ends = "".join(f'<endEvent id="t{i}"/>' for i in range(len(branches)))
    ways = " ".join(
        f"g>t{i}|{branch}" if branch else f"g>t{i}" for i, branch in enumerate(branches)
    )
    marked = f'default="{default}"' if default else ""
    return f'<startEvent id="s"/><{kind} id="g" {marked}/>{ends}' + arrows(
        f"s>g {ways}"
    )


def caught(definition: str, kind: str = "intermediateCatchEvent") -> str:
    return in_line(f'<{kind} id="a">{definition}</{kind}>')


def ended(definition: str) -> str:
    return (
        f'<startEvent id="s"/><endEvent id="a">{definition}</endEvent>{arrows("s>a")}'
    )


def bound(definition: str, attributes: str = "", host: str = "userTask") -> str:
    inner = '<startEvent id="i"/>' if host != "userTask" else ""
    return (
        f'<startEvent id="s"/><{host} id="h" name="办理">{inner}</{host}>'
        f"{arrows('s>h')}"
        f'<boundaryEvent id="a" attachedToRef="h" {attributes}>{definition}'
        "</boundaryEvent>"
    )


def handled(start: str, attributes: str = "") -> str:
    """Return a task and an event sub-process `a`."""
    return (
        in_line('<userTask id="t" name="办理"/>', "t")
        + f'<subProcess id="a" triggeredByEvent="true" {attributes}>{start}'
        "</subProcess>"
    )


def waiting(literal: str, tag: str = "timeDuration") -> str:
    return caught(
        f"<timerEventDefinition><{tag}>{literal}</{tag}></timerEventDefinition>"
    )


def tried(cycle: str) -> str:
    return in_line(
        '<serviceTask id="a" camunda:delegateExpression="${handle}"><extensionElements>'
        f"<camunda:failedJobRetryTimeCycle>{cycle}</camunda:failedJobRetryTimeCycle>"
        "</extensionElements></serviceTask>"
    )


def inner(inside: str, attributes: str = "", kind: str = "subProcess") -> str:
    return in_line(f'<{kind} id="a" {attributes}>{inside}</{kind}>')


INSIDE = '<startEvent id="i"/><endEvent id="j"/>' + arrows("i>j")
GATEWAY_WAITS = (
    '<startEvent id="s"/><eventBasedGateway id="g"/>'
    + CATCH
    + '<{kind} id="a">{inside}</{kind}>'
    + arrows("s>g g>c g>a")
)


def looping(inside: str) -> str:
    """Return a gateway `a` that leads back to itself by the element `b`."""
    return (
        f'<startEvent id="s"/><exclusiveGateway id="a"/>{inside}<endEvent id="e"/>'
        + arrows("s>a a>b|${x} a>e|${!x} b>a")
    )


def meeting(kind: str) -> str:
    """Return two branches of a gateway that meet in the parallel gateway `a`."""
    return (
        f'<startEvent id="s"/><{kind} id="g" default="g_y"/><userTask id="x"/>'
        '<userTask id="y"/><parallelGateway id="a"/>'
        + arrows("s>g g>x|${k} g>y x>a y>a")
    )


PAIRS = [
    # structure
    Pair("no-start", inner(""), inner('<task id="i"/>')),
    Pair(
        "no-end",
        '<startEvent id="s"/><userTask id="a"/>' + arrows("s>a"),
        task(),
        at="p",
        severity="warning",
    ),
    Pair("start-events", inner(INSIDE + '<startEvent id="k"/>'), inner(INSIDE)),
    Pair(
        "start-events",
        '<startEvent id="s"/><startEvent id="t"/><task id="a"/>' + arrows("s>a t>a"),
        '<startEvent id="s"/><startEvent id="t"><signalEventDefinition signalRef="g"/>'
        '</startEvent><task id="a"/>' + arrows("s>a t>a"),
        at="p",
    ),
    Pair(
        "start-events",
        inner(f'<startEvent id="i">{TIMER}</startEvent>'),
        inner(INSIDE),
    ),
    Pair(
        "start-events",
        handled('<startEvent id="i"/>'),
        handled(f'<startEvent id="i">{TIMER}</startEvent>'),
    ),
    Pair(
        "start-events",
        handled(f'<startEvent id="i">{TIMER}</startEvent>') + arrows("t>a"),
        handled(f'<startEvent id="i">{TIMER}</startEvent>'),
    ),
    Pair(
        "start-with-incoming",
        '<startEvent id="a"/><task id="b"/>' + arrows("a>b b>a"),
        '<startEvent id="a"/><task id="b"/>' + arrows("a>b"),
    ),
    Pair(
        "start-with-incoming",
        '<endEvent id="a"/><task id="b"/>' + arrows("a>b"),
        '<endEvent id="a"/><task id="b"/>' + arrows("b>a"),
    ),
    Pair(
        "crossing-flow",
        inner('<startEvent id="i"/><task id="j"/>' + arrows("i>j j>end")),
        inner('<startEvent id="i"/><task id="j"/>' + arrows("i>j")),
        at="j_end",
    ),
    Pair(
        "unconnected",
        in_line('<task id="b"/>', "b") + '<task id="a"/>',
        in_line('<task id="b"/>', "b") + '<endEvent id="a"/>',
    ),
    Pair(
        "unreachable",
        in_line('<task id="b"/>', "b") + '<task id="a"/>' + arrows("a>end"),
        in_line('<task id="b"/>', "b") + '<task id="a"/>' + arrows("b>a a>end"),
        severity="warning",
    ),
    Pair(
        "unreachable",
        in_line('<task id="b"/>', "b") + '<endEvent id="a"/>',
        in_line('<task id="b"/>', "b") + '<endEvent id="a"/>' + arrows("b>a"),
        severity="warning",
    ),
    Pair(
        "endless-loop",
        looping('<task id="b"/>'),
        looping('<userTask id="b"/>'),
    ),
    Pair(
        "endless-loop",
        looping('<subProcess id="b"><task id="i"/></subProcess>'),
        looping('<subProcess id="b"><userTask id="i"/></subProcess>'),
    ),
    Pair(
        "endless-loop",
        looping('<serviceTask id="b" camunda:delegateExpression="${f}"/>'),
        looping('<serviceTask id="b" camunda:type="external" camunda:topic="t"/>'),
    ),
    Pair(
        "parallel-join-deadlock",
        meeting("exclusiveGateway"),
        meeting("inclusiveGateway"),
        severity="warning",
    ),
    # gateways
    Pair(
        "complex-gateway",
        split("", "", kind="complexGateway"),
        split("", "", kind="inclusiveGateway"),
        at="g",
    ),
    Pair(
        "branch-without-condition",
        split("${x}", ""),
        split("${x}", "", default="g_t1"),
        at="g_t1",
    ),
    Pair("branch-without-condition", split("", ""), split(""), at="g_t0"),
    Pair(
        "default-flow",
        split("${x}", "${y}", default="s_g"),
        split("${x}", "", default="g_t1"),
        at="g",
    ),
    Pair(
        "default-flow",
        split("${x}", "${y}", default="g_t1"),
        split("${x}", "", default="g_t1"),
        at="g_t1",
        severity="warning",
    ),
    Pair(
        "condition-ignored",
        split("${x}", "", kind="parallelGateway"),
        split("", "", kind="parallelGateway"),
        at="g_t0",
        severity="warning",
    ),
    *(
        Pair("no-default", split(*bad), split(*good), at="g", severity="warning")
        for bad, good in [
            (("${x}", "${y}"), ("${x}", "${!x}")),
            (("${x==1}", "${x==2}"), ("${x==1}", "${x!=1}")),
            (("${x>1}", "${x<1}"), ("${x>1}", "${x<=1}")),
            (("${x==true}", "${y==false}"), ("${x==true}", "${x==false}")),
            (("${x=='a'}", "${x=='b'}"), ("${x=='a'}", "#{x!='a'}")),
            (("${x&&y}", "${!x}"), ("${x&&y}", "${!(x&&y)}")),
        ]
    ),
    Pair(
        "event-gateway-target",
        GATEWAY_WAITS.format(kind="userTask", inside=""),
        GATEWAY_WAITS.format(kind="receiveTask", inside=""),
    ),
    Pair(
        "event-gateway-target",
        GATEWAY_WAITS.format(kind="intermediateThrowEvent", inside=""),
        GATEWAY_WAITS.format(kind="intermediateCatchEvent", inside=TIMER),
    ),
    # events
    Pair("boundary-event", bound(""), bound(TIMER)),
    Pair(
        "boundary-event",
        bound(TIMER).replace('attachedToRef="h"', 'attachedToRef="s"'),
        bound(TIMER),
    ),
    Pair(
        "boundary-event",
        bound(TIMER).replace('attachedToRef="h"', 'attachedToRef="gone"'),
        bound(TIMER),
    ),
    Pair("event-place", caught(""), caught(TIMER)),
    Pair("event-place", ended(TIMER), ended("<terminateEventDefinition/>")),
    Pair(
        "event-place",
        '<startEvent id="a"><errorEventDefinition errorRef="er"/></startEvent>',
        handled(
            '<startEvent id="i"><errorEventDefinition errorRef="er"/></startEvent>'
        ),
    ),
    Pair(
        "event-place",
        bound('<errorEventDefinition errorRef="er"/>', 'cancelActivity="false"'),
        bound(
            '<escalationEventDefinition escalationRef="es"/>', 'cancelActivity="false"'
        ),
    ),
    Pair(
        "event-reference",
        caught("<messageEventDefinition/>"),
        caught('<messageEventDefinition messageRef="m"/>'),
    ),
    Pair(
        "event-reference",
        ended("<signalEventDefinition/>"),
        ended('<signalEventDefinition signalRef="g"/>'),
    ),
    Pair(
        "event-reference",
        ended("<errorEventDefinition/>"),
        ended('<errorEventDefinition errorRef="er"/>'),
    ),
    Pair(
        "event-reference",
        ended("<messageEventDefinition/>"),
        ended('<messageEventDefinition messageRef="m"/>'),
        severity="warning",
    ),
    Pair(
        "cancel-outside-transaction",
        inner('<task id="i"/><endEvent id="j"><cancelEventDefinition/></endEvent>'),
        inner(
            '<task id="i"/><endEvent id="j"><cancelEventDefinition/></endEvent>',
            kind="transaction",
        ),
        at="j",
    ),
    Pair(
        "cancel-outside-transaction",
        bound("<cancelEventDefinition/>"),
        bound("<cancelEventDefinition/>", host="transaction"),
    ),
    Pair("compensation", bound("<compensateEventDefinition/>"), bound(TIMER)),
    Pair("compensation", ended("<compensateEventDefinition/>"), ended("")),
    Pair("compensation", task('isForCompensation="true"'), task()),
    # activities
    Pair(
        "script-task",
        in_line('<scriptTask id="a"><script>1</script></scriptTask>'),
        service('camunda:delegateExpression="${f}"'),
    ),
    Pair(
        "ad-hoc",
        inner('<task id="i"/>', kind="adHocSubProcess"),
        inner('<task id="i"/>'),
    ),
    Pair(
        "multi-instance",
        task(inside="<multiInstanceLoopCharacteristics/>"),
        task(
            inside='<multiInstanceLoopCharacteristics camunda:collection="units"/>',
        ),
    ),
    Pair(
        "multi-instance",
        task(inside="<standardLoopCharacteristics/>"),
        task(inside='<standardLoopCharacteristics loopMaximum="3"/>'),
    ),
    Pair(
        "handler",
        service('camunda:delegateExpression="${gone}"'),
        service('camunda:delegateExpression="${f}"'),
        known={"handlers": {"f"}},
    ),
    Pair("handler", service(""), service('camunda:expression="${x}"')),
    Pair(
        "handler",
        service('camunda:delegateExpression="${a.b()}"'),
        service('camunda:delegateExpression="#{ f }"'),
    ),
    Pair(
        "handler",
        service('camunda:type="external"'),
        service('camunda:type="external" camunda:topic="mail"'),
    ),
    Pair(
        "handler",
        in_line('<sendTask id="a"/>'),
        in_line('<sendTask id="a" messageRef="m"/>'),
    ),
    Pair(
        "handler",
        task(
            inside='<extensionElements><camunda:taskListener event="create"'
            ' delegateExpression="${gone}"/></extensionElements>'
        ),
        task(
            inside='<extensionElements><camunda:taskListener event="create"'
            ' delegateExpression="${f}"/></extensionElements>'
        ),
        known={"handlers": {"f"}},
    ),
    Pair(
        "form",
        task('camunda:formRef="gone"'),
        task('camunda:formRef="ticket"'),
        known={"forms": {"ticket"}},
    ),
    Pair(
        "form",
        task('camunda:formKey="gone"'),
        task('camunda:formKey="ticket.form"'),
        known={"forms": {"ticket"}},
    ),
    Pair(
        "form-key",
        task('camunda:formKey="embedded:app:forms/a.html"'),
        task('camunda:formKey="ticket"'),
        severity="warning",
    ),
    Pair(
        "decision",
        in_line('<businessRuleTask id="a" camunda:decisionRef="gone"/>'),
        in_line('<businessRuleTask id="a" camunda:decisionRef="ladder"/>'),
        known={"decisions": ["ladder"]},
    ),
    Pair(
        "decision",
        in_line('<businessRuleTask id="a"/>'),
        in_line('<businessRuleTask id="a" camunda:delegateExpression="${f}"/>'),
    ),
    Pair(
        "callee",
        call('calledElement="gone"'),
        call('calledElement="review"'),
        known={"callees": {"review"}},
    ),
    Pair(
        "callee",
        call('calledElement="gone"'),
        call('calledElement="${which}"'),
        known={"callees": {"review"}},
    ),
    Pair("callee", call(""), call('calledElement="x"')),
    Pair(
        "callee",
        call('calledElement="x" camunda:calledElementBinding="version"'),
        call(
            'calledElement="x" camunda:calledElementBinding="version"'
            ' camunda:calledElementVersion="2"'
        ),
    ),
    Pair("unassigned-task", task(""), task(), severity="warning"),
    Pair(
        "unassigned-task",
        task(""),
        '<laneSet id="l"><lane id="l1" name="督查室"><flowNodeRef>a</flowNodeRef>'
        "</lane></laneSet>" + task(""),
        severity="warning",
    ),
    Pair("unnamed-task", in_line('<userTask id="a"/>'), task(), severity="warning"),
    # words
    Pair("expression", split("${x", "", default="g_t1"), split(""), at="g_t0"),
    Pair(
        "expression",
        split("x==1", "", default="g_t1"),
        split("${x==1}", "", default="g_t1"),
        at="g_t0",
    ),
    Pair(
        "expression",
        split("${x.__class__}", "", default="g_t1"),
        split("${x.klass}", "", default="g_t1"),
        at="g_t0",
    ),
    Pair(
        "expression",
        task('camunda:assignee="${gone(x)}"'),
        task('camunda:assignee="${head_of(x)}"'),
        known={"functions": {"head_of"}},
    ),
    Pair("expression", call('calledElement="${x("'), call('calledElement="${x}"')),
    Pair(
        "expression",
        task(
            inside="<multiInstanceLoopCharacteristics><loopCardinality>3"
            "</loopCardinality><completionCondition>done</completionCondition>"
            "</multiInstanceLoopCharacteristics>"
        ),
        task(
            inside="<multiInstanceLoopCharacteristics><loopCardinality>3"
            "</loopCardinality><completionCondition>${done}</completionCondition>"
            "</multiInstanceLoopCharacteristics>"
        ),
    ),
    Pair(
        "expression",
        caught("<conditionalEventDefinition><condition/></conditionalEventDefinition>"),
        caught(
            "<conditionalEventDefinition><condition>${x}</condition>"
            "</conditionalEventDefinition>"
        ),
    ),
    Pair("timer", waiting("P999999Y"), waiting("P9Y")),
    Pair("timer", waiting("-P1D"), waiting("P1D")),
    Pair("timer", waiting("three days"), waiting("${workdays(3)}")),
    Pair("timer", waiting("P"), waiting("PT1H")),
    Pair("timer", caught("<timerEventDefinition/>"), caught(TIMER)),
    Pair("timer", waiting("R0/P1D", "timeCycle"), waiting("R3/P1D", "timeCycle")),
    Pair(
        "timer", waiting("61 * * * *", "timeCycle"), waiting("0 9 * * *", "timeCycle")
    ),
    Pair(
        "timer",
        waiting("2026-02-30T09:00:00+08:00", "timeDate"),
        waiting("2026-02-28T09:00:00+08:00", "timeDate"),
    ),
    Pair("timer", tried("R/PT10M"), tried("R3/PT10M")),
    Pair("timer", tried("R3"), tried("PT1M, PT1H")),
    Pair(
        "naive-date",
        waiting("2026-02-28T09:00:00", "timeDate"),
        waiting("2026-02-28T09:00:00+08:00", "timeDate"),
    ),
]
