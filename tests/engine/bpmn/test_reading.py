"""What a diagram says is read whole."""

import json

import pytest

from engine.bpmn import model
from engine.bpmn.diagrams import reading
from tests.engine.bpmn.drawings import NAMESPACES
from tests.engine.bpmn.drawings import arrows
from tests.engine.bpmn.drawings import drawing
from tests.engine.bpmn.drawings import in_line
from tests.engine.bpmn.drawings import read


@pytest.mark.parametrize("vendor", ["camunda", "operaton", "flowable", "activiti"])
def test_the_words_of_the_family_are_read_alike(vendor: str) -> None:
    process = read(
        drawing(
            in_line(
                f'<userTask id="a" {vendor}:assignee="${{x}}" '
                f'{vendor}:candidateGroups="g1,g2" {vendor}:async="true">'
                '<multiInstanceLoopCharacteristics isSequential="true"'
                f' {vendor}:collection="units" {vendor}:elementVariable="unit">'
                "<completionCondition>${done}</completionCondition>"
                "</multiInstanceLoopCharacteristics></userTask>"
            )
        )
    )
    task = process.elements["a"]
    assert {
        "assignee": "${x}",
        "candidateGroups": "g1,g2",
        "asyncBefore": "true",
    } == dict(task.attributes)
    assert (
        model.Loop(
            kind="sequential",
            collection="${units}",
            element_variable="unit",
            completion_condition="${done}",
        )
        == task.loop
    )


def test_a_process_keeps_its_shape() -> None:
    process = read(
        drawing(
            '<documentation>说明</documentation><startEvent id="start"/>'
            '<subProcess id="sub" name="办理"><startEvent id="s"/><userTask id="t"/>'
            '<endEvent id="e"/>'
            + arrows("s>t t>e")
            + '</subProcess><endEvent id="end"/>'
            + arrows("start>sub sub>end"),
            process='name="热线" camunda:versionTag="v2" camunda:historyTimeToLive="1"',
        )
    )
    assert ("p", "热线", "v2", "说明") == (
        process.key,
        process.name,
        process.version_tag,
        process.documentation,
    )
    assert ("start", "sub", "end") == process.children
    sub = process.elements["sub"]
    assert ("s", "t", "e") == sub.children
    assert (("start_sub",), ("sub_end",)) == (sub.incoming, sub.outgoing)
    assert ("sub", "userTask") == (
        process.elements["t"].scope,
        process.elements["t"].kind,
    )
    assert {"s_t", "t_e", "start_sub", "sub_end"} == set(process.sequence_flows)


def test_conditions_are_trimmed_and_defaults_kept() -> None:
    process = read(
        drawing(
            '<startEvent id="start"/><exclusiveGateway id="g" default="g_b"/>'
            '<task id="a"/><task id="b"/>' + arrows("start>g g>a|${x==1} g>b")
        )
    )
    assert "${x==1}" == process.sequence_flows["g_a"].condition
    assert process.sequence_flows["g_b"].condition is None
    assert ("g_b", ("g_a", "g_b")) == (
        process.elements["g"].default,
        process.elements["g"].outgoing,
    )


def test_sequence_flows_and_sub_processes_without_id_get_one() -> None:
    process = read(
        drawing(
            '<startEvent id="s"/><task id="a"/><subProcess triggeredByEvent="true">'
            '<startEvent id="t"><timerEventDefinition><timeDuration>P1D</timeDuration>'
            "</timerEventDefinition></startEvent></subProcess>"
            '<sequenceFlow sourceRef="s" targetRef="a"/>'
            '<sequenceFlow sourceRef="s" targetRef="a"/>'
        )
    )
    assert ["flow:s:a", "flow:s:a:2"] == list(process.sequence_flows)
    (holder,) = (e for e in process.elements.values() if e.kind == "subProcess")
    assert holder.id.startswith("subProcess:")
    assert holder.id == process.elements["t"].scope


DECLARED = """
<message id="m" name="来件"/><signal id="g" name="全体"/>
<error id="er" name="退回" errorCode="NOT_OURS" camunda:errorMessage="不归本县"/>
<error id="plain" name="无码"/><escalation id="es" name="上报" escalationCode="UP"/>
"""


