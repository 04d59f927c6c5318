"""Inspections: the rules of their kinds, their states, what a form may offer."""

import json
from datetime import date
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine import clock as clocks
from engine import errors
from engine import handlers
from engine.engine import Engine
from processes import office
from processes.supervision import tables
from processes.supervision.documents import documents
from processes.supervision.hotline import callers
from processes.supervision.inspections import inspection_groups
from processes.supervision.inspections import inspection_plans
from processes.supervision.inspections import inspection_reports
from processes.supervision.inspections import inspections
from processes.supervision.inspections import site_visits
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from tests.processes.supervision.conftest import Act
from tests.processes.supervision.conftest import at
from tests.processes.supervision.conftest import registered
from tests.processes.supervision.documents import test_layout

POLICY = office.CATALOG / "common/decisions/inspection.dmn"
FORMS = office.CATALOG / "common/forms"
PLAN = {
    "plan_no": "2026年度督查计划第3项",
    "form": "现场督办",
    "authority": "行政首长指令",
    "type": "专项督查",
    "content": "改造进度",
    "scope": "城区工地",
    "objects": [{"unit": "zjj"}],
    "methods": ["现场查看"],
    "starts_on": "2026-04-29",
    "ends_on": "2026-05-08",
}
GROUP = {
    "members": [
        {"role": "LEADER", "account": "group_leader", "from_unit": "县政府办公室"},
        {"role": "MEMBER", "account": "group_member", "from_unit": "县审计局"},
    ]
}
VISIT = {
    "held_on": "2026-04-29",
    "place": "东关街",
    "method": "现场查看",
    "content": "路面已铺设。",
    "verified": "进度属实。",
}


@pytest.fixture
def ruled(engine: Engine) -> Engine:
    """An office that also has the rules of inspections."""
    with engine.begin() as work:
        work.deploy({POLICY.name: POLICY.read_bytes()})
    return engine


def planned(
    work: handlers.Work, vault: callers.Vault, kind: str = "督查活动", **changes: object
) -> inspections.Inspection:
    """Open an inspection with a plan that waits for approval."""
    matter = registered(work, vault)
    inspection = inspections.open_inspection(work, matter.id, kind)
    given = {**PLAN, **changes}
    inspection_plans.record(
        work, inspection, given, person="dc_officer", on_behalf_of=None
    )
    return inspections.get(work.connection, inspection.id)


def approved(
    work: handlers.Work, inspection: inspections.Inspection, call: Act, person: str
) -> inspections.Inspection:
    """Have somebody approve the plan, and put it in force."""
    plan = inspection_plans.latest(work.connection, inspection.id)
    subject = opinions.Subject(inspection_plans.SUBJECT, plan.id, plan.person)
    agreeing = call(work, person, {"decision": "APPROVE"}, verb="审定")
    opinions.record(agreeing, inspection.matter_id, subject, verb="审定")
    inspection_plans.approve(work, inspection)
    return inspections.get(work.connection, inspection.id)


def grouped(
    work: handlers.Work, inspection: inspections.Inspection
) -> inspections.Inspection:
    """Form the group."""
    inspection_groups.establish(
        work, inspection, GROUP, person="dc_chief", on_behalf_of=None
    )
    return inspections.get(work.connection, inspection.id)


@pytest.mark.requirement("R-02-06")
def test_no_group_is_formed_before_the_plan_is_approved(
    ruled: Engine, vault: callers.Vault
) -> None:
    with ruled.begin() as work:
        inspection = planned(work, vault)
        with pytest.raises(errors.Refused, match="R-02-06"):
            inspection_plans.approve(work, inspection)
        with pytest.raises(errors.Refused, match="R-02-06"):
            grouped(work, inspection)


def test_whoever_drafted_the_plan_does_not_approve_it(
    ruled: Engine, vault: callers.Vault, call: Act
) -> None:
    with ruled.begin() as work:
        inspection = planned(work, vault)
        with pytest.raises(opinions.OwnDraft):
            approved(work, inspection, call, "dc_officer")


def test_a_plan_that_changes_is_in_force_only_when_approved_again(
    ruled: Engine, vault: callers.Vault, call: Act
) -> None:
    """条例第十五条: the scope is not widened on the way."""
    with ruled.begin() as work:
        inspection = approved(work, planned(work, vault), call, "go_director")
        inspection = grouped(work, inspection)
        wider = {**PLAN, "objects": [{"unit": "zjj"}, {"unit": "fgw"}]}
        inspection_plans.record(
            work, inspection, wider, person="dc_officer", on_behalf_of=None
        )
        changing = inspections.get(work.connection, inspection.id)
        in_force = inspection_plans.in_force(work.connection, inspection.id)
        with pytest.raises(inspections.WrongState):
            site_visits.record(
                work, changing, VISIT, person="group_leader", on_behalf_of=None
            )
        again = approved(work, changing, call, "go_director")
        widened = inspection_plans.in_force(work.connection, inspection.id)

    assert ("zjj",) == in_force.objects
    assert ("zjj", "fgw") == widened.objects
    assert "ON_SITE" == again.state


