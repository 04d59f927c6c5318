"""Tokens moved by hand: the instance can go on afterwards, whatever was moved."""

import itertools
import random

import pytest

from engine.bpmn.game import moves
from tests.engine.bpmn.game_stories import Story


def task(element_id: str, more: str = "") -> str:
    return f'<userTask id="{element_id}" name="{element_id}" {more}/>'


def arrows(*pairs: str) -> str:
    """Return sequence flows, each given as `source target`."""
    return "".join(
        f'<sequenceFlow id="{s}-{t}" sourceRef="{s}" targetRef="{t}"/>'
        for s, t in (pair.split() for pair in pairs)
    )


#: draft → fork → a1 → a2, b → join → sign
FORK = (
    '<startEvent id="begin"/><endEvent id="stop"/><parallelGateway id="fork"/>'
    '<parallelGateway id="join"/>'
    + "".join(task(i) for i in ("draft", "a1", "a2", "b", "sign"))
    + arrows(
        "begin draft",
        "draft fork",
        "fork a1",
        "a1 a2",
        "a2 join",
        "fork b",
        "b join",
        "join sign",
        "sign stop",
    )
)


class Moving(Story):
    """A story whose tokens can be moved."""

    def moves(
        self,
        source: str,
        target: str,
        holder: str | None = None,
        back: tuple[str, str] | None = None,
    ) -> None:
        token_id = next(
            t.id
            for t in self.game.tokens()
            if t.element.id == source and not t.subscription
        )
        plan = moves.plan(self.game, token_id, target)
        moves.make(self.game, plan, holder=holder, back=back)
        self._turn(self.game)


def refusal(story: Moving, source: str, target: str) -> str:
    with pytest.raises(moves.CannotMove) as refused:
        story.moves(source, target)
    return refused.value.message


def test_a_token_moves_back_within_its_branch_and_leaves_the_others() -> None:
    """Only the branch that is moved goes back."""
    story = Moving(FORK)
    story.completes("draft")
    story.completes("a1")
    story.moves("a2", "a1")

    assert ["a1", "b"] == story.tasks
    for element in ("a1", "a2", "b", "sign"):
        story.completes(element)
    assert story.ended is not None


def test_a_token_that_moves_before_a_fork_ends_every_branch() -> None:
    """What the fork opened goes, or it would arrive at the join twice."""
    story = Moving(FORK)
    story.completes("draft")
    story.moves("b", "draft")

    assert ["draft"] == story.tasks
    for element in ("draft", "a1", "a2", "b", "sign"):
        story.completes(element)
    assert story.ended is not None


def test_a_token_that_moves_back_into_a_branch_finds_the_others_done() -> None:
    """The join does not wait for a branch that was finished before."""
    story = Moving(FORK)
    for element in ("draft", "b", "a1", "a2"):
        story.completes(element)
    story.moves("sign", "a2")

    assert ["a2"] == story.tasks
    story.completes("a2")
    assert ["sign"] == story.tasks


def test_a_token_that_moves_past_a_join_ends_the_branches_before_it() -> None:
    """Nothing arrives at the join any more."""
    story = Moving(FORK)
    story.completes("draft")
    story.moves("a1", "sign")

    assert ["sign"] == story.tasks
    story.completes("sign")
    assert story.ended is not None


def test_a_token_does_not_move_into_another_branch() -> None:
    """Its own branch would be missing at the join."""
    story = Moving(FORK)
    story.completes("draft")

    assert "“b” 在另一条并行分支上，不能移到那里。" == refusal(story, "a1", "b")
    assert ["a1", "b"] == story.tasks


def test_a_token_waits_for_nothing_at_a_joining_gateway_it_is_put_on() -> None:
    """Gateways that join are refused as targets, and so is what does not exist."""
    story = Moving(FORK)
    story.completes("draft")

    assert refusal(story, "a1", "join").startswith("不能移到 “join”")
    assert "图中没有“x”这一环节。" == refusal(story, "a1", "x")


