"""What stock SpiffWorkflow 3.2.0 does wrong: one diagram and one story for each.

The numbers are those of the engine notes (§0 the verdict, §1 the elements, §4 storing).
`wrong` is what stock makes of the story, `right` what BPMN 2.0 says; an error is told
by the name of its class, a refusal at deployment by its rule.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from itertools import pairwise
from typing import Protocol


class Player(Protocol):
    """An engine that plays the story of a defect: stock's or ours."""

    tasks: list[str]
    ended: bool
    told: list[str]

    def complete(self, element_id: str, **variables: object) -> None: ...
    def send(self, name: str) -> None: ...
    def signal(self, name: str) -> None: ...
    def fail(self, element_id: str, code: str) -> None: ...
    def days(self, number: int) -> None: ...
    def restart(self) -> None: ...
    def store_sorted(self) -> None: ...
    def another(self) -> None: ...
    def seen_at(self, element_id: str) -> Mapping[str, object]: ...
    def seen_in_call(self, element_id: str) -> Mapping[str, object]: ...


@dataclass(frozen=True)
class Defect:
    """A diagram, a story on it, and what the two engines make of it."""

    source: str
    title: str
    body: str
    story: Callable[[Player], object]
    wrong: object
    right: object
    given: Mapping[str, object] = field(default_factory=dict)


def flow(source: str, target: str, condition: str = "") -> str:
    says = f"<conditionExpression>{condition}</conditionExpression>"
    return (
        f'<sequenceFlow id="{source}_{target}" sourceRef="{source}"'
        f' targetRef="{target}">{says if condition else ""}</sequenceFlow>'
    )


def task(element_id: str, more: str = "") -> str:
    return (
        f'<userTask id="{element_id}" name="{element_id}"'
        f' camunda:assignee="x">{more}</userTask>'
    )


def line(*elements: str, prefix: str = "") -> str:
    """Return elements one after the other, with a start and an end."""
    start, end = f"{prefix}start", f"{prefix}end"
    ids = [start, *(e.split('id="')[1].split('"')[0] for e in elements), end]
    flows = "".join(flow(*pair) for pair in pairwise(ids))
    drawn = "".join(elements)
    return f'<startEvent id="{start}"/>{drawn}<endEvent id="{end}"/>{flows}'


def timer(kind: str, text: str) -> str:
    return (
        f"<timerEventDefinition><time{kind}>{text}</time{kind}></timerEventDefinition>"
    )


def boundary(host: str, event: str, more: str = "") -> str:
    """Return a boundary event that leads to the task `then`."""
    return (
        f'<boundaryEvent id="b" attachedToRef="{host}" {more}>{event}</boundaryEvent>'
        f'{task("then")}<endEvent id="late"/>{flow("b", "then")}{flow("then", "late")}'
    )


def event_sub_process(event: str) -> str:
    """Return an interrupting event sub-process with the task `handle`."""
    return (
        '<subProcess id="h" triggeredByEvent="true">'
        f'<startEvent id="hstart">{event}</startEvent>{task("handle")}'
        f'<endEvent id="hend"/>{flow("hstart", "handle")}{flow("handle", "hend")}'
        "</subProcess>"
    )


def catch(element_id: str, event: str) -> str:
    return f'<intermediateCatchEvent id="{element_id}">{event}</intermediateCatchEvent>'


def fork(*branches: str) -> str:
    """Return a parallel fork to elements, each of which ends."""
    ids = [b.split('id="')[1].split('"')[0] for b in branches]
    return (
        '<startEvent id="start"/><parallelGateway id="fork"/><endEvent id="end"/>'
        + flow("start", "fork")
        + "".join(branches)
        + "".join(flow("fork", one) + flow(one, "end") for one in ids)
    )


def choice(first: str, second: str = "", default: str = "") -> str:
    """Return an exclusive choice between the tasks `yes` and `no`."""
    return (
        f'<startEvent id="start"/><exclusiveGateway id="g" {default}/>{task("yes")}'
        f'{task("no")}<endEvent id="end"/>{flow("start", "g")}'
        f"{flow('g', 'yes', first)}{flow('g', 'no', second)}"
        f"{flow('yes', 'end')}{flow('no', 'end')}"
    )


MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="s"/>'
ERROR = '<errorEventDefinition errorRef="e"/>'
ESCALATION = '<escalationEventDefinition escalationRef="u"/>'
LINK = '<linkEventDefinition name="L"/>'
CONDITION = (
    "<conditionalEventDefinition><condition>${x == 1}</condition>"
    "</conditionalEventDefinition>"
)
ALSO = 'cancelActivity="false"'
TWICE = (
    "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>"
    "</multiInstanceLoopCharacteristics>"
)
IN_TURN = (
    '<multiInstanceLoopCharacteristics isSequential="true">'
    '<loopDataInputRef>units</loopDataInputRef><inputDataItem id="unit" name="unit"/>'
    "</multiInstanceLoopCharacteristics>"
)
EVERY_UNIT = (
    '<multiInstanceLoopCharacteristics camunda:collection="units"'
    ' camunda:elementVariable="unit"/>'
)
FIRST_OF_THREE = (
    "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>"
    "<completionCondition>${nrOfCompletedInstances == 1}</completionCondition>"
    "</multiInstanceLoopCharacteristics>"
)
TEN = tuple(f"t{n}" for n in range(10))
SUB_PROCESSES = (
    f'<subProcess id="sub">{TWICE}{line(task("work"), prefix="s")}</subProcess>'
)
EXTERNAL = 'camunda:type="external" camunda:topic="t"'
TWO_CALLS = "".join(
    f'<serviceTask id="x{n}" {EXTERNAL}/>'
    f'<boundaryEvent id="b{n}" attachedToRef="x{n}">{ERROR}</boundaryEvent>'
    f"{task(f'v{n}')}{flow(f'b{n}', f'v{n}')}{flow(f'v{n}', 'end')}"
    for n in (1, 2)
)


def waits(player: Player) -> object:
    return player.tasks, player.ended


def completes_work(player: Player) -> object:
    player.complete("work")
    return waits(player)


def completes_both(player: Player) -> object:
    player.complete("work")
    player.complete("work")
    return waits(player)


def goes_round_500_times(player: Player) -> object:
    for _ in range(500):
        player.complete("work", accepted=False)
    return waits(player)


def restarts_and_completes_both(player: Player) -> object:
    player.restart()
    return completes_both(player)


def two_days_pass(player: Player) -> object:
    player.days(2)
    return waits(player)


def two_days_pass_one_by_one(player: Player) -> object:
    player.days(1)
    player.days(1)
    return waits(player)


def two_days_pass_and_work_is_completed(player: Player) -> object:
    player.days(1)
    player.days(1)
    player.complete("work")
    return waits(player)


def hears_the_message(player: Player) -> object:
    player.send("receipt")
    return waits(player)


def hears_the_message_three_times(player: Player) -> object:
    for _ in range(3):
        player.send("receipt")
    return player.tasks


def another_one_after_the_message(player: Player) -> object:
    player.send("receipt")
    player.another()
    return completes_work(player)


def tells(player: Player) -> object:
    return player.told


def work_sets_x(player: Player) -> object:
    player.complete("work", x=1)
    return player.tasks


def the_first_fails(player: Player) -> object:
    player.fail("x1", "E1")
    return player.tasks


def is_stored_with_sorted_keys(player: Player) -> object:
    # Ten tasks: their random ids never happen to be in order.
    player.complete("work", number=7)
    for element_id in TEN:
        player.complete(element_id)
    player.store_sorted()
    return player.seen_at("v").get("number")


def sees_in_the_called_process(player: Player) -> object:
    return sorted(player.seen_in_call("inner"))


def rounds_say_something(player: Player) -> object:
    player.complete("work", note="first", unit="changed")
    player.complete("work", note="second")
    seen = player.seen_at("v")
    return seen["units"] == ["a", "b"], seen.get("note")


