"""Random choices that anybody can draw again: the seed is kept with what it drew."""

import math
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from engine import errors
from engine import handlers
from processes.supervision import tables
from processes.supervision.three_lists import problems

Purpose = Literal["SECOND_LOOK", "QUARTER"]
WHOLE = 100


@dataclass(frozen=True)
class Sample:
    """What was drawn of what; without percent and seed it was chosen by hand."""

    id: int
    matter_id: int
    purpose: Purpose
    percent: int | None
    seed: str | None
    population: Sequence[str]
    drawn: Sequence[str]
    person: str
    on_behalf_of: str | None
    at: datetime


def draw(population: Sequence[str], percent: int, seed: str) -> list[str]:
    """Return at least so many percent of the population, the same for the same seed.

    At least one is drawn; the order of the population does not matter.
    """
    size = max(1, math.ceil(len(population) * percent / WHOLE))
    return sorted(random.Random(seed).sample(sorted(population), size))


def at_random(
    work: handlers.Work,
    matter_id: int,
    purpose: Purpose,
    population: Sequence[str],
    percent: int,
    signed: problems.Signature,
) -> Sample:
    """Draw at random from the population and keep the seed (R-02-17)."""
    if not population:
        raise errors.Refused("没有可以抽取的对象。（R-02-17）", matter_id=matter_id)
    seed = secrets.token_hex(8)
    drawn = draw(population, percent, seed)
    return _keep(work, matter_id, purpose, percent, seed, population, drawn, signed)


def by_hand(
    work: handlers.Work,
    matter_id: int,
    purpose: Purpose,
    population: Sequence[str],
    chosen: Sequence[str],
    signed: problems.Signature,
) -> Sample:
    """Keep what a person chose from the population."""
    return _keep(work, matter_id, purpose, None, None, population, chosen, signed)


def of_matter(connection: sa.Connection, matter_id: int) -> list[Sample]:
    """Return the samples of a matter, the first one first."""
    sample = tables.sample.c
    rows = connection.execute(
        sa.select(tables.sample)
        .where(sample.matter_id == matter_id)
        .order_by(sample.id)
    )
    return [Sample(**row._mapping) for row in rows]


def _keep(
    work: handlers.Work,
    matter_id: int,
    purpose: Purpose,
    percent: int | None,
    seed: str | None,
    population: Sequence[str],
    drawn: Sequence[str],
    signed: problems.Signature,
) -> Sample:
    row = work.connection.execute(
        tables.sample.insert()
        .values(
            matter_id=matter_id,
            purpose=purpose,
            percent=percent,
            seed=seed,
            population=list(population),
            drawn=list(drawn),
            person=signed.person,
            on_behalf_of=signed.on_behalf_of,
            at=signed.at,
        )
        .returning(tables.sample)
    ).one()
    return Sample(**row._mapping)
