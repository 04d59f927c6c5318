"""Undertakings, their reports and the reviews of them."""

import dataclasses
from datetime import date
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from engine import clock as clocks
from engine import errors
from engine import handlers
from engine import people
from engine import tables as engine_tables
from engine.engine import Engine
from processes import office
from processes.supervision import tables
from processes.supervision.hotline import callers
from processes.supervision.matters import matters
from processes.supervision.scoring import scores
from processes.supervision.undertakings import openings
from processes.supervision.undertakings import reports
from processes.supervision.undertakings import reviews
from processes.supervision.undertakings import undertakings
from tests.processes.supervision.conftest import Act
from tests.processes.supervision.conftest import at
from tests.processes.supervision.conftest import handling
from tests.processes.supervision.conftest import issued
from tests.processes.supervision.conftest import report

DESCRIPTION = office.CATALOG / "proc_mayor_hotline/procedure.toml"
ACCEPT = {"accurate": True, "objective": True, "truthful": True, "verdict": "ACCEPT"}
RETURN = {
    "verdict": "RETURN_RESUBMIT",
    "reasons": ["FACT_UNCLEAR"],
    "comment": "请写明经过。",
}


def submitted(
    work: handlers.Work, lead: undertakings.Undertaking
) -> undertakings.Undertaking:
    """Draft, audit, sign and submit a report."""
    reports.draft(work, lead, report(), person="unit_handler.zjj")
    current = undertakings.get(work.connection, lead.id)
    undertakings.move(work, current, "UNIT_SIGN")
    latest = reports.latest(work.connection, lead.id)
    assert latest is not None
    reports.sign(work, latest, person="unit_head.zjj", on_behalf_of=None)
    reports.submit(work, undertakings.get(work.connection, lead.id))
    return undertakings.get(work.connection, lead.id)


def test_issuing_starts_the_clocks_of_lead_and_assistance(
    engine: Engine, vault: callers.Vault
) -> None:
    """S08: the lead reports on 05-08, all acknowledge by 04-30."""
    with engine.begin() as work:
        lead, assisting = issued(work, vault, "cgj")

    assert ("LEAD", "411426-2026-07-0001-T01-U01") == (lead.role, lead.number)
    assert ("ASSIST", "411426-2026-07-0001-T01-U02") == (
        assisting.role,
        assisting.number,
    )
    assert "2026-05-08T15:59:59+00:00" == lead.due_at.isoformat()
    assert "2026-05-06T15:59:59+00:00" == assisting.due_at.isoformat()
    assert "2026-04-30T15:59:59+00:00" == lead.sign_due_at.isoformat()


@pytest.mark.parametrize(
    "changes", [{"unit": "mzj"}, {"role": "ASSIST"}], ids=["two leads", "twice a unit"]
)
def test_the_database_refuses_a_second_lead_and_a_unit_twice(
    engine: Engine, vault: callers.Vault, changes: dict[str, str]
) -> None:
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        table = tables.undertaking
        row = work.connection.execute(
            sa.select(table).where(table.c.id == lead.id)
        ).one()
        copy = {**row._mapping, "number": "another", **changes}
        del copy["id"]
        with pytest.raises(IntegrityError), work.connection.begin_nested():
            work.connection.execute(table.insert().values(**copy))


def test_a_unit_that_cannot_receive_a_notice_is_named(
    engine: Engine, vault: callers.Vault
) -> None:
    with pytest.raises(openings.NoRegistrar) as refused, engine.begin() as work:
        post = engine_tables.post
        work.connection.execute(
            post.delete().where(post.c.role == "unit_registrar", post.c.unit == "zjj")
        )
        issued(work, vault)

    assert "单位“zjj”没有收发岗" in refused.value.message


