"""Diagrams with damage: each is refused by name, or deploys and runs.

    python -m tests.properties.fuzz FOLDER --count 5000

prints what was neither, with the seed that makes it again.
"""

import argparse
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

from lxml import etree

from engine import errors
from engine.bpmn import model
from engine.bpmn.diagrams import linter
from engine.bpmn.diagrams import reading
from engine.bpmn.game import codec
from engine.bpmn.game import graph
from engine.bpmn.game import tokens

#: A diagram that takes longer hangs, measured in seconds of CPU.
LIMIT = 2.0
#: How many acts a damaged diagram is driven.
ACTS = 25
ROOT = Path(__file__).parent.parent.parent
SHIPPED = ROOT / "processes/catalog"

GARBAGE = (
    "",
    "${",
    "${x",
    "${1/0}",
    "${undefined}",
    "${a.b.c[0]}",
    "${'" + "a" * 5000 + "'}",
    "${" + "(" * 500 + ")" * 500 + "}",
    "${true}",
    "${[1,2,3]}",
    "PT1S",
    "R/PT0S",
    "R999999999/PT1S",
    "P99999999Y",
    "-PT1H",
    "0 0 31 2 *",
    "2026-13-45",
    "\u202e督",
    "1e999",
    "-1",
    "9" * 400,
)


