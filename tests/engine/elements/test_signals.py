"""Signal events reach every instance that listens, and begin those that begin."""

import pytest

from tests.engine.conftest import Office
from tests.engine.elements.diagrams import deploy

LISTENERS = ("begun", "caught", "bounded", "stopped")


@pytest.mark.parametrize("thrower", ["thrown", "thrown_at_end"])
def test_a_signal_reaches_every_instance(office: Office, thrower: str) -> None:
    names = (*LISTENERS, thrower)
    deploy(office, *(f"signals/{name}" for name in names))
    for key in ("caught", "caught", "bounded", "stopped"):
        office.start(key)
    instance_id = office.start(thrower)
    office.later()

    # begun, caught twice, and the task beside which the signal was heard
    assert ["look", "look", "work", "work", "work", "work"] == office.waiting()
    assert "completed" == office.status(instance_id)


def test_a_signal_from_outside_reaches_every_instance(office: Office) -> None:
    deploy(office, *(f"signals/{name}" for name in LISTENERS))
    for key in ("caught", "bounded", "stopped"):
        office.start(key)
    with office.engine.begin() as work:
        work.signal("alarm", {"level": "red"})
    office.later()

    assert ["look", "look", "work", "work", "work"] == office.waiting()