def test_only_a_handler_of_the_unit_is_assigned(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        undertakings.acknowledge(work, lead.id, "unit_registrar.zjj")
        with pytest.raises(errors.Invalid) as stranger:
            undertakings.assign(work, lead.id, "unit_handler.mzj", None)
        with pytest.raises(errors.Invalid) as late:
            undertakings.assign(work, lead.id, "unit_handler.zjj", date(2026, 5, 9))

    assert ["handler"] == list(stranger.value.fields)
    assert ["internal_due_on"] == list(late.value.fields)


def test_no_state_of_an_undertaking_is_skipped(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        for state in set(undertakings.TRANSITIONS) - {"SIGNED", "RETURN_REQ"}:
            with pytest.raises(undertakings.WrongState):
                undertakings.move(work, lead, state)


def test_assistance_that_gave_no_opinion_lapses_with_the_lead(
    engine: Engine, vault: callers.Vault
) -> None:
    """S11: 民政局 is marked, 住建局 is not touched by it."""
    with engine.begin() as work:
        lead, assisting = issued(work, vault, "mzj")
        handled = handling(work, lead)
        with pytest.raises(errors.Invalid) as refused:
            reports.draft(work, handled, report(), person="unit_handler.zjj")
        reports.draft(
            work, handled, report(assist_note="民政局未交"), person="unit_handler.zjj"
        )
        undertakings.change(work, lead, state="REPORTED")
        assert not undertakings.leads_accepted(work, lead.matter_id)
        accepted = undertakings.accept(work, lead.id)
        lapsed = undertakings.get(work.connection, assisting.id)
        assert undertakings.leads_accepted(work, lead.matter_id)

    assert ["assist_note"] == list(refused.value.fields)
    assert ("ACCEPTED", "LAPSED") == (accepted.state, lapsed.state)


@pytest.mark.parametrize(
    ("report_class", "length", "field"),
    [
        ("GENERAL", 1000, None),
        ("GENERAL", 1001, "excess_reason"),
        ("COMPREHENSIVE", 2000, None),
        ("COMPREHENSIVE", 2001, "body"),
    ],
)
@pytest.mark.requirement("R-00-37")
def test_a_report_keeps_to_its_length(
    report_class: str, length: int, field: str | None
) -> None:
    """S10, Q-04: exactly the limit is allowed; blanks do not count."""
    given = report(report_class=report_class, body="字 \n" * length)

    assert [field] == [_refused_field(given)]


def test_a_long_general_report_is_taken_with_its_reason() -> None:
    given = report(body="字" * 3000, excess_reason="情况复杂")

    assert 3000 == reports.read(given)["word_count"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"problems": ""}, "problems"),
        ({"problems": "无"}, None),
        ({"need_rectify": True}, "measures"),
        ({"need_rectify": True, "measures": [{"measure": ""}]}, "measures"),
        ({"need_rectify": True, "measures": [{"measure": "停工"}]}, None),
        ({"investigated": True, "legal_basis": "条例"}, "fact_basis"),
        ({"investigated": True, "fact_basis": "笔录"}, "legal_basis"),
        ({"investigated": True, "fact_basis": "笔录", "legal_basis": "条例"}, None),
        ({"progress": 101}, "progress"),
        ({"progress": True}, "progress"),
        ({"completion": "完成"}, "completion"),
        ({"report_class": "一般"}, "report_class"),
    ],
)
def test_a_report_says_what_it_must(
    changes: dict[str, object], field: str | None
) -> None:
    """S10, R-01-24, R-01-25."""
    assert field == _refused_field(report(**changes))


def _refused_field(given: dict[str, object]) -> str | None:
    try:
        reports.read(given)
    except errors.Invalid as refused:
        return next(iter(refused.fields))
    return None


@pytest.mark.requirement("R-00-34")
@pytest.mark.parametrize("part", ["body", "conclusion", "actions"])
def test_a_report_has_facts_a_conclusion_and_actions(
    engine: Engine, vault: callers.Vault, part: str
) -> None:
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        with pytest.raises(errors.Invalid) as refused:
            reports.draft(work, lead, report(**{part: " "}), person="unit_handler.zjj")

    (message,) = refused.value.fields[part]
    assert "不能为空。" in message


@pytest.mark.requirement("R-00-36")
def test_a_report_is_of_one_undertaking_alone() -> None:
    """R-00-36: the table has room for one, and the draft takes one."""
    keys = tables.progress_report.c.undertaking_id

    assert not keys.nullable
    assert {"undertaking.id"} == {key.target_fullname for key in keys.foreign_keys}


