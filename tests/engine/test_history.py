"""Nobody can change, remove, swap or cut off what was recorded."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from engine import database
from engine import history
from engine import tables
from tests.engine.conftest import MONDAY
from tests.engine.conftest import THREE
from tests.engine.conftest import Office

event_table = tables.history_event


class Undo(Exception):
    """Ends a transaction in which a test has tampered."""


def instance_with_history(office: Office) -> str:
    """Return an instance that three persons have brought to its end."""
    office.deploy(THREE)
    instance_id = office.start("three")
    office.complete("拟办", opinion="同意", amount=3, ok=None)
    office.complete("审核", "deputy", decision="APPROVE")
    office.complete("签发", "director")
    return instance_id


def found_after(
    office: Office, instance_id: str, tamper: Callable[[sa.Connection], None]
) -> list[history.Finding]:
    """Return the findings on a tampered history, and put it right again."""
    findings: list[history.Finding] = []
    with pytest.raises(Undo), office.engine.begin() as work:
        tamper(work.connection)
        findings += history.verify(work.connection, instance_id)
        raise Undo
    return findings


def at(seq: int) -> sa.ColumnElement[bool]:
    """Return the condition for the event with this number."""
    return event_table.c.seq == seq


def test_an_untouched_history_is_sound(office: Office) -> None:
    """On both databases values come back as they were hashed."""
    instance_id = instance_with_history(office)
    office.engine.anchor_history()
    with office.engine.read() as connection:
        assert [] == history.verify(connection, instance_id)
        assert [] == history.verify_all(connection)


@pytest.mark.requirement("R-05-06")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_edit_of_any_event_is_found(office: Office, data: st.DataObject) -> None:
    """Whichever column of whichever event is changed, the event is named."""
    if not office.count(tables.instance):
        instance_with_history(office)
    (row,) = office.rows(sa.select(tables.instance.c.id, tables.instance.c.history_seq))
    seq = data.draw(st.integers(1, row.history_seq), label="seq")
    changes: dict[str, object] = {
        "type": data.draw(st.sampled_from(["forged", "task_forged"])),
        "element_id": "forged",
        "task_id": "forged",
        "person": "mayor",
        "on_behalf_of": "mayor",
        "details": {"fields": data.draw(st.integers(-(10**9), 10**9))},
        "hash": "0" * 64,
        "at": MONDAY.replace(year=2020),
    }
    column = data.draw(st.sampled_from(sorted(changes)), label="column")

    def edit(connection: sa.Connection) -> None:
        connection.execute(
            event_table.update().where(at(seq)).values({column: changes[column]})
        )

    (finding,) = found_after(office, row.id, edit)
    assert (row.id, seq) == (finding.instance_id, finding.seq)


def test_any_removed_event_is_found(office: Office) -> None:
    """In the middle as at the end."""
    instance_id = instance_with_history(office)
    last = office.count(event_table)
    for seq in range(1, last + 1):
        findings = found_after(
            office,
            instance_id,
            lambda connection, seq=seq: connection.execute(
                event_table.delete().where(at(seq))
            ),
        )
        assert [seq] == [finding.seq for finding in findings]


def test_swapped_events_are_found(office: Office) -> None:
    """The order is part of the record."""
    instance_id = instance_with_history(office)

    def swap(connection: sa.Connection) -> None:
        for old, new in ((2, -1), (3, 2), (-1, 3)):
            connection.execute(event_table.update().where(at(old)).values(seq=new))

    (finding,) = found_after(office, instance_id, swap)
    assert 2 == finding.seq


def forge(connection: sa.Connection, instance_id: str, keep: int) -> None:
    """Cut the history off and compute it anew, as somebody with full access could."""
    event_table_rows = connection.execute(
        sa.select(event_table).where(event_table.c.seq <= keep).order_by("seq")
    ).mappings()
    events = [
        history.Event(
            row["type"],
            row["element_id"],
            row["task_id"],
            "mayor" if row["person"] else None,
            row["on_behalf_of"],
            row["details"],
        )
        for row in event_table_rows
    ]
    connection.execute(event_table.delete())
    rows, seq, head = history.chained(instance_id, 0, history.GENESIS, MONDAY, events)
    history.write(connection, rows)
    connection.execute(
        tables.instance.update().values(history_seq=seq, history_head=head)
    )


def test_a_chain_computed_anew_is_found_by_the_anchors(office: Office) -> None:
    """Rewritten as a whole or cut off with its head: the anchor does not fit."""
    instance_id = instance_with_history(office)
    office.engine.anchor_history()
    last = office.count(event_table)
    for keep in (last, last - 2):
        findings = found_after(
            office, instance_id, lambda c, keep=keep: forge(c, instance_id, keep)
        )
        assert [last] == [finding.seq for finding in findings]


def test_without_an_anchor_a_forged_chain_would_pass(office: Office) -> None:
    """Anchors are what finds it: the test above cannot pass by itself."""
    instance_id = instance_with_history(office)

    assert [] == found_after(
        office,
        instance_id,
        lambda connection: forge(connection, instance_id, 4),
    )


def test_a_changed_anchor_is_found(office: Office) -> None:
    """Anchors are a chain of their own over the heads they cover."""
    instance_with_history(office)
    first = office.engine.anchor_history()
    office.start("three")
    second = office.engine.anchor_history()
    tamperings = (
        tables.anchor.update().where(tables.anchor.c.seq == 1).values(hash="0"),
        tables.anchored_head.update().values(head="0"),
        tables.anchored_head.delete(),
    )
    for tampering in tamperings:
        found: list[history.Finding] = []
        with pytest.raises(Undo), office.engine.begin() as work:
            work.connection.execute(tampering)
            found += history.verify_all(work.connection)
            raise Undo
        assert found

    assert (1, 2) == (first.seq, second.seq)


def test_the_canonical_text_of_a_value_does_not_depend_on_its_order() -> None:
    """Keys are sorted, so that a value read back hashes as it was written."""
    assert database.canonical({"b": 1, "a": [2.5, None]}) == b'{"a":[2.5,null],"b":1}'
