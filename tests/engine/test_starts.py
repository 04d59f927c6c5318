"""Who may start a procedure: those whom its diagram names, and nobody else."""

import pytest

from engine import people
from engine import starts
from tests.engine.conftest import MONDAY
from tests.engine.conftest import Office

RESTRICTED = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="urn:test">
  <process id="restricted" name="交办" isExecutable="true"
      camunda:candidateStarterGroups="deputy, director">
    <startEvent id="start"/>
    <userTask id="work" name="work" camunda:assignee="officer"/>
    <sequenceFlow id="flow" sourceRef="start" targetRef="work"/>
  </process>
</definitions>""".encode()


@pytest.fixture(autouse=True)
def restricted(office: Office) -> None:
    with office.engine.begin() as work:
        work.deploy({"restricted.bpmn": RESTRICTED})


def test_only_a_starter_named_in_the_diagram_starts_it(office: Office) -> None:
    with office.engine.begin() as work:
        work.start("restricted", person="deputy")

    assert ["work"] == office.waiting()


def test_anybody_else_is_refused_and_nothing_begins(office: Office) -> None:
    with pytest.raises(starts.MayNotStart) as refused, office.engine.begin() as work:
        work.start("restricted", person="officer")

    assert "您的岗位不能发起“交办”。" == refused.value.message
    assert [] == office.waiting()


def test_a_substitute_starts_what_the_principal_may_start(office: Office) -> None:
    with office.engine.begin() as work:
        people.add_substitution(
            work.connection,
            "deputy",
            "officer",
            starts_at=MONDAY,
            ends_at=MONDAY.replace(year=MONDAY.year + 1),
            reason="出差",
        )
        work.start("restricted", person="officer")

    assert ["work"] == office.waiting()


def test_a_program_starts_it_without_a_person(office: Office) -> None:
    with office.engine.begin() as work:
        work.start("restricted")

    assert ["work"] == office.waiting()