def test_a_token_that_leaves_a_sub_process_takes_it_along() -> None:
    """The sub-process ends, with its other branches and boundary events."""
    story = Moving(
        '<startEvent id="begin"/><endEvent id="stop"/>'
        + task("first")
        + '<subProcess id="sub"><startEvent id="s2"/>'
        + task("x")
        + task("y")
        + arrows("s2 x", "s2 y")
        + "</subProcess>"
        + '<boundaryEvent id="late" attachedToRef="sub"><timerEventDefinition>'
        "<timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>"
        + arrows("begin first", "first sub", "sub stop", "late first")
    )
    story.completes("first")
    assert ["late", "x", "y"] == story.waiting
    story.moves("x", "first")

    assert ["first"] == story.waiting
    story.completes("first")
    assert "“x” 既不在同一层，也不在外层，不能移到那里。" == refusal(story, "sub", "x")
    story.completes("x")
    story.completes("y")
    assert story.ended is not None


def test_one_round_of_a_sub_process_moves_without_the_others() -> None:
    """A target inside the round concerns that round alone."""
    story = Moving(
        '<startEvent id="begin"/><endEvent id="stop"/><subProcess id="sub">'
        '<multiInstanceLoopCharacteristics camunda:collection="units"'
        ' camunda:elementVariable="unit"/><startEvent id="s2"/>'
        + task("x")
        + task("y")
        + arrows("s2 x", "x y")
        + "</subProcess>"
        + arrows("begin sub", "sub stop"),
        units=["one", "two"],
    )
    story.completes("x")
    assert ["x", "y"] == story.tasks
    story.moves("y", "x")

    assert ["x", "x"] == story.tasks
    for element in ("x", "x", "y", "y"):
        story.completes(element)
    assert story.ended is not None


def test_an_inclusive_join_does_not_wait_for_a_branch_that_moved_away() -> None:
    """The branches that stay open are joined as the diagram says."""
    story = Moving(
        '<startEvent id="begin"/><endEvent id="stop"/><inclusiveGateway id="fork"/>'
        '<inclusiveGateway id="join"/>'
        + "".join(task(i) for i in ("a1", "a2", "b", "sign"))
        + arrows("begin fork", "fork a1", "a1 a2", "a2 join", "fork b", "b join")
        + arrows("join sign", "sign stop")
    )
    story.completes("b")
    story.completes("a1")
    story.moves("a2", "a1")
    assert ["a1"] == story.tasks
    story.completes("a1")
    story.completes("a2")
    assert ["sign"] == story.tasks

    story.moves("sign", "a2")
    story.completes("a2")
    assert ["sign"] == story.tasks


def test_a_token_leaves_no_event_sub_process() -> None:
    """What has taken over cannot be undone by a move."""
    story = Moving(
        '<startEvent id="begin"/><endEvent id="stop"/>'
        + task("x")
        + '<subProcess id="handler" name="改办" triggeredByEvent="true">'
        '<startEvent id="s2"><messageEventDefinition messageRef="m"/></startEvent>'
        + task("y")
        + arrows("s2 y")
        + "</subProcess>"
        + arrows("begin x", "x stop")
    )
    story.receives("s2")

    told = "“改办”（handler） 是事件子流程，不能从中移到外面。"
    assert told == refusal(story, "y", "x")


def test_what_is_returned_comes_straight_back_to_its_holder() -> None:
    """The way between is not gone again; branches and joins stay as they were."""
    story = Moving(FORK)
    story.completes("draft")
    story.completes("a1")
    story.completes("a2")
    story.completes("b")
    story.moves("sign", "a1", holder="first", back=("sign", "chief"))
    story.completes("a1")

    assert ["sign"] == story.tasks
    opened = [
        (f.wait.element_id, f.wait.details["assignee"])
        for f in story.facts
        if type(f).__name__ == "Opened"
    ]
    assert [("a1", "first"), ("sign", "chief")] == opened[-2:]


