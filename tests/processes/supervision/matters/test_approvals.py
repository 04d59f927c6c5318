"""Proposals and opinions: who proposes does not approve, and nothing is overwritten."""

import pytest

from engine import errors
from engine.engine import Engine
from processes.supervision.elements import approval
from processes.supervision.forms import choices
from processes.supervision.hotline import callers
from processes.supervision.matters import matters
from processes.supervision.matters import opinions
from processes.supervision.matters import proposals
from tests.processes.supervision.conftest import Act
from tests.processes.supervision.conftest import proposed
from tests.processes.supervision.conftest import registered

GIVEN = {
    "opinion": "请住建局办理。",
    "requirement": "依法查处。",
    "lead_unit": "zjj",
}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lead_unit": "nobody"}, "lead_unit"),
        ({"lead_unit": ["zjj", "mzj"]}, "lead_unit"),
        ({"opinion": " "}, "opinion"),
        ({"requirement": None}, "requirement"),
        ({"assisting": [{"unit": "zjj", "duty": "配合"}]}, "assisting"),
        ({"assisting": [{"unit": "cgj", "duty": ""}]}, "duty"),
        ({"assisting": "cgj"}, "assisting"),
        ({"due_on": "2026-05-10"}, "due_on"),
        ({"due_on": "2026-04-28"}, "due_on"),
    ],
)
def test_a_proposal_that_cannot_be_carried_out_is_refused(
    engine: Engine, vault: callers.Vault, changes: dict[str, object], field: str
) -> None:
    """S11: two lead units are refused; so is a day after the matter's own."""
    with engine.begin() as work:
        matter = registered(work, vault)
        with pytest.raises(errors.Invalid) as refused:
            proposals.record(
                work,
                matter,
                {**GIVEN, **changes},
                person="dc_officer",
                on_behalf_of=None,
            )

    assert [field] == list(refused.value.fields)


def test_a_returned_proposal_is_kept_beside_the_new_one(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        proposed(work, matter)
        given = {"decision": "RETURN", "comment": "请明确时限。"}
        approval.record_opinion(call(work, "go_deputy", given, matter=matter.id))
        returned = matters.get(work.connection, matter.id)
        second = proposed(work, returned, "cgj")
        versions = proposals.of_matter(work.connection, matter.id)
        kept = opinions.of_matter(work.connection, matter.id)

    assert "PROPOSING" == returned.status
    assert [1, 2] == [one.version for one in versions]
    assert second == versions[1]
    assert [("RETURN", "请明确时限。")] == [(one.decision, one.comment) for one in kept]


def test_who_proposed_does_not_approve(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        proposed(work, matter)
        with pytest.raises(opinions.OwnDraft):
            approval.record_opinion(
                call(work, "dc_officer", {"decision": "APPROVE"}, matter=matter.id)
            )

        assert [] == opinions.of_matter(work.connection, matter.id)


def test_a_return_needs_its_reason(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        proposed(work, matter)
        with pytest.raises(errors.Invalid) as refused:
            approval.record_opinion(
                call(work, "go_deputy", {"decision": "RETURN"}, matter=matter.id)
            )

    assert {"comment": ["退回须写明理由。（R-05-03）"]} == refused.value.fields


@pytest.mark.parametrize("decision", ["REJECT", "CHANGE_UNIT", "NOT_OURS", "REDO"])
def test_a_decision_the_diagram_does_not_offer_is_refused(
    engine: Engine, vault: callers.Vault, call: Act, decision: str
) -> None:
    """签阅 may only agree or return; what the form sends does not widen that."""
    with engine.begin() as work:
        matter = registered(work, vault)
        proposed(work, matter)
        with pytest.raises(errors.Invalid) as refused:
            approval.record_opinion(
                call(
                    work,
                    "go_deputy",
                    {"decision": decision, "comment": "理由"},
                    matter=matter.id,
                )
            )

    assert ["decision"] == list(refused.value.fields)


def test_a_substitute_approves_on_behalf_of_whom_he_stands_in_for(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    """S13: the record says both who decided and for whom."""
    with engine.begin() as work:
        matter = registered(work, vault)
        proposed(work, matter)
        approval.record_opinion(
            call(
                work,
                "go_deputy",
                {"decision": "APPROVE"},
                element="sign_director",
                on_behalf_of="go_director",
                matter=matter.id,
            )
        )
        opinion = opinions.of_matter(work.connection, matter.id)[0]

    assert ("go_deputy", "go_director") == (opinion.person, opinion.on_behalf_of)
    assert ("签阅", "同意") == (opinion.verb, opinion.comment)


def test_changing_the_unit_makes_a_version_of_the_decider(
    engine: Engine, vault: callers.Vault, call: Act
) -> None:
    with engine.begin() as work:
        matter = registered(work, vault)
        proposed(work, matter, "cgj", "mzj")
        given = {"decision": "CHANGE_UNIT", "lead_unit": "cgj", "comment": "职责所在"}
        approval.record_opinion(
            call(
                work,
                "exec_vice_mayor",
                given,
                verb="审定",
                permits=("may_return", "may_change_unit"),
                matter=matter.id,
            )
        )
        changed = proposals.current(work.connection, matter.id)

    assert (2, "cgj", "exec_vice_mayor") == (
        changed.version,
        changed.mandates[0].lead_unit,
        changed.person,
    )
    assert ["mzj"] == [one.unit for one in changed.mandates[0].assisting]


@pytest.mark.parametrize(
    ("appointed", "accepted"),
    [("vice_mayor", True), ("go_director", False), ("dc_officer", False)],
)
def test_only_leaders_of_the_county_are_offered_to_stand_in(
    engine: Engine, vault: callers.Vault, call: Act, appointed: str, accepted: bool
) -> None:
    with engine.begin() as work:
        offered = choices.leaders(work, call(work, None, {}).element, {})

    assert accepted == (appointed in [one["value"] for one in offered])


def test_forms_offer_what_the_approver_may_decide(engine: Engine, call: Act) -> None:
    with engine.begin() as work:
        element = call(
            work, None, {}, verb="审定", permits=("may_return", "may_refuse")
        ).element
        decisions = choices.decisions(work, element, {})
        units = [one["value"] for one in choices.units(work, element, {})]
        persons = choices.persons_of_unit(work, element, {"unit": "zjj"})

    assert [
        {"value": "APPROVE", "label": "审定"},
        {"value": "RETURN", "label": "退回"},
        {"value": "NOT_OURS", "label": "不属本县"},
    ] == decisions
    assert "zjj" in units
    assert "dcs" not in units
    assert ["unit_handler.zjj"] == [one["value"] for one in persons]