@pytest.mark.requirement("R-00-18")
def test_a_report_nobody_signed_is_not_submitted(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        reports.draft(work, lead, report(), person="unit_handler.zjj")
        with pytest.raises(reports.NotSigned):
            reports.submit(work, undertakings.get(work.connection, lead.id))


@pytest.mark.parametrize("substituted", [True, False])
@pytest.mark.requirement("R-00-18")
def test_only_the_head_or_his_substitute_signs(
    engine: Engine, vault: callers.Vault, substituted: bool
) -> None:
    """R-00-18: whoever else signs, the report stays in the unit."""
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        reports.draft(work, lead, report(), person="unit_handler.zjj")
        draft = reports.latest(work.connection, lead.id)
        assert draft is not None
        if substituted:
            people.add_substitution(
                work.connection,
                "unit_head.zjj",
                "unit_deputy.zjj",
                starts_at=work.now() - timedelta(days=1),
                ends_at=work.now() + timedelta(days=1),
                reason="出差",
            )
        reports.sign(
            work, draft, person="unit_deputy.zjj", on_behalf_of="unit_head.zjj"
        )
        current = undertakings.get(work.connection, lead.id)
        ready = undertakings.move(work, current, "UNIT_SIGN")
        if substituted:
            sent = reports.submit(work, ready)
            trail = (sent.signer, sent.signed_for, sent.signed_at, sent.submitted_at)
            assert ("unit_deputy.zjj", "unit_head.zjj", *[work.now()] * 2) == trail
        else:
            with pytest.raises(reports.NotSigned):
                reports.submit(work, ready)


@pytest.mark.parametrize(
    ("unit", "major", "rule", "signs"),
    [
        ("zjj", False, None, True),
        ("sthjj", False, None, False),
        ("sthjj", True, None, True),
        ("sthjj", False, "HEAD_ALWAYS", True),
        ("zjj", False, "DEPUTY_THEN_HEAD_IF_MAJOR", False),
        ("zjj", True, "DEPUTY_THEN_HEAD_IF_MAJOR", True),
    ],
)
@pytest.mark.requirement("R-00-18", "R-04-07")
def test_the_head_signs_all_but_what_is_not_major_in_the_vertical_tree(
    engine: Engine,
    vault: callers.Vault,
    unit: str,
    major: bool,
    rule: str | None,
    signs: bool,
) -> None:
    """Q-05: 一律主要负责人签发; 004二(三): the deputy, but for what is major."""
    if rule is not None:
        told = DESCRIPTION.read_text("utf-8")
        ruled = told.replace("[parameters]", f'[parameters]\nsign_rule = "{rule}"')
        with engine.begin() as work:
            work.deploy({f"{DESCRIPTION.parent.name}/procedure.toml": ruled.encode()})
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        matter = matters.get(work.connection, lead.matter_id)
        matters.change(work, matter, major=major)
        theirs = dataclasses.replace(lead, unit=unit)

        assert signs is reports.head_signs(work.connection, theirs)


def test_new_words_need_a_new_signature(engine: Engine, vault: callers.Vault) -> None:
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        first = reports.draft(work, lead, report(), person="unit_handler.zjj")
        reports.sign(work, first, person="unit_head.zjj", on_behalf_of=None)
        current = undertakings.get(work.connection, lead.id)
        back = undertakings.move(work, current, "HANDLING")
        again = reports.draft(
            work, back, report(body="改过的内容。"), person="unit_handler.zjj"
        )

    assert (first.id, 1, None) == (again.id, again.version, again.signer)
    assert "改过的内容。" == again.body


def test_reporting_stops_the_clock_and_turns_the_light_off(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = submitted(work, handling(work, issued(work, vault)[0]))
        job = engine_tables.job.c
        left = work.connection.scalars(
            sa.select(job.key).where(job.key.startswith("ladder:undertaking:"))
        ).all()

    assert ("REPORTED", "OFF", 0) == (lead.state, lead.light, lead.late_days)
    assert [] == left


@pytest.mark.requirement("R-00-27", "R-01-40")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"accurate": False}, ["accurate"]),
        ({"objective": False, "truthful": False}, ["objective", "truthful"]),
        ({"verdict": "RETURN_REDO", "comment": "请补充。"}, ["reasons"]),
        ({**RETURN, "comment": " "}, ["comment"]),
        ({**RETURN, "reasons": ["BORING"]}, ["reasons"]),
        ({**RETURN, "resubmit_on": "2026-04-29"}, ["resubmit_on"]),
        ({"verdict": "MAYBE"}, ["verdict"]),
    ],
)
def test_a_review_without_its_grounds_is_refused(
    engine: Engine,
    vault: callers.Vault,
    call: Act,
    changes: dict[str, object],
    fields: list[str],
) -> None:
    """S09: to accept all three hold, to return one of the four reasons is given."""
    with engine.begin() as work:
        lead = submitted(work, handling(work, issued(work, vault)[0]))
        with pytest.raises(errors.Invalid) as refused:
            reviews.record(call(work, "dc_officer", {**ACCEPT, **changes}), lead)

    assert fields == list(refused.value.fields)


