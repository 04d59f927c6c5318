"""Numbers are drawn inside the transaction, none twice."""

import threading

import pytest

from engine.engine import Engine
from processes.supervision import numbers


def test_numbers_count_from_one_in_each_scope_and_year(engine: Engine) -> None:
    with engine.begin() as work:
        drawn = [
            numbers.draw(work.connection, scope, year)
            for scope, year in [("a", 2026), ("a", 2026), ("b", 2026), ("a", 2027)]
        ]

    assert [1, 2, 1, 1] == drawn


def test_a_number_of_a_refused_command_is_drawn_again(engine: Engine) -> None:
    with pytest.raises(RuntimeError), engine.begin() as work:
        numbers.draw(work.connection, "a", 2026)
        raise RuntimeError

    with engine.begin() as work:
        assert 1 == numbers.draw(work.connection, "a", 2026)


def test_drawing_at_the_same_time_gives_no_number_twice(engine: Engine) -> None:
    drawn: list[int] = []

    def draw() -> None:
        for _ in range(10):
            with engine.begin() as work:
                number = numbers.draw(work.connection, "a", 2026)
            drawn.append(number)

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(1, 41)) == sorted(drawn)


def test_numbers_are_written_as_the_office_writes_them() -> None:
    matter = numbers.matter_number("411426", 2026, "07", 1)

    assert "411426-2026-07-0001" == matter
    assert "411426-2026-07-0001-T01-U02" == numbers.undertaking_number(matter, 1, 2)
    assert "411426-2026-07-10000" == numbers.matter_number("411426", 2026, "07", 10000)
    assert "督催〔2026〕1号" == numbers.letter_number(2026, 1)
    assert "411426-WS·2026-D30-DC-0007" == numbers.volume_number(
        "411426", 2026, "30年", 7
    )