@pytest.mark.requirement("R-02-08")
def test_the_database_refuses_a_second_head(
    ruled: Engine, vault: callers.Vault, call: Act
) -> None:
    with ruled.begin() as work:
        inspection = approved(work, planned(work, vault), call, "go_director")
        inspection = grouped(work, inspection)
        member = tables.inspection_member
        row = work.connection.execute(
            sa.select(member).where(member.c.role == "LEADER")
        ).one()
        copy = {**row._mapping, "name": "另一组长"}
        del copy["id"]
        with pytest.raises(IntegrityError), work.connection.begin_nested():
            work.connection.execute(member.insert().values(**copy))


@pytest.mark.requirement("R-02-11", "R-02-22")
def test_a_report_is_due_on_the_fifth_working_day_to_its_last_second(
    ruled: Engine, vault: callers.Vault, call: Act, clock: clocks.FixedClock
) -> None:
    """2026-04-29 and five working days is 2026-05-09, a make-up Saturday."""
    with ruled.begin() as work:
        inspection = approved(work, planned(work, vault), call, "go_director")
        inspection = grouped(work, inspection)
        site_visits.record(
            work, inspection, VISIT, person="group_leader", on_behalf_of=None
        )
        ended = inspections.end(work, inspection, {"ended_on": "2026-04-29"})
    clock.set(at(date(2026, 5, 9), 23) + timedelta(minutes=59, seconds=59))
    with ruled.begin() as work:
        in_time = inspections.report(work, ended)

    assert "2026-05-09T15:59:59+00:00" == (
        ended.report_due_at.isoformat() if ended.report_due_at else None
    )
    assert ("OFF", 0, "REPORTED") == (in_time.light, in_time.late_days, in_time.state)


@pytest.mark.requirement("S15")
def test_a_patrol_chooses_no_destination(ruled: Engine, vault: callers.Vault) -> None:
    with ruled.begin() as work:
        patrol = planned(work, vault, "巡查", form=None)
        with pytest.raises(inspections.WrongState):
            inspections.decide_outcome(work, patrol, {"outcome": "PUBLIC"})


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        ("巡查", inspections.Policy(2, 5, 15, 0)),
        ("督查活动", inspections.Policy(2, 5, 15, 0)),
        ("调研", inspections.Policy(2, 5, 15, 2000)),
    ],
)
def test_each_kind_has_its_rules_in_the_decision_table(
    ruled: Engine, kind: str, policy: inspections.Policy
) -> None:
    with ruled.begin() as work:
        assert policy == inspections.policy(work.connection, kind)


def test_an_unknown_kind_is_refused(ruled: Engine, vault: callers.Vault) -> None:
    with ruled.begin() as work:
        matter = registered(work, vault)
        with pytest.raises(errors.DuchaError, match="没有“突击检查”"):
            inspections.open_inspection(work, matter.id, "突击检查")


def test_no_state_of_an_inspection_is_skipped(
    ruled: Engine, vault: callers.Vault
) -> None:
    with ruled.begin() as work:
        inspection = planned(work, vault)
        for state in set(inspections.TRANSITIONS) - {"APPROVED", "ON_SITE"}:
            with pytest.raises(inspections.WrongState):
                inspections.move(work, inspection, state)


@pytest.mark.requirement("R-02-10", "R-02-20")
def test_the_forms_offer_what_the_records_know() -> None:
    assert list(inspection_plans.FORMS) == offered("inspection_plan", "form")
    assert list(inspection_plans.METHODS) == offered("inspection_plan", "methods")
    assert list(inspection_groups.INVITED_FROM) == offered(
        "inspection_group", "invited_from"
    )
    assert set(site_visits.PARTICULARS) == set(inspection_plans.FORMS)
    assert 9 == len(inspection_plans.PATROL_METHODS)
    assert 8 == len(inspection_plans.STATUTORY_METHODS)


def offered(form: str, key: str) -> list[str]:
    told = json.loads((FORMS / f"{form}.form").read_text("utf-8"))
    parts = list(told["components"])
    for part in told["components"]:
        parts += part.get("components", [])
    (found,) = [part for part in parts if part.get("key") == key]
    return [value["value"] for value in found["values"]]


@pytest.mark.requirement("R-03-05", "R-03-06")
def test_a_report_tells_what_hinders_and_what_was_settled(
    ruled: Engine, vault: callers.Vault, call: Act
) -> None:
    """时间、地点、影响进度的关键环节、协调结果, as they were recorded on site."""
    hindered = {**VISIT, "bottleneck": "管线迁改", "coordination": "三日内迁改"}
    with ruled.begin() as work:
        inspection = approved(work, planned(work, vault), call, "go_director")
        inspection = grouped(work, inspection)
        site_visits.record(
            work, inspection, hindered, person="group_leader", on_behalf_of=None
        )
        ended = inspections.end(work, inspection, {"ended_on": "2026-04-29"})
        document = inspection_reports.issue(
            work,
            matters.get(work.connection, ended.matter_id),
            ended,
            inspection_reports.REPORT,
            title="督查报告",
            person="group_leader",
        )
    words = test_layout.text_of_pdf(documents.print_once(ruled, document.id))

    assert "影响进度的关键环节和协调情况" in words
    assert "2026年4月29日，东关街：管线迁改。协调情况：三日内迁改。" in words