def test_a_return_gives_three_working_days_and_keeps_the_first_version(
    engine: Engine, vault: callers.Vault, call: Act, clock: clocks.FixedClock
) -> None:
    """S09: from 2026-10-09 three working days end on 10-13."""
    clock.set(at(date(2026, 10, 9)))
    with engine.begin() as work:
        lead = issued(work, vault, assigned_on="2026-10-09")[0]
        lead = submitted(work, handling(work, lead))
        first = reports.latest(work.connection, lead.id)
        review = reviews.record(
            call(
                work,
                "dc_officer",
                {
                    **RETURN,
                    "reasons": ["CONCLUSION_INACCURATE", "FORMAT_NONSTANDARD"],
                },
            ),
            lead,
        )
        assert review.resubmit_on is not None
        back = undertakings.returned(work, lead.id, review.resubmit_on)
        again = submitted(work, back)
        versions = reports.of_undertaking(work.connection, lead.id)

    assert date(2026, 10, 13) == review.resubmit_on
    assert ("RETURNED", 1) == (back.state, back.returns)
    assert lead.original_due_at == again.original_due_at
    assert [1, 2] == [one.version for one in versions]
    assert first == versions[0]


def test_only_the_second_return_costs_half_a_point(
    engine: Engine, vault: callers.Vault
) -> None:
    """S09, domain §5.1."""
    points = []
    with engine.begin() as work:
        lead = submitted(work, handling(work, issued(work, vault)[0]))
        for _ in range(2):
            back = undertakings.returned(work, lead.id, date(2026, 5, 20))
            points.append(
                [one.points for one in scores.entries(work.connection, lead.id)]
            )
            submitted(work, back)

    assert [[], [-0.5]] == points


def test_contact_with_the_caller_is_kept_with_the_undertaking(
    engine: Engine, vault: callers.Vault
) -> None:
    given = {
        "contacted_on": "2026-04-29",
        "contact_mode": "电话",
        "contact_content": "已告知处理时限。",
    }
    with engine.begin() as work:
        lead = handling(work, issued(work, vault)[0])
        reports.record_contact(work, lead, given, person="unit_handler.zjj")
        reports.record_contact(work, lead, {}, person="unit_handler.zjj")
        with pytest.raises(errors.Invalid):
            reports.record_contact(
                work, lead, {"contact_mode": "电话"}, person="unit_handler.zjj"
            )
        kept = work.connection.execute(sa.select(tables.contact)).all()

    assert [(lead.id, date(2026, 4, 29), "电话")] == [
        (one.undertaking_id, one.contacted_on, one.mode) for one in kept
    ]


def test_the_matter_shows_the_worst_light_of_its_parts(
    engine: Engine, vault: callers.Vault
) -> None:
    with engine.begin() as work:
        lead = issued(work, vault)[0]
        before = matters.get(work.connection, lead.matter_id).light
        undertakings.change(work, lead, light="RED")
        after = matters.refresh_light(work, lead.matter_id)

    assert ("GREEN", "RED", True) == (before, after.light, after.ever_red)
