"""Process W: draft, review, three handle in parallel, consolidate, sign.

Seven user-task completions, one exclusive gateway, one parallel multi-instance
sub-process with a timer on its task that never fires (performance-notes: W).
"""

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  targetNamespace="https://ducha.example/bench">
  <process id="reference" name="基准流程" isExecutable="true">
    <startEvent id="start"><outgoing>f1</outgoing></startEvent>
    <userTask id="draft" name="起草"{people}>
      <incoming>f1</incoming><incoming>f5</incoming><outgoing>f2</outgoing></userTask>
    <userTask id="review" name="审核"{people}>
      <incoming>f2</incoming><outgoing>f3</outgoing></userTask>
    <exclusiveGateway id="decided" default="f4">
      <incoming>f3</incoming><outgoing>f4</outgoing><outgoing>f5</outgoing>
    </exclusiveGateway>
    <subProcess id="units">
      <incoming>f4</incoming><outgoing>f6</outgoing>
      <multiInstanceLoopCharacteristics isSequential="false">
        <loopCardinality xsi:type="tFormalExpression">3</loopCardinality>
      </multiInstanceLoopCharacteristics>
      <startEvent id="begin"><outgoing>g1</outgoing></startEvent>
      <userTask id="handle" name="办理"{people}>
        <incoming>g1</incoming><outgoing>g2</outgoing></userTask>
      <endEvent id="handled"><incoming>g2</incoming></endEvent>
      <boundaryEvent id="late" attachedToRef="handle" cancelActivity="false">
        <outgoing>g3</outgoing>
        <timerEventDefinition>
          <timeDuration xsi:type="tFormalExpression">{duration}</timeDuration>
        </timerEventDefinition>
      </boundaryEvent>
      <endEvent id="reminded"><incoming>g3</incoming></endEvent>
      <sequenceFlow id="g1" sourceRef="begin" targetRef="handle"/>
      <sequenceFlow id="g2" sourceRef="handle" targetRef="handled"/>
      <sequenceFlow id="g3" sourceRef="late" targetRef="reminded"/>
    </subProcess>
    <userTask id="consolidate" name="汇总"{people}>
      <incoming>f6</incoming><outgoing>f7</outgoing></userTask>
    <userTask id="sign" name="签发"{people}>
      <incoming>f7</incoming><outgoing>f8</outgoing></userTask>
    <endEvent id="end"><incoming>f8</incoming></endEvent>
    <sequenceFlow id="f1" sourceRef="start" targetRef="draft"/>
    <sequenceFlow id="f2" sourceRef="draft" targetRef="review"/>
    <sequenceFlow id="f3" sourceRef="review" targetRef="decided"/>
    <sequenceFlow id="f4" sourceRef="decided" targetRef="units"/>
    <sequenceFlow id="f5" sourceRef="decided" targetRef="draft">
      <conditionExpression xsi:type="tFormalExpression"
        >{sent_back}</conditionExpression>
    </sequenceFlow>
    <sequenceFlow id="f6" sourceRef="units" targetRef="consolidate"/>
    <sequenceFlow id="f7" sourceRef="consolidate" targetRef="sign"/>
    <sequenceFlow id="f8" sourceRef="sign" targetRef="end"/>
  </process>
</definitions>
"""

#: The draft carries a form of 1.2 kB, every other task about 0.1 kB.
DRAFT = {"sent_back": False, "body": "督查" * 200}
OTHER = {"opinion": "同意。" * 10, "sent_back": False}

COMPLETIONS = 7


def for_ducha() -> bytes:
    """Return the diagram with our expressions, every task for the group `office`."""
    return DIAGRAM.format(
        people=' camunda:candidateGroups="office"',
        duration="P5D",
        sent_back="${sent_back}",
    ).encode()


def for_spiffworkflow() -> bytes:
    """Return the same diagram with the Python that stock SpiffWorkflow evaluates."""
    return DIAGRAM.format(people="", duration='"P5D"', sent_back="sent_back").encode()


def fields(element_id: str) -> dict[str, object]:
    """Return what a person fills in at a task."""
    return dict(DRAFT if element_id == "draft" else OTHER)
