"""Returned tasks: to whom, over which branches, and back again (退回)."""

import pytest

from engine import errors
from engine import people
from engine import returns
from engine.bpmn.game import moves
from tests.engine.conftest import MONDAY
from tests.engine.conftest import Office
from tests.engine.conftest import line
from tests.engine.conftest import task
from tests.engine.operations import FORK
from tests.engine.operations import INSIDE
from tests.engine.operations import UNITS
from tests.engine.operations import called
from tests.engine.operations import events
from tests.engine.operations import holders
from tests.engine.operations import signing
from tests.engine.operations import task_of

CHAIN = line(
    "chain",
    task("draft", "起草", "officer,deputy"),
    task("audit", "审核", "officer,deputy"),
    task("sign", "签发", "director"),
)


def give_back(office: Office, name: str, person: str, **how: object) -> object:
    """Return the one open task of this name."""
    task_id = office.open_task(name)
    with office.engine.begin() as work:
        return work.return_task(task_id, person, "材料不全", **how)


@pytest.mark.requirement("R-05-03")
def test_a_task_goes_back_to_who_completed_the_one_before(office: Office) -> None:
    """The group may do it, but it is the same person's turn again."""
    office.deploy(CHAIN)
    instance_id = office.start("chain")
    office.complete("起草", "officer")
    office.complete("审核", "deputy")
    give_back(office, "签发", "director")

    assert ["审核"] == office.waiting()
    assert ["deputy"] == holders(office, "审核")
    (event,) = events(office, instance_id, "task_returned")
    assert {
        "type": "task_returned",
        "person": "director",
        "on_behalf_of": None,
        "details": {
            "to": "audit",
            "holder": "deputy",
            "reason": "材料不全",
            "straight": False,
        },
    } == event
    office.complete("审核", "deputy")
    assert ["签发"] == office.waiting()


def test_a_task_goes_back_to_the_starter(office: Office) -> None:
    """Everything between is gone through again."""
    office.deploy(CHAIN)
    office.start("chain")
    office.complete("起草", "officer")
    office.complete("审核", "deputy")
    give_back(office, "签发", "director", to=returns.STARTER)

    assert ["officer"] == holders(office, "起草")
    for name, person in (("起草", "officer"), ("审核", "deputy"), ("签发", "director")):
        office.complete(name, person)
    assert [] == office.waiting()


def test_what_was_returned_comes_straight_back(office: Office) -> None:
    """The steps between are skipped, and the returner has it again."""
    office.deploy(CHAIN)
    instance_id = office.start("chain")
    office.complete("起草", "officer")
    office.complete("审核", "deputy")
    give_back(office, "签发", "director", to="draft", straight=True)
    office.complete("起草", "officer")

    assert ["签发"] == office.waiting()
    assert ["director"] == holders(office, "签发")
    office.complete("签发", "director")
    assert "completed" == office.status(instance_id)


def test_the_targets_are_those_completed_before_the_latest_first(
    office: Office,
) -> None:
    """With who completed them: what a page offers to choose from."""
    office.deploy(CHAIN)
    office.start("chain")
    office.complete("起草", "officer")
    office.complete("审核", "deputy")
    task_id = office.open_task("签发")
    with office.engine.begin() as work:
        targets = work.return_targets(task_id)

    assert [("审核", "deputy"), ("起草", "officer")] == [
        (t.name, t.person) for t in targets
    ]


def test_a_task_goes_back_to_its_group_when_its_person_has_left(
    office: Office,
) -> None:
    """Whoever has lost the post does not get the task of the post."""
    office.deploy(CHAIN)
    with office.engine.begin() as work:
        people.add_person(work.connection, "guest", "借调人员", at=MONDAY)
        people.add_post(
            work.connection,
            "guest",
            "deputy",
            starts_at=MONDAY,
            ends_at=MONDAY.replace(day=29),
        )
    office.start("chain")
    office.complete("起草", "officer")
    office.complete("审核", "guest")
    office.later(days=2)
    give_back(office, "签发", "director")

    assert [None] == holders(office, "审核")