@pytest.mark.parametrize(
    ("definition", "event"),
    [
        ("", model.Event("none")),
        ('<messageEventDefinition messageRef="m"/>', model.Event("message", "来件")),
        (
            '<messageEventDefinition messageRef="camunda:m"/>',
            model.Event("message", "来件"),
        ),
        ('<signalEventDefinition signalRef="g"/>', model.Event("signal", "全体")),
        (
            '<errorEventDefinition errorRef="er" camunda:errorCodeVariable="c"/>',
            model.Event(
                "error",
                "退回",
                "NOT_OURS",
                attributes={"errorCodeVariable": "c", "errorMessage": "不归本县"},
            ),
        ),
        (
            '<errorEventDefinition errorRef="plain"/>',
            model.Event("error", "无码", "plain"),
        ),
        ('<errorEventDefinition errorRef="E1"/>', model.Event("error", "", "E1")),
        ("<errorEventDefinition/>", model.Event("error")),
        (
            '<escalationEventDefinition escalationRef="es"/>',
            model.Event("escalation", "上报", "UP"),
        ),
        (
            "<timerEventDefinition><timeCycle> R/P1D\n</timeCycle>"
            "</timerEventDefinition>",
            model.Event("timer", timer=model.Timer("cycle", "R/P1D")),
        ),
        ("<timerEventDefinition/>", model.Event("timer")),
        (
            '<conditionalEventDefinition camunda:variableName="x">'
            "<condition>${x > 1}</condition></conditionalEventDefinition>",
            model.Event(
                "conditional", condition="${x > 1}", attributes={"variableName": "x"}
            ),
        ),
        ("<cancelEventDefinition/>", model.Event("cancel")),
    ],
)
def test_an_event_says_what_it_waits_for(definition: str, event: model.Event) -> None:
    process = read(
        drawing(
            in_line('<userTask id="a"/>')
            + f'<boundaryEvent id="b" attachedToRef="a">{definition}</boundaryEvent>',
            around=DECLARED,
        )
    )
    assert event == process.elements["b"].event
    assert ("a", True) == (
        process.elements["b"].attached_to,
        process.elements["b"].interrupting,
    )


def test_events_say_whether_they_interrupt() -> None:
    timer = (
        "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
    )
    process = read(
        drawing(
            in_line('<userTask id="a"/>')
            + f'<boundaryEvent id="b" attachedToRef="a" cancelActivity="false">{timer}'
            '</boundaryEvent><subProcess id="h" triggeredByEvent="true">'
            f'<startEvent id="hs" isInterrupting="false">{timer}</startEvent>'
            "</subProcess>"
        )
    )
    assert not process.elements["b"].interrupting
    assert not process.elements["hs"].interrupting
    assert process.elements["h"].triggered_by_event


def test_the_innermost_lane_gives_the_role() -> None:
    process = read(
        drawing(
            """
            <laneSet id="ls"><lane id="l1" name="督查室">
             <flowNodeRef>a</flowNodeRef><flowNodeRef>b</flowNodeRef>
             <childLaneSet id="cl"><lane id="l2" name="副主任"><extensionElements>
              <camunda:properties><camunda:property name="role" value="go_deputy"/>
              </camunda:properties></extensionElements>
              <flowNodeRef>b</flowNodeRef><flowNodeRef>s</flowNodeRef></lane>
             </childLaneSet></lane></laneSet>
            <userTask id="a"/><userTask id="b"/><userTask id="c"/>
            <subProcess id="s"><userTask id="inner"/></subProcess>
            """
        )
    )
    lanes = {element.id: element.lane for element in process.elements.values()}
    assert {
        "a": "督查室",
        "b": "go_deputy",
        "c": None,
        "s": "go_deputy",
        "inner": "go_deputy",
    } == lanes


def test_loops_are_read_in_the_words_of_bpmn_too() -> None:
    process = read(
        drawing(
            """
            <userTask id="a"><multiInstanceLoopCharacteristics>
             <loopDataInputRef>units</loopDataInputRef><inputDataItem name="unit"/>
            </multiInstanceLoopCharacteristics></userTask>
            <userTask id="b"><multiInstanceLoopCharacteristics>
             <loopCardinality>3</loopCardinality>
            </multiInstanceLoopCharacteristics></userTask>
            <userTask id="c"><standardLoopCharacteristics testBefore="true"
             loopMaximum="4"><loopCondition>${again}</loopCondition>
            </standardLoopCharacteristics></userTask>
            """
        )
    )
    assert (
        model.Loop("parallel", collection="${units}", element_variable="unit")
        == process.elements["a"].loop
    )
    assert model.Loop("parallel", cardinality="3") == process.elements["b"].loop
    assert (
        model.Loop("standard", condition="${again}", maximum="4", test_before=True)
        == process.elements["c"].loop
    )


def test_a_call_says_what_it_gives_and_takes() -> None:
    process = read(
        drawing(
            """
            <callActivity id="a" calledElement="undertake"
             camunda:calledElementBinding="deployment"><extensionElements>
             <camunda:in businessKey="#{execution.processBusinessKey}"/>
             <camunda:in source="matter" target="matter"/>
             <camunda:in sourceExpression="${1 + 1}" target="n"/>
             <camunda:out variables="all"/></extensionElements></callActivity>
            <callActivity id="b" calledElement="x" flowable:inheritBusinessKey="true"
             flowable:inheritVariables="true"/>
            """
        )
    )
    call = process.elements["a"]
    key = model.Assignment(business_key="#{execution.processBusinessKey}")
    assert (
        key,
        model.Assignment("matter", source="matter"),
        model.Assignment("n", expression="${1 + 1}"),
    ) == call.call_in
    assert (model.Assignment(all_variables=True),) == call.call_out
    assert ("undertake", "deployment") == (
        call.called_element,
        call.attributes["calledElementBinding"],
    )
    assert (
        model.Assignment(business_key="${execution.processBusinessKey}"),
        model.Assignment(all_variables=True),
    ) == process.elements["b"].call_in


