"""The hotline by the day and by the month: by type, deadline and satisfaction."""

from datetime import date
from datetime import datetime

import pytest
import sqlalchemy as sa

from engine.engine import Engine
from processes.supervision import tables
from processes.supervision.statistics import statistics
from processes.supervision.statistics import ticket_figures
from tests.processes.supervision import counted
from tests.processes.supervision.counted import due
from tests.processes.supervision.counted import moment

AUGUST = (date(2026, 8, 1), date(2026, 8, 31))
AS_OF = moment(date(2026, 8, 31))
#: A complaint came, was reported in time, and the caller was content.
ANSWERED = ("投诉", 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, "100.0%")
NONE = (*(0,) * 11, "—")


def ticket(
    connection: sa.Connection,
    number: str,
    kind: str,
    *,
    on: date,
    reported: datetime | None = None,
    callback: str | None = None,
    **changes: object,
) -> None:
    """Write a ticket that came on a day and is due on the 20th of August."""
    matter_id = counted.matter(
        connection,
        created_at=moment(on),
        due_at=due(date(2026, 8, 20)),
        reported_at=reported,
        **changes,
    )
    connection.execute(
        tables.hotline_ticket.insert().values(
            ticket_no=number,
            matter_id=matter_id,
            type=kind,
            urgent=False,
            content="略",
            callback=callback,
        )
    )


@pytest.mark.requirement("R-01-34")
def test_a_day_and_a_month_of_the_hotline(engine: Engine) -> None:
    """The last second of the due day is in time; another month counts for itself."""
    tenth = date(2026, 8, 10)
    with engine.begin() as work:
        c = work.connection
        ticket(
            c,
            "1",
            "投诉",
            on=tenth,
            reported=due(date(2026, 8, 20)),
            callback="SATISFIED",
        )
        ticket(
            c, "2", "投诉", on=date(2026, 8, 11), reported=moment(date(2026, 8, 21), 0)
        )
        ticket(c, "3", "咨询", on=date(2026, 8, 12), callback="DISSATISFIED")
        ticket(
            c,
            "4",
            "求助",
            on=date(2026, 8, 31),
            status="SENT_BACK",
            closed_at=moment(date(2026, 8, 31)),
        )
        ticket(c, "5", "建议", on=date(2026, 7, 31))
        day, month, earlier = (
            ticket_figures.tickets(c, work.calendar, span)
            for span in (
                statistics.Span(tenth, tenth, AS_OF),
                statistics.Span(*AUGUST, AS_OF),
                statistics.Span(*AUGUST, moment(date(2026, 8, 20))),
            )
        )

    assert [
        ("咨询", *NONE),
        ("求助", *NONE),
        ANSWERED,
        ("举报", *NONE),
        ("建议", *NONE),
        ("合计", *ANSWERED[1:]),
    ] == list(day.rows)
    assert [
        ("咨询", 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, "0.0%"),
        ("求助", 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, "—"),
        ("投诉", 2, 2, 1, 1, 0, 0, 0, 1, 0, 0, 1, "100.0%"),
        ("举报", *NONE),
        ("建议", *NONE),
        ("合计", 4, 2, 1, 1, 1, 1, 1, 1, 0, 1, 2, "50.0%"),
    ] == list(month.rows)
    assert ("合计", 3, 0, 0, 0, 3, 0) == earlier.rows[-1][:7]