def test_only_the_branch_of_the_returned_task_goes_back(office: Office) -> None:
    """The other branch keeps its task; the join lets both through once."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    office.complete("起草")
    office.complete("会办甲")
    give_back(office, "会办乙", "officer", to="first", straight=True)

    assert ["会办丙", "会办甲"] == office.waiting()
    office.complete("会办丙", "deputy")
    office.complete("会办甲")
    assert ["会办乙"] == office.waiting()
    office.complete("会办乙")
    office.complete("签发", "director")
    assert "completed" == office.status(instance_id)


def test_a_return_before_a_fork_ends_every_branch(office: Office) -> None:
    """The dry run says so first: the tasks, the timer, the branches."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    office.complete("起草")
    task_id = office.open_task("会办甲")
    before = office.dump()
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id, lambda: work.return_task(task_id, "officer", "重拟")
        )

    assert before == office.dump()
    assert ["会办甲", "会办丙"] == [t.name for t in seen.ends.user_tasks]
    assert ["late"] == [t.element_id for t in seen.ends.timers]
    assert ["first", "third"] == [b.element_id for b in seen.ends.branches]
    assert [("起草", "officer")] == [
        (t.name, t.assignee) for t in seen.opens.user_tasks
    ]
    give_back(office, "会办甲", "officer")
    assert ["起草"] == office.waiting()


def test_a_return_that_ends_open_work_cannot_come_straight_back(
    office: Office,
) -> None:
    """It would pass over the branch that was cut off."""
    office.deploy(FORK)
    office.start("fork")
    office.complete("起草")

    with pytest.raises(returns.CannotComeBack):
        give_back(office, "会办甲", "officer", straight=True)
    assert ["会办丙", "会办甲"] == office.waiting()


def test_a_return_into_a_branch_finds_the_others_done(office: Office) -> None:
    """Behind the join, one branch alone is asked again."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    for name, person in (
        ("起草", "officer"),
        ("会办甲", "officer"),
        ("会办乙", "officer"),
        ("会办丙", "deputy"),
    ):
        office.complete(name, person)
    give_back(office, "签发", "director", to="third")
    assert ["会办丙"] == office.waiting()
    office.complete("会办丙", "deputy")
    office.complete("签发", "director")

    assert "completed" == office.status(instance_id)


def test_a_return_out_of_a_sub_process_ends_it(office: Office) -> None:
    """Its timer goes with it, and starts anew when it is entered again."""
    office.deploy(INSIDE)
    instance_id = office.start("inside")
    office.complete("拟办")
    office.complete("初核")
    task_id = office.open_task("复核")
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id,
            lambda: work.return_task(task_id, "deputy", "重拟", to="plan"),
        )
    assert ["overdue"] == [t.element_id for t in seen.ends.timers]
    with pytest.raises(returns.CannotComeBack):
        give_back(office, "复核", "deputy", to="plan", straight=True)
    give_back(office, "复核", "deputy", to="plan")

    assert ["拟办"] == office.waiting()
    office.later(days=4)
    assert ["拟办"] == office.waiting()
    for name, person in (("拟办", "officer"), ("初核", "officer"), ("复核", "deputy")):
        office.complete(name, person)
    office.complete("签发", "director")
    assert "completed" == office.status(instance_id)


def test_a_task_behind_a_sub_process_is_not_returned_into_it(office: Office) -> None:
    """What lay inside is no target: the sub-process is over."""
    office.deploy(INSIDE)
    office.start("inside")
    for name, person in (("拟办", "officer"), ("初核", "officer"), ("复核", "deputy")):
        office.complete(name, person)

    with pytest.raises(returns.NowhereToReturn, match="“confirm”不是此前办理过"):
        give_back(office, "签发", "director", to="confirm")
    give_back(office, "签发", "director")
    assert ["拟办"] == office.waiting()


def test_a_called_instance_does_not_return_to_its_caller(office: Office) -> None:
    """Inside it a task goes back; its first one has nowhere to go."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局"])
    office.complete("拟办")
    with pytest.raises(returns.NowhereToReturn, match="不能退回到上级办件中"):
        give_back(office, "承办", "officer")
    office.complete("承办")
    give_back(office, "审核", "deputy")

    assert ["承办"] == office.waiting()
    for name, person in (("承办", "officer"), ("审核", "deputy"), ("汇总", "officer")):
        office.complete(name, person)
    assert "completed" == office.status(instance_id)


