"""What is no safe diagram is refused; what cannot be run as drawn is a finding."""

import hypothesis
import pytest
from hypothesis import strategies

from engine import errors
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import parsing
from engine.bpmn.diagrams import reading
from tests.engine.bpmn.drawings import arrows
from tests.engine.bpmn.drawings import drawing
from tests.engine.bpmn.drawings import in_line
from tests.engine.bpmn.drawings import read

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    b'<!ENTITY lol1 "&lol;&lol;&lol;&lol;">]><definitions>&lol1;</definitions>'
)
XXE = (
    b'<?xml version="1.0"?>\n<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<definitions>&x;</definitions>"
)
#: one of nearly everything, to be damaged
WHOLE = drawing(
    in_line('<userTask id="a" name="办理" camunda:formRef="f"/>')
    + '<boundaryEvent id="b" attachedToRef="a"><timerEventDefinition><timeDuration>P1D'
    '</timeDuration></timerEventDefinition></boundaryEvent><exclusiveGateway id="g"'
    ' default="g_h"/><subProcess id="h"><task id="i"/></subProcess>'
    '<callActivity id="c" calledElement="x"><extensionElements><camunda:in source="y"'
    ' target="z"/></extensionElements><multiInstanceLoopCharacteristics'
    ' camunda:collection="units"/></callActivity>'
    '<intermediateThrowEvent id="l"><linkEventDefinition name="k"/>'
    '</intermediateThrowEvent><intermediateCatchEvent id="m"><linkEventDefinition'
    ' name="k"/></intermediateCatchEvent>'
    + arrows("b>g g>h g>c|${x==1} c>l m>end h>end")
)
ORDINARY = drawing(in_line('<userTask id="a" name="办理"/>'))


# -- files that are refused -----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "空的"),
        (b" \n ", "空的"),
        (BOMB, "DOCTYPE"),
        (XXE, "DOCTYPE"),
        (b'<!ENTITY x "y"><definitions/>', "DOCTYPE"),
        (ORDINARY.decode().encode("utf-16"), "UTF-8"),
        (ORDINARY.decode().encode("utf-16-le"), "UTF-8"),
        (ORDINARY.replace(b"UTF-8", b"UTF-7"), "UTF-7"),
        (ORDINARY.replace(b"UTF-8", b"EBCDIC-CP-US"), "EBCDIC"),
        (ORDINARY.replace("办".encode(), b"\xff"), "UTF-8"),
        (ORDINARY + b" " * (3 * 1024 * 1024), "2 MB"),
        (drawing("<task/>" * parsing.MOST_ELEMENTS), "超过 20000 个"),
        (ORDINARY[: len(ORDINARY) // 2], "XML"),
        (b"<html><body>not a diagram</body></html>", "html"),
        (b"<definitions/>", "definitions"),
        (b"plain text", "XML"),
        (b'{"json": true}', "XML"),
        (ORDINARY.replace(b"<userTask", b"<userTask &x;"), "XML"),
        (ORDINARY.replace(b'name="', b'documentation="&x;" name="'), "XML"),
    ],
)
def test_a_file_that_is_no_safe_diagram_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(parsing.UnreadableDiagram, match=reason) as refusal:
        reading.read_diagram(content, name="a.bpmn")
    assert isinstance(refusal.value, errors.Refused)
    assert "文件“a.bpmn”" in refusal.value.message
    assert "error" == refusal.value.problem.severity


def test_a_refusal_says_line_and_column() -> None:
    with pytest.raises(parsing.UnreadableDiagram) as refusal:
        reading.read_diagram(XXE)
    assert (2, 1) == (refusal.value.ids["line"], refusal.value.ids["column"])
    assert refusal.value.message.startswith("第 2 行第 1 列：")


@pytest.mark.parametrize("depth", [150, 250, 5000])
def test_nesting_beyond_two_hundred_is_refused(depth: int) -> None:
    opened = "".join(f'<subProcess id="s{i}">' for i in range(depth))
    content = drawing(opened + "</subProcess>" * depth)
    if depth < parsing.DEEPEST:
        assert depth == len(reading.read_diagram(content).processes[0].elements)
        return
    with pytest.raises(parsing.UnreadableDiagram, match="嵌套超过 200 层"):
        reading.read_diagram(content)


def test_gb18030_is_read() -> None:
    text = ORDINARY.decode().replace("UTF-8", "GB18030")
    assert "办理" == read(text.encode("gb18030")).elements["a"].name


