"""Receive tasks wait for their message, or for a trigger."""

from tests.engine.conftest import Office
from tests.engine.elements.diagrams import deploy


def test_a_receive_task_waits_for_its_message_by_business_key(office: Office) -> None:
    deploy(office, "receive_task/told")
    with office.engine.begin() as work:
        first = work.start("told", business_key="督1号").instance_id
        second = work.start("told", business_key="督2号").instance_id
    with office.engine.begin() as work:
        work.correlate("receipt", business_key="督2号")

    assert ("active", "completed") == (office.status(first), office.status(second))


def test_a_receive_task_without_a_message_waits_for_a_trigger(office: Office) -> None:
    deploy(office, "receive_task/triggered")
    instance_id = office.start("triggered")

    assert "active" == office.status(instance_id)
    with office.engine.begin() as work:
        work.trigger(instance_id, "listen", {}, "officer")
    assert "completed" == office.status(instance_id)
