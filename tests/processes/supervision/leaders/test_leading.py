"""A leader's home: his own open matters, the worst first, and what else is overdue."""

from datetime import date

import pytest

from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.leaders import leading
from tests.processes.supervision import counted
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.counted import due


@pytest.mark.requirement("R-00-39")
def test_a_leaders_own_matters_stand_first_the_worst_above(engine: Engine) -> None:
    with engine.begin() as work:
        c = work.connection
        counted.matter(c, title="正常", source_leader="王县长")
        counted.matter(c, title="临期", source_leader="mayor", light="YELLOW")
        counted.matter(
            c,
            title="刚逾期",
            created_by="mayor",
            light="RED",
            due_at=due(date(2027, 1, 1)),
        )
        led = counted.matter(c, title="责任领导", light="RED")
        mandate = tables.mandate
        first = counted.mandates(c, led, 1)[0]
        c.execute(
            mandate.update()
            .where(mandate.c.id == first)
            .values(responsible_leader="王县长")
        )
        counted.matter(c, title="已办结", source_leader="王县长", status="CLOSED")
        counted.matter(c, title="别人的", source_leader="钱副县长", light="RED")
        counted.matter(c, title="无来源领导")
        board = leading.board(c, identity(work, "mayor"))

    assert ["责任领导", "刚逾期", "临期", "正常"] == [row.title for row in board.own]
    assert {"RED": 2, "YELLOW": 1, "GREEN": 1, "OFF": 0} == board.own_lights
    assert ["别人的"] == [row.title for row in board.overdue]
    assert {"RED": 3, "YELLOW": 1, "GREEN": 2, "OFF": 0} == board.all_lights


@pytest.mark.requirement("R-00-39")
@pytest.mark.parametrize(
    ("person", "leads"),
    [
        ("mayor", True),
        ("exec_vice_mayor", True),
        ("vice_mayor", True),
        ("party_leader", True),
        ("go_director", False),
        ("unit_head.zjj", False),
    ],
)
def test_the_home_is_the_leaders(engine: Engine, person: str, leads: bool) -> None:
    with engine.begin() as work:
        assert leads is leading.leads(identity(work, person))