def block(draw: random.Random, depth: int, names: list[str]) -> tuple[str, str, str]:
    """Return the XML, the first and the last element of a random structured block."""
    kind = draw.choice(["task", "task", "line", "fork", "some", "choice", "loop"])
    number = len(names)
    if depth == 0 or kind == "task":
        names.append(f"t{number}")
        return task(f"t{number}"), f"t{number}", f"t{number}"
    names.append(f"g{number}")
    inner = [block(draw, depth - 1, names) for _ in range(draw.randint(2, 3))]
    body = "".join(xml for xml, _, _ in inner)
    if kind == "line":
        pairs = [f"{a[2]} {b[1]}" for a, b in itertools.pairwise(inner)]
        return body + arrows(*pairs), inner[0][1], inner[-1][2]
    tags = {"fork": "parallelGateway", "some": "inclusiveGateway"}
    tag = tags.get(kind, "exclusiveGateway")
    opens, closes = f"o{number}", f"c{number}"
    body += f'<{tag} id="{opens}"/>'
    if kind == "loop":
        # opens → inner … → closes, which leads on or back to opens
        first, last = inner[0][1], inner[0][2]
        body = inner[0][0] + f'<{tag} id="{opens}"/><{tag} id="{closes}" default='
        body += f'"{closes}-out{number}"/><exclusiveGateway id="out{number}"/>'
        body += arrows(f"{opens} {first}", f"{last} {closes}", f"{closes} out{number}")
        body += (
            f'<sequenceFlow id="again{number}" sourceRef="{closes}"'
            f' targetRef="{opens}"><conditionExpression>${{again}}'
            "</conditionExpression></sequenceFlow>"
        )
        return body, opens, f"out{number}"
    default = f' default="{opens}-{inner[0][1]}"' if kind in ("choice", "some") else ""
    body = body.replace(f'<{tag} id="{opens}"/>', f'<{tag} id="{opens}"{default}/>')
    body += f'<{tag} id="{closes}"/>'
    for place, (_, first, last) in enumerate(inner):
        if kind in ("choice", "some") and place:
            holds = "==" if kind == "choice" else ">="
            body += (
                f'<sequenceFlow id="{opens}-{first}" sourceRef="{opens}"'
                f' targetRef="{first}"><conditionExpression>${{pick {holds} {place}}}'
                "</conditionExpression></sequenceFlow>"
            )
        else:
            body += arrows(f"{opens} {first}")
        body += arrows(f"{last} {closes}")
    return body, opens, closes


@pytest.mark.parametrize("seed", range(150))
def test_after_any_moves_an_instance_can_be_completed(seed: int) -> None:
    """No join is stuck and none passed early: every task completed, the end comes."""
    draw = random.Random(seed)
    names: list[str] = []
    parts = [block(draw, 3, names) for _ in range(2)]
    body = '<startEvent id="begin"/><endEvent id="stop"/>' + "".join(
        p[0] for p in parts
    )
    body += arrows(
        f"begin {parts[0][1]}", f"{parts[0][2]} {parts[1][1]}", f"{parts[1][2]} stop"
    )
    story = Moving(body, again=False, pick=0)
    tasks = [name for name in names if name.startswith("t")]
    moved = 0
    for _ in range(12):
        if story.ended:
            break
        source = draw.choice(story.tasks)
        if draw.random() < 0.5:
            story.completes(source, again=False, pick=draw.randint(0, 2))
            continue
        try:
            story.moves(source, draw.choice(tasks))
        except moves.CannotMove:
            continue
        moved += 1
        assert len(set(story.tasks)) == len(story.tasks)
    for _ in range(200):
        if story.ended:
            break
        assert len(set(story.tasks)) == len(story.tasks)
        story.completes(story.tasks[0], again=False, pick=0)

    assert story.ended is not None