def test_a_byte_order_mark_is_read_over() -> None:
    assert "办理" == read(b"\xef\xbb\xbf" + ORDINARY).elements["a"].name


def test_a_comment_cuts_no_text() -> None:
    content = drawing(
        in_line(
            '<task id="a"><documentation>前<!--c-->后<?x y?>尾</documentation></task>'
        )
    )
    assert "前后尾" == read(content).elements["a"].documentation


# -- findings of reading --------------------------------------------------------

ESCALATING = (
    '<endEvent id="end"><escalationEventDefinition escalationRef="gone"/></endEvent>'
)


@pytest.mark.parametrize(
    ("rule", "severity", "content"),
    [
        ("xsd", "error", drawing('<userTask id="a" colour="red"/>')),
        ("xsd", "error", drawing("<sequenceFlow id='f' sourceRef='a'/><task id='a'/>")),
        ("xsd", "error", drawing('<task id="../etc"/>')),
        (
            "xsd",
            "warning",
            ORDINARY.replace(b'targetNamespace="http://example.org/p"', b""),
        ),
        ("no-process", "error", drawing("")),
        ("not-executable", "warning", ORDINARY.replace(b'"true"', b'"false"')),
        ("bad-id", "error", drawing('<task id="../etc"/>')),
        ("bad-id", "error", drawing("<task id='a&quot;&lt;script&gt;'/>")),
        ("bad-id", "error", drawing('<task id="a">x</task>').replace(b'"p"', b'"%p"')),
        ("duplicate-id", "error", drawing('<task id="a"/><userTask id="a"/>')),
        ("duplicate-id", "error", drawing('<task id="p"/>')),
        (
            "unresolved-reference",
            "error",
            drawing('<task id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="x"/>'),
        ),
        (
            "unresolved-reference",
            "error",
            drawing(in_line('<receiveTask id="a" messageRef="gone"/>')),
        ),
        ("unresolved-reference", "warning", drawing(ESCALATING)),
        (
            "unsupported-element",
            "error",
            drawing(
                '<task id="a"/><callChoreography id="c" initiatingParticipantRef='
                '"x"><participantRef>x</participantRef></callChoreography>'
            ),
        ),
        ("unsupported-attribute", "error", drawing('<task id="a" startQuantity="2"/>')),
        (
            "unsupported-attribute",
            "error",
            drawing(in_line('<receiveTask id="a" instantiate="true"/>')),
        ),
        (
            "data-ignored",
            "warning",
            drawing('<task id="a"/><dataObject id="d" name="材料"/>'),
        ),
        (
            "multiple-event-definitions",
            "error",
            drawing(
                '<startEvent id="s"><signalEventDefinition/><messageEventDefinition/>'
                "</startEvent>"
            ),
        ),
        (
            "link-events",
            "error",
            drawing(
                in_line(
                    '<intermediateThrowEvent id="a"><linkEventDefinition name="甲"/>'
                    "</intermediateThrowEvent>"
                )
            ),
        ),
        (
            "handler",
            "error",
            drawing(
                '<userTask id="a"><extensionElements><camunda:taskListener'
                ' event="create"/></extensionElements></userTask>'
            ),
        ),
        ("unknown-extension", "warning", drawing('<task id="a" camunda:colour="x"/>')),
        (
            "misplaced-extension",
            "warning",
            drawing('<task id="a" camunda:assignee="x"/>'),
        ),
    ],
)
def test_what_cannot_be_read_is_a_finding(
    rule: str, severity: str, content: bytes
) -> None:
    found = reading.read_diagram(content).problems
    assert severity in {problem.severity for problem in found if problem.rule == rule}
    assert [] == [p for p in reading.read_diagram(ORDINARY).problems if p.rule == rule]


def listening(attributes: str, inside: str = "") -> str:
    return (
        '<userTask id="a"><extensionElements>'
        f"<camunda:taskListener {attributes}>{inside}</camunda:taskListener>"
        "</extensionElements></userTask>"
    )