def test_parameters_may_be_text_lists_and_maps() -> None:
    process = read(
        drawing(
            """
            <task id="a"><extensionElements><camunda:inputOutput>
             <camunda:inputParameter name="t">${x}</camunda:inputParameter>
             <camunda:inputParameter name="l"><camunda:list>
              <camunda:value>1</camunda:value><camunda:value>${y}</camunda:value>
             </camunda:list></camunda:inputParameter>
             <camunda:outputParameter name="m"><camunda:map>
              <camunda:entry key="k">v</camunda:entry>
             </camunda:map></camunda:outputParameter>
            </camunda:inputOutput></extensionElements></task>
            """
        )
    )
    element = process.elements["a"]
    assert {"t": "${x}", "l": ("1", "${y}")} == {
        given.target: given.expression for given in element.inputs
    }
    assert [("m", {"k": "v"})] == [
        (taken.target, taken.expression) for taken in element.outputs
    ]


def test_listeners_name_handlers() -> None:
    process = read(
        drawing(
            """
            <userTask id="a"><extensionElements>
             <camunda:taskListener event="complete" delegateExpression="${record}">
              <camunda:field name="kind" stringValue="opinion"/>
             </camunda:taskListener>
             <camunda:taskListener event="create" delegateExpression="#{ begin }"/>
            </extensionElements></userTask>
            """
        )
    )
    assert (
        model.Listener("complete", "record", {"kind": "opinion"}),
        model.Listener("create", "begin"),
    ) == process.elements["a"].listeners


def test_people_are_read_from_resource_assignments() -> None:
    process = read(
        drawing(
            """
            <userTask id="a" camunda:candidateUsers="ann"><humanPerformer>
             <resourceAssignmentExpression><formalExpression>kermit</formalExpression>
             </resourceAssignmentExpression></humanPerformer><potentialOwner>
             <resourceAssignmentExpression><formalExpression>
              user(bob), group(management), accountancy
             </formalExpression></resourceAssignmentExpression></potentialOwner>
            </userTask>
            """
        )
    )
    assert {
        "assignee": "kermit",
        "candidateUsers": "ann,bob",
        "candidateGroups": "management,accountancy",
    } == dict(process.elements["a"].attributes)


def test_form_fields_are_kept_as_json() -> None:
    process = read(
        drawing(
            """
            <userTask id="a"><extensionElements><camunda:formData>
             <camunda:formField id="kind" label="类别" type="enum">
              <camunda:validation><camunda:constraint name="required"/>
              </camunda:validation><camunda:value id="x" name="甲"/>
             </camunda:formField></camunda:formData></extensionElements></userTask>
            """
        )
    )
    assert [
        {
            "id": "kind",
            "label": "类别",
            "type": "enum",
            "values": {"x": "甲"},
            "constraints": {"required": ""},
        }
    ] == json.loads(process.elements["a"].attributes["formFields"])


def test_properties_are_read() -> None:
    process = read(
        drawing(
            '<userTask id="a"><extensionElements><camunda:properties>'
            '<camunda:property name="store" value="record"/></camunda:properties>'
            "<camunda:failedJobRetryTimeCycle>R3/PT5M</camunda:failedJobRetryTimeCycle>"
            "</extensionElements></userTask>"
        )
    )
    task = process.elements["a"]
    assert {"store": "record"} == dict(task.properties)
    assert "R3/PT5M" == task.attributes["failedJobRetryTimeCycle"]


def test_links_become_sequence_flows() -> None:
    link = '<linkEventDefinition name="甲"/>'
    process = read(
        drawing(
            '<startEvent id="s"/>'
            f'<intermediateThrowEvent id="t1">{link}</intermediateThrowEvent>'
            f'<intermediateCatchEvent id="c">{link}</intermediateCatchEvent>'
            '<endEvent id="e"/>' + arrows("s>t1 c>e")
        )
    )
    flow = process.sequence_flows["link:t1:c"]
    assert ("t1", "c") == (flow.source, flow.target)
    assert ("link:t1:c",) == process.elements["t1"].outgoing
    assert ("link:t1:c",) == process.elements["c"].incoming


def test_correlation_properties_are_read_by_message_name() -> None:
    process = read(
        drawing(
            '<task id="a"/>',
            around=DECLARED + '<correlationProperty id="c" name="number">'
            '<correlationPropertyRetrievalExpression messageRef="m"><messagePath>ticket'
            "</messagePath></correlationPropertyRetrievalExpression>"
            "</correlationProperty>",
        )
    )
    assert {"来件": {"number": "ticket"}} == process.correlations


def test_every_process_of_a_file_is_read_and_black_boxes_are_not() -> None:
    content = (
        f'<definitions {NAMESPACES}><collaboration id="c"><participant id="x"'
        ' name="市热线"/><participant id="y" processRef="p"/></collaboration>'
        '<process id="p"><task id="a"/></process>'
        '<process id="q"><task id="b"/></process></definitions>'
    ).encode()
    found = reading.read_diagram(content)
    assert ["p", "q"] == [process.key for process in found.processes]
    assert () == found.problems