class Yes:
    """Surroundings in which everything works and every decision says yes."""

    def __init__(self) -> None:
        self.functions: dict[str, object] = {}

    def now(self) -> datetime:
        return datetime(2026, 4, 29, 1, tzinfo=UTC)

    def invoke(self, *_: object) -> None:
        return None

    def decide(self, *_: object) -> list[dict[str, object]]:
        return []


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return a diagram with one to four damages."""
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.15:
            content = _bytes(content, chance)
            continue
        try:
            root = etree.fromstring(content, etree.XMLParser(resolve_entities=False))
        except etree.XMLSyntaxError:
            return _bytes(content, chance)
        elements = [e for e in root.iter() if isinstance(e.tag, str)][1:]
        if not elements:
            return content
        chance.choice(DAMAGES)(elements, chance)
        content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def _bytes(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(changed))
        # Most damage keeps the encoding right, else nothing behind it is reached.
        changed[place] = chance.choice([*range(32, 127), 0, 9, 10, 255])
    return bytes(changed)


Elements = list[etree._Element]


def _delete(elements: Elements, chance: random.Random) -> None:
    element = chance.choice(elements)
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _duplicate(elements: Elements, chance: random.Random) -> None:
    element = chance.choice(elements)
    copy = etree.fromstring(etree.tostring(element))
    if chance.random() < 0.5:
        for inner in copy.iter():
            if isinstance(inner.tag, str) and "id" in inner.attrib:
                inner.set("id", f"{inner.get('id')}_{chance.randrange(999)}")
    element.addnext(copy)


def _move(elements: Elements, chance: random.Random) -> None:
    element, target = chance.choice(elements), chance.choice(elements)
    if element not in target.iterancestors() and element is not target:
        target.append(element)


def _swap(elements: Elements, chance: random.Random) -> None:
    one, other = chance.choice(elements), chance.choice(elements)
    shared = sorted(set(one.attrib) & set(other.attrib))
    if shared:
        name = chance.choice(shared)
        first, second = one.get(name, ""), other.get(name, "")
        one.set(name, second)
        other.set(name, first)


def _collide(elements: Elements, chance: random.Random) -> None:
    named = [e for e in elements if "id" in e.attrib]
    if named:
        chance.choice(named).set("id", chance.choice(named).get("id", ""))


def _redirect(elements: Elements, chance: random.Random) -> None:
    named = [e.get("id", "") for e in elements if "id" in e.attrib]
    flows = [e for e in elements if "sourceRef" in e.attrib]
    if named and flows:
        end = chance.choice(["sourceRef", "targetRef"])
        chance.choice(flows).set(end, chance.choice(named))


def _rename(elements: Elements, chance: random.Random) -> None:
    chance.choice(elements).tag = chance.choice(elements).tag


def _garbage(elements: Elements, chance: random.Random) -> None:
    element, text = chance.choice(elements), chance.choice(GARBAGE)
    spoken = [e for e in elements if (e.text or "").strip()]
    if spoken and chance.random() < 0.6:
        chance.choice(spoken).text = text
    elif element.attrib:
        element.set(chance.choice(sorted(element.attrib)), text)


def _nest(elements: Elements, chance: random.Random) -> None:
    element = chance.choice(elements)
    parent = element.getparent()
    if parent is None:
        return
    for _ in range(chance.choice([1, 2, 30])):
        around = etree.Element(chance.choice(elements).tag, id=f"n{chance.random()}")
        element.addprevious(around)
        around.append(element)
        element = around


DAMAGES = (
    _delete,
    _duplicate,
    _move,
    _swap,
    _collide,
    _redirect,
    _rename,
    _garbage,
    _nest,
)


def verdict(content: bytes) -> str:
    """Return `refused` or `ran`; raise what neither refuses nor runs."""
    began = time.thread_time()
    try:
        found = reading.read_diagram(content)
    except errors.Refused as refusal:
        return _named(refusal.message, began)
    problems = [*found.problems]
    for process in found.processes:
        problems += linter.lint(process)
    wrong = [p for p in problems if p.severity == "error"]
    if not all(problem.rule for problem in wrong):
        raise AssertionError(f"a problem without a name: {wrong}")
    if not wrong:
        if not found.processes:
            raise AssertionError("neither a process nor a problem")
        for process in found.processes:
            run(process)
    if wrong:
        return _named(wrong[0].message, began)
    _in_time(began)
    return "ran"


def _named(message: str, began: float) -> str:
    if not re.search("[\u4e00-\u9fff]", message):
        raise AssertionError(f"a refusal without a reason: {message}")
    _in_time(began)
    return "refused"


def _in_time(began: float) -> None:
    spent = time.thread_time() - began
    if spent > LIMIT:
        raise AssertionError(f"hung for {spent:.1f} s")


def run(process: model.Process) -> None:
    """Start an instance and answer whatever it waits for."""
    plan, world = graph.build(process), Yes()
    game = tokens.Game.start(plan, world, variables={})
    for _ in range(ACTS):
        if game.ended is not None or not game.waits:
            return
        state = codec.dump(game)
        game = codec.load(plan, state, world)
        wait_id, (kind, _) = next(iter(game.waits.items()))
        try:
            _answer(game, wait_id, kind)
        except errors.Refused:
            return


def _answer(game: tokens.Game, wait_id: str, kind: str) -> None:
    match kind:
        case "user_task" | "external":
            game.complete(wait_id, {})
        case "message" | "signal" | "receive":
            game.deliver(wait_id, {})
        case "timer":
            game.fire(wait_id)
        case "call":
            game.finish_call(wait_id, {})
        case "async":
            game.resume(wait_id)
        case _:
            # What failed or waits for a condition: the instance is ended.
            game.cancel("damaged")


def sources(folder: Path) -> list[Path]:
    """Return the diagrams in a folder, the small ones."""
    return sorted(
        path
        for pattern in ("*.bpmn", "*.bpmn20.xml")
        for path in folder.rglob(pattern)
        if path.stat().st_size < 200_000
    )


def fuzz(folder: Path, count: int) -> Iterator[tuple[str, str]]:
    """Yield for each damaged diagram where it comes from and what became of it."""
    paths = sources(folder)
    for seed in range(count):
        path = paths[seed % len(paths)]
        content = damaged(path.read_bytes(), random.Random(seed))
        try:
            told = verdict(content)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:200]
        yield f"{path.name} seed {seed}", told


def main() -> int:
    """Print what crashed or hung; exit 1 if anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED)
    parser.add_argument("--count", type=int, default=5000)
    given = parser.parse_args()
    counted: Counter[str] = Counter()
    for name, told in fuzz(given.folder, given.count):
        counted[told if told in ("ran", "refused") else "failed"] += 1
        if told not in ("ran", "refused"):
            print(f"{name}: {told}", flush=True)
    print(", ".join(f"{kind} {number}" for kind, number in sorted(counted.items())))
    return 1 if counted["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
