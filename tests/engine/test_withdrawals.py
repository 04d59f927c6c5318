"""What one has just completed is taken back, before anybody went on (撤回)."""

import pytest

from engine import drafts
from engine import errors
from engine import withdrawals
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import service
from tests.engine.conftest import task
from tests.engine.operations import FORK
from tests.engine.operations import INSIDE
from tests.engine.operations import UNITS
from tests.engine.operations import called
from tests.engine.operations import closed_task
from tests.engine.operations import events
from tests.engine.operations import holders
from tests.engine.operations import open_tasks
from tests.engine.operations import signing
from tests.engine.operations import task_of

CHAIN = line(
    "chain",
    task("draft", "起草", "officer,deputy"),
    task("audit", "审核", "officer,deputy"),
    task("sign", "签发", "director"),
)


def withdraw(office: Office, name: str, person: str = "officer") -> None:
    """Take back the task of this name that was closed last."""
    task_id = closed_task(office, name)
    with office.engine.begin() as work:
        work.withdraw_task(task_id, person)


def refusal(office: Office, name: str, person: str = "officer") -> str:
    """Return why it cannot be taken back; nothing changes."""
    before = office.dump()
    with pytest.raises(errors.Refused) as refused:
        withdraw(office, name, person)
    assert before == office.dump()
    return refused.value.message


@pytest.mark.requirement("R-05-03")
def test_what_was_completed_is_open_again_for_its_person(office: Office) -> None:
    """What it had opened is gone, and the dry run says so."""
    office.deploy(CHAIN)
    instance_id = office.start("chain")
    office.complete("起草")
    task_id = closed_task(office, "起草")
    with office.engine.begin() as work:
        seen = work.preview(instance_id, lambda: work.withdraw_task(task_id, "officer"))
    assert ["审核"] == [t.name for t in seen.ends.user_tasks]
    assert ["起草"] == [t.name for t in seen.opens.user_tasks]
    withdraw(office, "起草")

    assert ["起草"] == office.waiting()
    assert ["officer"] == holders(office, "起草")
    (event,) = events(office, instance_id, "task_withdrawn")
    assert "officer" == event["person"]
    for name, person in (("起草", "officer"), ("审核", "deputy"), ("签发", "director")):
        office.complete(name, person)
    assert "completed" == office.status(instance_id)


def test_nothing_is_taken_back_once_somebody_went_on(office: Office) -> None:
    """Claimed, drafted or completed: the next person has begun."""
    office.deploy(CHAIN)
    office.start("chain")
    office.complete("起草")
    task_id = office.open_task("审核")
    with office.engine.begin() as work:
        drafts.save(work.connection, task_id, "deputy", {"a": 1}, work.now())
    assert "下一环节已有人开始填写，不能撤回。" == refusal(office, "起草")
    with office.engine.begin() as work:
        work.claim_task(task_id, "deputy")
    told = "下一环节已由 张副主任 着手办理，不能撤回。"
    assert told == refusal(office, "起草")
    office.complete("审核", "deputy")
    assert told == refusal(office, "起草")
    office.complete("签发", "director")
    assert "已经办结" in refusal(office, "签发", "director")


def test_only_who_completed_it_takes_it_back(office: Office) -> None:
    """And only what was completed."""
    office.deploy(CHAIN)
    office.start("chain")
    task_id = office.open_task("起草")
    with office.engine.begin() as work:
        with pytest.raises(withdrawals.CannotWithdraw, match="没有办结"):
            work.withdraw_task(task_id, "officer")
    office.complete("起草")

    assert "只有办理人本人可以撤回。" == refusal(office, "起草", "deputy")
    withdraw(office, "起草")
    with office.engine.begin() as work:
        with pytest.raises(withdrawals.CannotWithdraw, match="已经流转"):
            work.withdraw_task(task_id, "officer")


