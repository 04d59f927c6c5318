"""Message events: what begins, is caught, interrupts, and whom it belongs to."""

import pytest

from engine import routing
from engine import tables
from tests.engine.conftest import Office
from tests.engine.elements.diagrams import deploy


def test_a_message_start_event_begins_a_new_instance(office: Office) -> None:
    deploy(office, "messages/begun")
    for number in (1, 2):
        with office.engine.begin() as work:
            work.start_by_message("receipt", {"number": number})

    assert ["work", "work"] == office.waiting()


def test_a_message_is_caught_by_the_instance_with_its_business_key(
    office: Office,
) -> None:
    deploy(office, "messages/caught")
    with office.engine.begin() as work:
        work.start("caught", business_key="督1号")
        chosen = work.start("caught", business_key="督2号").instance_id
    with office.engine.begin() as work:
        work.correlate("recall", business_key="督2号", variables={"why": "重复"})

    assert ["work"] == office.waiting()
    with office.engine.begin() as work:
        assert {"why": "重复"} == work.variables(chosen)


def test_a_message_is_caught_by_the_instance_with_its_keys(office: Office) -> None:
    deploy(office, "messages/keyed")
    office.start("keyed", matter=1)
    chosen = office.start("keyed", matter=2)
    with office.engine.begin() as work:
        work.correlate("receipt", variables={"matter": 2})

    assert ["work"] == office.waiting()
    with office.engine.begin() as work:
        assert ("work",) == work.active_elements(chosen)


def test_a_message_that_two_instances_wait_for_is_refused(office: Office) -> None:
    deploy(office, "messages/caught")
    office.start("caught")
    office.start("caught")

    with pytest.raises(routing.SeveralWait), office.engine.begin() as work:
        work.correlate("recall")
    assert [] == office.waiting()


def test_a_message_boundary_event_hears_every_message(office: Office) -> None:
    deploy(office, "messages/bounded")
    instance_id = office.start("bounded")
    for _ in range(2):
        with office.engine.begin() as work:
            work.correlate("recall", instance_id=instance_id)

    assert ["look", "look", "work"] == office.waiting()


def test_an_interrupting_message_boundary_event_takes_the_task_away(
    office: Office,
) -> None:
    deploy(office, "messages/stopped")
    instance_id = office.start("stopped")
    with office.engine.begin() as work:
        work.correlate("recall", instance_id=instance_id)

    assert ["look"] == office.waiting()
    assert 0 == office.count(tables.subscription)


def test_thrown_messages_reach_who_waits_and_begin_who_begins(office: Office) -> None:
    deploy(office, "messages/begun", "messages/caught", "messages/thrown")
    waiting = office.start("caught")
    thrower = office.start("thrown")
    office.later()

    assert ["work", "work"] == office.waiting()
    assert "completed" == office.status(thrower)
    with office.engine.begin() as work:
        assert ("work",) == work.active_elements(waiting)