def test_a_return_behind_called_instances_calls_them_anew(office: Office) -> None:
    """The dry run names the instances that would open."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局"])
    for name, person in (("拟办", "officer"), ("承办", "officer"), ("审核", "deputy")):
        office.complete(name, person)
    give_back(office, "汇总", "officer")
    office.complete("拟办")

    assert ["承办"] == office.waiting()
    assert 1 == len(called(office, instance_id))


def test_one_co_signer_returns_the_whole_signing(office: Office) -> None:
    """The other signatures are asked for again."""
    office.deploy(signing())
    office.start("signing", signers=["deputy", "director"])
    office.complete("拟办")
    task_id = task_of(office, "会签", "deputy")
    with office.engine.begin() as work:
        with pytest.raises(returns.CannotComeBack):
            work.return_task(task_id, "deputy", "重拟", straight=True)
        work.return_task(task_id, "deputy", "重拟")

    assert ["拟办"] == office.waiting()
    office.complete("拟办")
    assert ["deputy", "director"] == holders(office, "会签")


def test_a_return_is_refused_with_a_reason(office: Office) -> None:
    """Without a reason, by somebody else, to nowhere, or when it is over."""
    office.deploy(CHAIN)
    office.start("chain")
    first = office.open_task("起草")
    with office.engine.begin() as work:
        with pytest.raises(returns.NowhereToReturn, match="此前没有可以退回的环节"):
            work.return_task(first, "officer", "原因")
    office.complete("起草", "officer")
    task_id = office.open_task("审核")
    with office.engine.begin() as work:
        with pytest.raises(errors.Invalid, match="请写明退回"):
            work.return_task(task_id, "deputy", " ")
        with pytest.raises(errors.Forbidden):
            work.return_task(task_id, "director", "原因")
        with pytest.raises(returns.NowhereToReturn, match="“sign”不是此前办理过"):
            work.return_task(task_id, "deputy", "原因", to="sign")
        work.return_task(task_id, "deputy", "原因")
    with office.engine.begin() as work:
        with pytest.raises(errors.Conflict, match=r"已由 张副主任 于 .* 退回"):
            work.complete_task(task_id, "deputy")


def test_a_token_is_moved_by_hand_with_its_record(office: Office) -> None:
    """The element names it where one token stands; the dry run shows the rest."""
    office.deploy(FORK)
    instance_id = office.start("fork")
    office.complete("起草")
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id,
            lambda: work.move_token(instance_id, "first", "sign", "领导指示", "admin"),
        )
        with pytest.raises(moves.CannotMove, match="另一条并行分支"):
            work.move_token(instance_id, "first", "third", "领导指示", "admin")
    assert ["会办甲", "会办丙"] == [t.name for t in seen.ends.user_tasks]
    with office.engine.begin() as work:
        opened = work.move_token(instance_id, "first", "sign", "领导指示", "admin")

    assert (office.open_task("签发"),) == opened
    (event,) = events(office, instance_id, "token_moved")
    assert {"to": "sign", "reason": "领导指示"} == event["details"]
    office.complete("签发", "director")
    assert "completed" == office.status(instance_id)


def test_moving_past_called_instances_ends_them(office: Office) -> None:
    """All rounds of a multi-instance go together; their instances are cancelled."""
    office.deploy(*UNITS)
    instance_id = office.start("units", units=["公安局", "财政局"])
    office.complete("拟办")
    first, second = called(office, instance_id)
    with office.engine.begin() as work:
        seen = work.preview(
            instance_id,
            lambda: work.move_token(instance_id, "undertake", "gather", "并案", None),
        )
        assert [first, second] == [i.instance_id for i in seen.ends.instances]
        work.move_token(instance_id, "undertake", "gather", "并案", None)

    assert ["汇总"] == office.waiting()
    assert ["cancelled", "cancelled"] == [office.status(first), office.status(second)]
