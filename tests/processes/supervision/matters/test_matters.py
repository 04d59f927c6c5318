"""Matters: registering, their states, and who finds which."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from engine import errors
from engine import people
from engine.engine import Engine
from processes.supervision import access
from processes.supervision.deadlines import deadlines
from processes.supervision.hotline import callers
from processes.supervision.matters import ledgers
from processes.supervision.matters import matters
from processes.supervision.matters import registration
from tests.processes.supervision.conftest import identity
from tests.processes.supervision.conftest import issued
from tests.processes.supervision.conftest import registered


def test_a_registered_matter_has_a_number_a_due_day_and_a_light(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)

    assert "411426-2026-07-0001" == matter.number
    assert "REGISTERED" == matter.status
    assert "2026-05-09T15:59:59+00:00" == matter.due_at.isoformat()
    assert ("GREEN", "内部") == (matter.light, matter.secrecy)


@pytest.mark.requirement("R-05-06")
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "", "标题不能为空。"),
        ("title", "长" * 201, "标题不得超过200字。"),
        (
            "secrecy",
            "秘密",
            "只能登记公开或内部事项；涉密事项不得录入本系统。（R-05-06）",
        ),
        ("urgency", "马上", "紧急程度只能是平件、急件、特急。"),
    ],
)
def test_a_matter_that_must_not_enter_is_refused_by_the_field(
    engine: Engine, vault: callers.Vault, field: str, value: str, message: str
) -> None:
    with engine.begin() as work:
        today = work.calendar.local_date(work.now())
        source = registration.Source(
            procedure="proc_mayor_hotline",
            procedure_deployment=None,
            category="07",
            type="热线",
            title="标题",
            doc_no="1",
            urgency="平件",
            secrecy="内部",
            received_on=today,
            assigned_on=today,
        )
        due = deadlines.after(work.calendar, today, 5)
        with pytest.raises(errors.Invalid) as refused:
            registration.register(
                work,
                replace(source, **{field: value}),
                due,
                area="411426",
                root_id=None,
                person=None,
            )

    assert {field: [message]} == refused.value.fields


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pair
        for pair in itertools.permutations(matters.TRANSITIONS, 2)
        if pair[1] not in matters.TRANSITIONS[pair[0]]
    ],
)
def test_no_status_is_skipped(before: str, after: str) -> None:
    """Every pair of states that the table does not name is refused, in Chinese."""
    matter = _matter(before)

    with pytest.raises(matters.WrongStatus) as refused:
        matters.require_transition(matter, after)

    assert matters.STATUS_LABELS[after] in refused.value.message


def _matter(status: str) -> matters.Matter:
    values: dict[str, object] = dict.fromkeys(matters.Matter.__dataclass_fields__)
    return matters.Matter(**{**values, "number": "1", "status": status})


def test_the_ledger_filters_and_pages(engine: Engine, vault: callers.Vault) -> None:
    with engine.begin() as work:
        first = registered(work, vault, ticket_no="1", title="东关小区噪声")
        second = registered(work, vault, ticket_no="2", title="西关小区停水")
        third = registered(work, vault, ticket_no="3", title="东关小区停水")
        officer = identity(work, "dc_officer")
        page = ledgers.page(work.connection, officer, limit=2)
        rest = ledgers.page(work.connection, officer, before=page[-1].id)
        found = ledgers.page(work.connection, officer, text="东关")
        literal = ledgers.page(work.connection, officer, text="%")
        by_number = ledgers.page(work.connection, officer, text=second.number)

    assert [third.id, second.id] == [one.id for one in page]
    assert [first.id] == [one.id for one in rest]
    assert [third.id, first.id] == [one.id for one in found]
    assert [] == literal
    assert [second.id] == [one.id for one in by_number]


def test_a_similar_open_matter_is_named(engine: Engine, vault: callers.Vault) -> None:
    with engine.begin() as work:
        known = registered(work, vault, title="东关小区旁工地夜间施工噪声扰民问题")
        visible = access.visible(identity(work, "dc_officer"))
        near = ledgers.resembling(
            work.connection, "东关小区旁工地夜间施工噪音扰民问题", visible
        )
        far = ledgers.resembling(work.connection, "西关路面破损", visible)

    assert [known.number] == [one.number for one in near]
    assert near[0].similarity >= ledgers.SIMILAR
    assert [] == far


@pytest.mark.requirement("R-05-06")
def test_a_unit_sees_what_was_issued_to_it_and_nothing_else(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead, _ = issued(work, vault, "cgj")
        hidden = registered(work, vault, ticket_no="2")
        number = matters.get(work.connection, lead.matter_id).number
        seen = {
            person: [
                one.number
                for one in ledgers.page(work.connection, identity(work, person))
            ]
            for person in (
                "unit_handler.zjj",
                "unit_head.cgj",
                "unit_head.mzj",
                "mayor",
                "sys_admin",
                "sec_admin",
                "audit_admin",
                "process_designer",
            )
        }

    assert {
        "unit_handler.zjj": [number],
        "unit_head.cgj": [number],
        "unit_head.mzj": [],
        "mayor": [hidden.number, number],
        "sys_admin": [],
        "sec_admin": [],
        "audit_admin": [],
        "process_designer": [],
    } == seen


@pytest.mark.parametrize(
    ("limits", "sees"),
    [
        ({}, True),
        ({"procedures": ["proc_mayor_hotline"]}, True),
        ({"procedures": ["proc_research"]}, False),
        ({"roles": ["dc_chief"]}, False),
    ],
)
def test_a_substitute_sees_what_his_scope_reaches(
    engine: Engine, vault: callers.Vault, limits: dict[str, list[str]], sees: bool
) -> None:
    """AB角: who acts for another must see it, and no more than that."""
    with engine.begin() as work:
        registered(work, vault)
        people.add_substitution(
            work.connection,
            "go_director",
            "unit_head.mzj",
            starts_at=work.now(),
            ends_at=work.now() + timedelta(days=1),
            reason="出差",
            **limits,
        )
        seen = ledgers.page(work.connection, identity(work, "unit_head.mzj"))

    assert sees == bool(seen)


def test_a_matter_that_may_not_be_seen_is_not_found(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        found = matters.find(
            work.connection, identity(work, "go_deputy"), matter.number
        )
        with pytest.raises(errors.NotFound):
            matters.find(
                work.connection, identity(work, "unit_head.zjj"), matter.number
            )

    assert matter == found
