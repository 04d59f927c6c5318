"""Co-signers added to and removed from a running multi-instance (加签, 减签)."""

import pytest

from engine import instances
from engine.bpmn.game import rounds as rounds_of
from tests.engine.conftest import Office
from tests.engine.conftest import task
from tests.engine.operations import UNITS
from tests.engine.operations import arrows
from tests.engine.operations import called
from tests.engine.operations import events
from tests.engine.operations import holders
from tests.engine.operations import process
from tests.engine.operations import rounds
from tests.engine.operations import signing
from tests.engine.operations import task_of


def sign(office: Office, person: str) -> None:
    task_id = task_of(office, "会签", person)
    with office.engine.begin() as work:
        work.complete_task(task_id, person)


@pytest.mark.requirement("R-05-03")
def test_a_co_signer_is_added_and_removed(office: Office) -> None:
    """Each gets a task of their own; the history says who and by whom."""
    office.deploy(signing())
    instance_id = office.start("signing", signers=["deputy"])
    office.complete("拟办")
    with office.engine.begin() as work:
        opened = work.add_cosigner(instance_id, "cosign", "director", "officer")
        work.add_cosigner(instance_id, "cosign", "officer", "officer")
    assert (task_of(office, "会签", "director"),) == opened
    assert ["deputy", "director", "officer"] == holders(office, "会签")

    with office.engine.begin() as work:
        work.remove_cosigner(instance_id, "cosign", "officer", "officer")
    sign(office, "deputy")
    sign(office, "director")
    assert ["签发"] == office.waiting()
    assert [
        ("cosigner_added", "officer", {"value": "director"}),
        ("cosigner_added", "officer", {"value": "officer"}),
        ("cosigner_removed", "officer", {"value": "officer"}),
    ] == [
        (e["type"], e["person"], e["details"])
        for e in events(office, instance_id, "cosigner_added", "cosigner_removed")
    ]


def test_one_after_the_other_a_new_co_signer_comes_last(office: Office) -> None:
    """Who is struck off before the turn comes never gets a task."""
    office.deploy(signing(sequential=True))
    instance_id = office.start("signing", signers=["deputy", "director"])
    office.complete("拟办")
    with office.engine.begin() as work:
        work.add_cosigner(instance_id, "cosign", "officer", "officer")
        work.remove_cosigner(instance_id, "cosign", "director", "officer")
    assert ["deputy"] == holders(office, "会签")
    sign(office, "deputy")
    assert ["officer"] == holders(office, "会签")
    sign(office, "officer")

    assert ["签发"] == office.waiting()


def test_a_unit_is_added_and_removed(office: Office) -> None:
    """A round of a call activity is an instance, cancelled when it is removed."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局"])
    office.complete("拟办")
    (first,) = called(office, instance_id)
    before = office.dump()
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id,
            lambda: work.add_cosigner(instance_id, "undertake", "财政局", "officer"),
        )
    assert before == office.dump()
    assert ["unit"] == [i.key for i in seen.opens.instances]
    assert ["承办"] == [t.name for t in seen.opens.user_tasks]
    with office.engine.begin() as work:
        work.add_cosigner(instance_id, "undertake", "财政局", "officer")
    (second,) = set(called(office, instance_id)) - {first}
    with office.engine.begin() as work:
        assert "财政局" == work.variables(second)["unit"]
        seen = work.preview(
            instance_id,
            lambda: work.remove_cosigner(instance_id, "undertake", "公安局", None),
        )
        assert [first] == [i.instance_id for i in seen.ends.instances]
        work.remove_cosigner(instance_id, "undertake", "公安局", "officer")

    assert "cancelled" == office.status(first)
    assert ["承办"] == office.waiting()
    office.complete("承办")
    office.complete("审核", "deputy")
    assert ["汇总"] == office.waiting()


def test_where_several_signings_run_one_is_named(office: Office) -> None:
    """A signing inside each round of a sub-process: `beside` says which."""
    office.deploy(
        process(
            "nested",
            '<subProcess id="each">'
            + rounds("matters", "matter")
            + '<startEvent id="in"/><userTask id="cosign" name="会签"'
            ' camunda:assignee="${signer}">'
            + rounds("signers", "signer")
            + "</userTask>"
            + arrows("in cosign")
            + "</subProcess>"
            + task("sign", "签发"),
            "begin each",
            "each sign",
            "sign stop",
        )
    )
    instance_id = office.start("nested", matters=[1, 2], signers=["deputy"])
    with office.engine.begin() as work:
        with pytest.raises(rounds_of.CannotCosign, match="同时有几处在会签"):
            work.add_cosigner(instance_id, "cosign", "director", None)
        beside = next(
            wait_id
            for wait_id, (kind, _) in instances.look(work, instance_id).waits.items()
            if kind == "user_task"
        )
        work.add_cosigner(instance_id, "cosign", "director", None, beside=beside)

    assert ["deputy", "deputy", "director"] == holders(office, "会签")


def test_a_co_signer_is_refused_with_a_reason(office: Office) -> None:
    """Nothing is written of what was refused."""
    office.deploy(signing())
    instance_id = office.start("signing", signers=["deputy", "director"])
    with office.engine.begin() as work:
        with pytest.raises(rounds_of.CannotCosign, match="现在没有在会签"):
            work.add_cosigner(instance_id, "cosign", "officer", None)
    office.complete("拟办")
    before = office.dump()
    for value, act, reason in (
        ("deputy", "add", "已经在会签之列"),
        ("officer", "remove", "不在会签之列"),
    ):
        with (
            pytest.raises(rounds_of.CannotCosign, match=reason),
            office.engine.begin() as work,
        ):
            command = work.add_cosigner if act == "add" else work.remove_cosigner
            command(instance_id, "cosign", value, None)
    with (
        pytest.raises(rounds_of.CannotCosign, match="不是按名单会签的环节"),
        office.engine.begin() as work,
    ):
        work.add_cosigner(instance_id, "sign", "officer", None)

    assert before == office.dump()
