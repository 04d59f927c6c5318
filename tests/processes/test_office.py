"""The office as a whole: what it registers, deploys, sends out and demonstrates."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import accounts
from engine import clock as clocks
from engine import database
from engine import handlers
from engine import people
from engine import tables as engine_tables
from engine.engine import Engine
from processes import calendars
from processes import demo
from processes import office
from processes import spool

PASSWORD = "Demo-2026-pass"
#: The roles of domain §2.0 that people inside the house hold.
ROLES = {
    "dc_registrar",
    "dc_officer",
    "dc_chief",
    "go_section",
    "go_deputy",
    "go_director",
    "vice_mayor",
    "exec_vice_mayor",
    "mayor",
    "party_leader",
    "archivist",
    "unit_registrar",
    "unit_handler",
    "unit_deputy",
    "unit_head",
    "assist_handler",
    "group_leader",
    "group_member",
    "perf_office",
    "discipline_recv",
    "sys_admin",
    "sec_admin",
    "audit_admin",
    "process_designer",
    "biz_admin",
}


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    settings = office.Settings(secret_key="secret", outgoing=tmp_path)
    pool = database.create(database_url)
    yield Engine(
        pool,
        clock=clocks.FixedClock(demo.SINCE),
        calendar=calendars.load(),
        registry=office.registry(settings),
    )
    pool.dispose()


def test_the_catalog_is_deployed_once_and_again_only_when_it_changes(
    engine: Engine,
) -> None:
    first = office.deploy_catalog(engine)
    again = office.deploy_catalog(engine)
    with engine.read() as connection:
        count = connection.scalar(
            sa.select(sa.func.count()).select_from(engine_tables.deployment)
        )

    assert first == again
    assert ("proc_mayor_hotline", "市长热线", 1) in [
        (one.key, one.name, one.version) for one in first
    ]
    assert 1 == count


def test_what_a_designer_published_outlives_a_restart(engine: Engine) -> None:
    office.deploy_catalog(engine)
    name = "proc_mayor_hotline/proc_mayor_hotline.bpmn"
    drawn = office.catalog_files()[name].decode()
    with engine.begin() as work:
        work.deploy({name: drawn.replace('name="拟办"', 'name="起草"').encode()})

    deployed = office.deploy_catalog(engine)

    assert 2 == {one.key: one.version for one in deployed}["proc_mayor_hotline"]


def test_every_handler_a_diagram_names_is_registered_and_none_is_idle(
    engine: Engine,
) -> None:
    named = set()
    for name, content in office.catalog_files().items():
        if name.endswith(".bpmn"):
            named |= set(re.findall(rb'delegateExpression="\$\{(\w+)\}"', content))

    assert {name.decode() for name in named} == set(engine.registry.handlers)


def test_the_readme_lists_every_handler(engine: Engine) -> None:
    readme = office.CATALOG.parent / "supervision/README.md"
    rows = [
        line.split("|")[1]
        for line in readme.read_text("utf-8").splitlines()
        if line.startswith("| ")
    ]
    listed = {name.strip() for row in rows for name in row.split(",")}

    assert set() == set(engine.registry.handlers) - listed


def test_the_demo_county_has_a_person_for_every_role(engine: Engine) -> None:
    listed = demo.install(engine, password=PASSWORD)
    with engine.read() as connection:
        held = {
            account.person: people.identity(connection, account.person, demo.SINCE)
            for account in listed
        }
        signs_in = accounts.verify(accounts.account(connection, "mayor"), PASSWORD)

    assert ROLES == {role for identity in held.values() for role in identity.roles}
    assert {"unit_handler.zjj"} == held["unit_handler.zjj"].groups
    assert "张副主任" == held["go_deputy"].name
    assert "dc_officer" in {one.person for one in held["dc_officer_b"].substitutes_for}
    assert signs_in


def test_installing_the_demo_county_again_changes_nothing(engine: Engine) -> None:
    def rows() -> list[object]:
        with engine.read() as connection:
            return [
                connection.execute(sa.select(table).order_by(*table.primary_key)).all()
                for table in (
                    engine_tables.unit,
                    engine_tables.person,
                    engine_tables.post,
                    engine_tables.substitution,
                )
            ]

    demo.install(engine, password=PASSWORD)
    before = rows()
    demo.install(engine, password="Another-2026-pass")

    assert before == rows()


def test_a_message_sent_twice_is_one_file(tmp_path: Path) -> None:
    carry = spool.channel(tmp_path / "sms")
    message = handlers.Message("1", "key:1", "person:mayor", {"title": "标题"})
    for _ in range(2):
        carry(message)
    carry(handlers.Message("2", "../key", "person:mayor", {}))
    files = sorted((tmp_path / "sms").iterdir())

    assert 2 == len(files)
    assert [tmp_path / "sms"] == list(tmp_path.iterdir())
    assert {
        "key": "key:1",
        "recipient": "person:mayor",
        "payload": {"title": "标题"},
    } in [json.loads(file.read_text("utf-8")) for file in files]