DEFECTS = (
    Defect(
        "§0.1",
        "a loop of rework dies after 500 rounds, and calls itself complete",
        f'<startEvent id="start"/>{task("work")}<endEvent id="end"/>'
        '<exclusiveGateway id="g" default="g_work"/>'
        f"{flow('start', 'work')}{flow('work', 'g')}{flow('g', 'work')}"
        f"{flow('g', 'end', '${accepted}')}",
        goes_round_500_times,
        wrong=([], True),
        right=(["work"], False),
    ),
    Defect(
        "§0.2",
        "a multi-instance hangs when its definition was read anew",
        line(task("work", TWICE)),
        restarts_and_completes_both,
        wrong=([], False),
        right=([], True),
    ),
    Defect(
        "§0.3",
        "interrupting a multi-instance sub-process crashes",
        line(SUB_PROCESSES) + boundary("sub", timer("Duration", "P1D")),
        two_days_pass,
        wrong="TaskNotFoundException",
        right=(["then"], False),
    ),
    Defect(
        "§0.4",
        "an interrupting event sub-process interrupts nothing",
        line(task("work")) + event_sub_process(MESSAGE),
        hears_the_message,
        wrong=(["handle", "work"], False),
        right=(["handle"], False),
    ),
    Defect(
        "§0.4",
        "an error event sub-process runs at the start",
        line(task("work")) + event_sub_process(ERROR),
        waits,
        wrong=(["handle", "work"], False),
        right=(["work"], False),
    ),
    Defect(
        "§0.4",
        "an escalation event sub-process runs at the start",
        line(task("work")) + event_sub_process(ESCALATION),
        waits,
        wrong=(["handle", "work"], False),
        right=(["work"], False),
    ),
    Defect(
        "§0.4",
        "a conditional event sub-process never hears of a change",
        fork(task("work"), task("other")) + event_sub_process(CONDITION),
        work_sets_x,
        wrong=["other"],
        right=["handle"],
        given={"x": 0},
    ),
    Defect(
        "§0.4",
        "a timer event sub-process that never fires keeps the instance",
        line(task("work")) + event_sub_process(timer("Duration", "P1D")),
        completes_work,
        wrong=([], False),
        right=([], True),
    ),
    Defect(
        "§0.4",
        "an event sub-process that fired changes the next instances",
        line(task("work")) + event_sub_process(MESSAGE),
        another_one_after_the_message,
        wrong=([], False),
        right=([], True),
    ),
    Defect(
        "§0.5",
        "what a cycle timer began is lost when its task completes",
        line(task("work")) + boundary("work", timer("Cycle", "R/P1D"), ALSO),
        two_days_pass_and_work_is_completed,
        wrong=([], True),
        right=(["then", "then"], False),
    ),
    Defect(
        "§0.5",
        "an interrupting cycle timer does not interrupt",
        line(task("work")) + boundary("work", timer("Cycle", "R/P1D")),
        two_days_pass,
        wrong=(["then", "work"], False),
        right=(["then"], False),
    ),
    Defect(
        "§0.6",
        "a condition is Python that reaches the machine",
        choice("${__import__('os').getpid() &gt; 0}", default='default="g_no"'),
        waits,
        wrong=(["yes"], False),
        right="refused: expression",
    ),
    Defect(
        "§0",
        "a link throw swallows the token",
        f'<startEvent id="start"/><intermediateThrowEvent id="t">{LINK}'
        f'</intermediateThrowEvent>{catch("c", LINK)}{task("work")}<endEvent id="end"/>'
        f"{flow('start', 't')}{flow('c', 'work')}{flow('work', 'end')}",
        waits,
        wrong=([], True),
        right=(["work"], False),
    ),
    Defect(
        "§0",
        "a signal end event tells nobody",
        f'<startEvent id="start"/><endEvent id="end">{SIGNAL}</endEvent>'
        f"{flow('start', 'end')}",
        tells,
        wrong=[],
        right=["alarm"],
    ),
    Defect(
        "§0",
        "compensation is passed over",
        line(
            '<intermediateThrowEvent id="t"><compensateEventDefinition/>'
            "</intermediateThrowEvent>"
        ),
        waits,
        wrong=([], True),
        right="refused: compensation",
    ),
    Defect(
        "§0",
        "a condition on the only sequence flow out of a task is passed over",
        f'<startEvent id="start"/>{task("work")}{task("v")}<endEvent id="end"/>'
        f"{flow('start', 'work')}{flow('work', 'v', '${agreed}')}{flow('v', 'end')}",
        completes_work,
        wrong=(["v"], False),
        right=([], False),
        given={"agreed": False},
    ),
    Defect(
        "§0",
        "a conditional event does not see what another branch sets",
        f'<startEvent id="start"/><parallelGateway id="fork"/>{task("work")}{task("v")}'
        f'{catch("c", CONDITION)}<endEvent id="end"/>{flow("start", "fork")}'
        f"{flow('fork', 'work')}{flow('fork', 'c')}{flow('c', 'v')}{flow('v', 'end')}"
        f"{flow('work', 'end')}",
        work_sets_x,
        wrong=[],
        right=["v"],
        given={"x": 0},
    ),
    Defect(
        "§1 task",
        "a task that nobody does waits for somebody",
        line('<task id="t"/>'),
        waits,
        wrong=(["t"], False),
        right=([], True),
    ),
    Defect(
        "§1 service task",
        "an expression is dropped, and the task waits for ever",
        line(
            '<serviceTask id="t" camunda:expression="${1 + 1}"'
            ' camunda:resultVariable="n"/>'
        ),
        waits,
        wrong=([], False),
        right=([], True),
    ),
    Defect(
        "§1 receive task",
        "without a message it passes",
        line('<receiveTask id="t"/>', task("work")),
        waits,
        wrong=(["work"], False),
        right=([], False),
    ),
    Defect(
        "§1 call activity",
        "a callee that an expression names is not found",
        line('<callActivity id="t" calledElement="${callee}"/>'),
        waits,
        wrong="ValidationException",
        right=([], False),
        given={"callee": "p"},
    ),
    Defect(
        "§1 call activity",
        "the called process sees everything, whatever is mapped",
        line(
            '<callActivity id="t" calledElement="q"><extensionElements>'
            '<camunda:in source="a" target="a"/></extensionElements></callActivity>'
        )
        + '</process><process id="q" isExecutable="true">'
        + line(task("inner"), prefix="q"),
        sees_in_the_called_process,
        wrong=["a", "secret"],
        right=["a"],
        given={"a": 1, "secret": 2},
    ),
    Defect(
        "§1 sub-process",
        "a sub-process without start and end events is refused",
        line(f'<subProcess id="sub">{task("work")}</subProcess>'),
        waits,
        wrong="ValidationException",
        right=(["work"], False),
    ),
    Defect(
        "§1 exclusive gateway",
        "an undefined variable breaks the instance instead of waiting for it",
        choice("${nothing == 1}", default='default="g_no"'),
        waits,
        wrong="WorkflowTaskException",
        right=([], False),
    ),
    Defect(
        "§1 exclusive gateway",
        "without a branch that holds the instance breaks half-way",
        choice("${x == 1}", "${x == 2}"),
        waits,
        wrong="WorkflowException",
        right=([], False),
        given={"x": 3},
    ),
    Defect(
        "§1 event-based gateway",
        "two timers share the moment of one",
        f'<startEvent id="start"/><eventBasedGateway id="g"/>{task("one")}'
        f"{catch('t5', timer('Duration', 'P5D'))}"
        f'{catch("t1", timer("Duration", "P1D"))}{task("five")}<endEvent id="end"/>'
        f"{flow('start', 'g')}{flow('g', 't5')}{flow('g', 't1')}{flow('t5', 'five')}"
        f"{flow('t1', 'one')}{flow('five', 'end')}{flow('one', 'end')}",
        two_days_pass,
        wrong=([], False),
        right=(["one"], False),
    ),
    Defect(
        "§1 task",
        "two sequence flows out of a task are refused",
        f'<startEvent id="start"/>{task("work")}{task("v")}{task("w")}'
        f'<endEvent id="end"/>{flow("start", "work")}{flow("work", "v")}'
        f"{flow('work', 'w')}{flow('v', 'end')}{flow('w', 'end')}",
        completes_work,
        wrong="ValidationException",
        right=(["v", "w"], False),
    ),
    Defect(
        "§1 timer",
        "a cron line is a crash",
        line(task("work")) + boundary("work", timer("Cycle", "0 0 9 * * ?"), ALSO),
        two_days_pass_one_by_one,
        wrong="ValueError",
        right=(["then", "then", "work"], False),
    ),
    Defect(
        "§1 message boundary",
        "one that does not interrupt hears one message only",
        line(task("work")) + boundary("work", MESSAGE, ALSO),
        hears_the_message_three_times,
        wrong=["then", "work"],
        right=["then", "then", "then", "work"],
    ),
    Defect(
        "§1 error",
        "an error is caught by every element that could",
        '<startEvent id="start"/><parallelGateway id="fork"/><endEvent id="end"/>'
        f"{flow('start', 'fork')}{TWO_CALLS}{flow('fork', 'x1')}{flow('fork', 'x2')}"
        f"{flow('x1', 'end')}{flow('x2', 'end')}",
        the_first_fails,
        wrong=["v1", "v2"],
        right=["v1"],
    ),
    Defect(
        "§1 sequential multi-instance",
        "it crashes at its second round",
        line(task("work", IN_TURN)),
        completes_both,
        wrong="WorkflowDataException",
        right=([], True),
        given={"units": ["a", "b"]},
    ),
    Defect(
        "§1 multi-instance",
        "the counters of a completion condition are unknown",
        line(task("work", FIRST_OF_THREE)),
        completes_work,
        wrong="WorkflowTaskException",
        right=([], True),
    ),
    Defect(
        "§3 multi-instance",
        "a collection is overwritten, and what the rounds say is lost",
        line(task("work", EVERY_UNIT), task("v")),
        rounds_say_something,
        wrong=(False, None),
        right=(True, "second"),
        given={"units": ["a", "b"]},
    ),
    Defect(
        "§1 references",
        "a message that is not in the file is a TypeError, without the place",
        line('<receiveTask id="t" messageRef="nowhere"/>'),
        waits,
        wrong="ValidationException: TypeError",
        right="refused: unresolved-reference",
    ),
    Defect(
        "§4.3",
        "variables are lost when something sorts the keys of the state",
        line(task("work"), *(task(one) for one in TEN), task("v")),
        is_stored_with_sorted_keys,
        wrong=None,
        right=7,
    ),
)