def test_what_the_system_has_done_is_not_taken_back(office: Office) -> None:
    """A handler may have issued a document."""

    @office.registry.handler("issue")
    def issue(call: object) -> None:
        return None

    office.deploy(
        line("issued", task("a", "拟办"), service("b", "issue"), task("c", "后"))
    )
    office.start("issued")
    office.complete("拟办")

    assert "其间系统已自动办理“b”，不能撤回。" == refusal(office, "拟办")


def test_what_opened_several_branches_is_taken_back_whole(office: Office) -> None:
    """All untouched; one claimed branch refuses."""
    office.deploy(FORK)
    office.start("fork")
    office.complete("起草")
    withdraw(office, "起草")
    assert ["起草"] == office.waiting()
    office.complete("起草")
    task_id = office.open_task("会办丙")
    with office.engine.begin() as work:
        work.claim_task(task_id, "deputy")

    assert "张副主任" in refusal(office, "起草")


def test_a_branch_that_waits_at_the_join_is_taken_back(office: Office) -> None:
    """What others do in other branches meanwhile is theirs."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    office.complete("起草")
    office.complete("会办甲")
    office.complete("会办乙")
    office.later(days=1)
    assert ["会办丙", "催办"] == sorted(office.waiting())
    withdraw(office, "会办乙")
    assert ["会办丙", "会办乙", "催办"] == sorted(office.waiting())
    office.complete("会办丙", "deputy")
    assert ["会办乙", "催办"] == sorted(office.waiting())
    office.complete("会办乙")
    assert ["催办", "签发"] == sorted(office.waiting())
    withdraw(office, "会办乙")
    office.complete("会办乙")
    office.complete("签发", "director")
    office.complete("催办")

    assert "completed" == office.status(instance_id)


def test_what_opened_a_sub_process_is_taken_back_with_it(office: Office) -> None:
    """What ended one is not: the sub-process is over."""
    office.deploy(INSIDE)
    office.start("inside")
    office.complete("拟办")
    withdraw(office, "拟办")
    assert ["拟办"] == office.waiting()
    office.complete("拟办")
    office.complete("初核")
    withdraw(office, "初核")
    assert ["初核"] == office.waiting()
    office.complete("初核")
    office.complete("复核", "deputy")

    assert "已经流转到后面的环节，不能撤回。" == refusal(office, "复核", "deputy")


def test_what_opened_called_instances_is_taken_back_while_nobody_acts(
    office: Office,
) -> None:
    """They are cancelled; one that is being handled refuses."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局", "财政局"])
    office.complete("拟办")
    withdraw(office, "拟办")
    assert ["拟办"] == office.waiting()
    assert [] == called(office, instance_id)
    office.complete("拟办")
    task_id, _ = open_tasks(office, "承办")
    with office.engine.begin() as work:
        work.claim_task(task_id, "officer")

    assert "被调用的办件已经开始办理，不能撤回。" == refusal(office, "拟办")


def test_inside_a_called_instance_a_task_is_taken_back(office: Office) -> None:
    """Until its end: then its result has been handed over."""
    office.deploy(*UNITS)
    office.start("units", units=["公安局"])
    office.complete("拟办")
    office.complete("承办")
    withdraw(office, "承办")
    assert ["承办"] == office.waiting()
    office.complete("承办")
    office.complete("审核", "deputy")

    assert "已经办结" in refusal(office, "审核", "deputy")


def test_one_signature_of_several_is_not_taken_back(office: Office) -> None:
    """Neither while the signing runs nor when it has ended."""
    office.deploy(signing())
    office.start("signing", signers=["deputy", "director"])
    office.complete("拟办")
    withdraw(office, "拟办")
    office.complete("拟办")
    for person in ("deputy", "director"):
        task_id = task_of(office, "会签", person)
        with office.engine.begin() as work:
            work.complete_task(task_id, person)
        with office.engine.begin() as work:
            with pytest.raises(errors.Refused, match="一份意见不能单独撤回"):
                work.withdraw_task(task_id, person)

    assert ["签发"] == office.waiting()