@pytest.mark.parametrize(
    ("element", "named"),
    [
        ('<serviceTask id="a" camunda:class="os.system"/>', "class"),
        ('<serviceTask id="a" activiti:class="os.system"/>', "class"),
        ('<userTask id="a" operaton:expression="${x}"/>', "expression"),
        ('<serviceTask id="a" flowable:type="mail"/>', "type"),
        ('<serviceTask id="a" flowable:type="shell"/>', "type"),
        ('<userTask id="a" flowable:skipExpression="${x}"/>', "skipExpression"),
        ('<callActivity id="a" camunda:caseRef="x"/>', "caseRef"),
        (
            '<serviceTask id="a"><extensionElements><camunda:connector/>'
            "</extensionElements></serviceTask>",
            "connector",
        ),
        (
            '<serviceTask id="a"><extensionElements><activiti:field name="x"/>'
            "</extensionElements></serviceTask>",
            "field",
        ),
        (
            '<serviceTask id="a"><extensionElements><zeebe:taskDefinition type="x"/>'
            "</extensionElements></serviceTask>",
            "zeebe:taskDefinition",
        ),
        (
            '<task id="a"><extensionElements><camunda:in source="x" target="y"/>'
            "</extensionElements></task>",
            "in",
        ),
        (
            '<callActivity id="a"><extensionElements><camunda:in source="x" target="y"'
            ' local="true"/></extensionElements></callActivity>',
            "local",
        ),
        (
            '<task id="a"><extensionElements><camunda:inputOutput>'
            '<camunda:inputParameter name="x"><camunda:script scriptFormat="groovy">1'
            "</camunda:script></camunda:inputParameter></camunda:inputOutput>"
            "</extensionElements></task>",
            "script",
        ),
        (
            '<intermediateCatchEvent id="a"><messageEventDefinition'
            ' camunda:delegateExpression="${x}"/></intermediateCatchEvent>',
            "delegateExpression",
        ),
        (listening('event="create" class="x.Y"'), "class"),
        (listening('event="create" expression="${x}"'), "expression"),
        (
            '<task id="a"><extensionElements><camunda:executionListener event="start"'
            ' delegateExpression="${x}"/></extensionElements></task>',
            "executionListener",
        ),
        (listening('event="timeout" delegateExpression="${x}"'), "event"),
        (listening('event="create"', "<camunda:script>1</camunda:script>"), "script"),
        (
            '<task id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="a">'
            '<conditionExpression camunda:resource="x.py"/></sequenceFlow>',
            "resource",
        ),
    ],
)
def test_an_extension_we_do_not_do_is_an_error_by_name(
    element: str, named: str
) -> None:
    found = [
        problem
        for problem in reading.read_diagram(drawing(element)).problems
        if problem.rule == "vendor-extension"
    ]
    assert ["error"] == sorted({problem.severity for problem in found})
    assert any(f"“{named}”" in problem.message for problem in found)
    assert {"a", "f"} >= {problem.element_id for problem in found}


@pytest.mark.parametrize(
    "harmless",
    [
        'camunda:exclusive="false" camunda:jobPriority="5"',
        'camunda:modelerTemplate="x" camunda:modelerTemplateVersion="2"',
        'camunda:asyncBefore="true"',
        'zeebe:modelerTemplateIcon="data:"',
        'flowable:skipExpression="false"',
    ],
)
def test_a_harmless_extension_passes(harmless: str) -> None:
    content = drawing(in_line(f'<task id="a" {harmless}/>'))
    assert () == reading.read_diagram(content).problems


def test_a_sequence_flow_to_what_could_not_be_read_is_left_out() -> None:
    content = drawing('<task id="a"/><task id="1b"/>' + arrows("a>1b 1b>a"))
    found = reading.read_diagram(content)
    (process,) = found.processes
    assert {} == process.sequence_flows
    assert ((), ()) == (process.elements["a"].incoming, process.elements["a"].outgoing)
    assert {"bad-id", "unresolved-reference"} <= {p.rule for p in found.problems}


def test_the_file_to_be_damaged_is_whole() -> None:
    assert {"a", "b", "g", "h", "c", "l", "m"} < set(read(WHOLE).elements)


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    place=strategies.integers(0, len(WHOLE) - 1),
    length=strategies.integers(0, 40),
    instead=strategies.one_of(
        strategies.binary(max_size=3),
        strategies.sampled_from([b'"a"', b'"g"', b"<task/>", b'id="h"', b"</process>"]),
    ),
)
def test_a_damaged_file_is_refused_or_judged_but_never_breaks_the_reader(
    place: int, length: int, instead: bytes
) -> None:
    damaged = WHOLE[:place] + instead + WHOLE[place + length :]
    try:
        found = reading.read_diagram(damaged)
    except parsing.UnreadableDiagram as refusal:
        assert refusal.problem.message == refusal.message
        return
    for process in found.processes:
        for problem in linter.lint(process, handlers=(), forms=(), callees=()):
            assert problem.rule in linter.RULES
