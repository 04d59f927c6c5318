"""A matter that is returned 2 000 times costs at the end what it cost at first."""

import sqlalchemy as sa

from engine import tables
from tests.survival.houses import House

ROUNDS = 2000
LARGEST_STATE = 10_000


def test_two_thousand_returns_cost_the_same_each_and_leave_no_weight(
    house: House,
) -> None:
    """As many statements and as small a state in the last round as in the first."""
    (instance_id,) = house.start(1, "rework")
    state = sa.select(sa.func.length(tables.instance.c.state)).where(
        tables.instance.c.id == instance_id
    )
    executed = 0

    def count(*_details: object) -> None:
        nonlocal executed
        executed += 1

    sa.event.listen(house.pool, "before_cursor_execute", count)
    ((_, _, task_id),) = house.open_tasks("拟办")
    statements, sizes = [], []
    for _ in range(ROUNDS):
        before = executed
        (review_id,) = house.complete(task_id, "officer", opinion="请审核")
        (task_id,) = house.complete(review_id, "deputy", decision="RETURN")
        statements.append(executed - before)
        with house.engine.read() as connection:
            sizes.append(connection.execute(state).scalar_one())

    assert {statements[100]} == set(statements[100:])
    assert max(sizes) < LARGEST_STATE
    assert max(sizes[-200:]) <= max(sizes[100:300])
    (review_id,) = house.complete(task_id, "officer", opinion="请审核")
    house.complete(review_id, "deputy", decision="APPROVE")
    ended = tables.instance.c.ended_how == "completed"
    assert 1 == house.count(tables.instance, ended)
    assert [] == house.examine()
