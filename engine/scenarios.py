"""Scenarios: tests that a designer can read, run on the real engine and a fixed clock.

A scenario is a YAML file: `name`, `basis` (the sentence it shows), `begins` (a time
in Shanghai) and `acts`, a list of one-verb mappings. A verb is a command, a passing
of time, or something that must hold. `refused: 文字` beside a verb says that the act
must be refused with these words; `passage: 名称` puts in the acts of
`passages/名称.yaml`. The rooms above add verbs of their own to `VERBS`.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from engine import errors
from engine import testing
from engine import workdays

Arguments = Mapping[str, Any]
#: A verb acts on the story, or raises: `Unmet` for what does not hold, `Refused`.
Verb = Callable[[testing.Story, Any], None]

#: Passages that put in each other never end.
DEEPEST_PASSAGE = 10


class BadScenario(errors.Invalid):
    """情景文件写得不对。"""


class ScenarioFailed(errors.DuchaError):
    """情景没有照写的那样进行。"""


class Unmet(errors.DuchaError):
    """情景所说的不成立。"""


@dataclass(frozen=True, slots=True)
class Act:
    """One line of a scenario; `place` names the file and the number of the act."""

    verb: str
    arguments: Any
    refused: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as it was read, its passages put in."""

    name: str
    basis: str
    #: Ids of the requirements it shows (R-01-22, S02).
    requirements: tuple[str, ...]
    begins: datetime
    acts: tuple[Act, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One act that went as written, and when."""

    at: datetime
    place: str
    verb: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What a scenario did.

    `sequence_flows` are pairs of process key and sequence flow id.
    """

    scenario: Scenario
    sequence_flows: frozenset[tuple[str, str]]
    journal: tuple[Entry, ...]


def read(path: Path) -> Scenario:
    """Read a scenario file; raise `BadScenario` naming file, act and reason."""
    content = mapping(_load(path), path.name)
    known = {"name", "basis", "requirements", "begins", "acts"}
    _only(content, known, path.name)
    for key in ("name", "basis", "begins", "acts"):
        if key not in content:
            raise BadScenario(f"{path.name}：缺少“{key}”。")
    return Scenario(
        name=str(content["name"]),
        basis=str(content["basis"]),
        requirements=_requirements(content.get("requirements", []), path.name),
        begins=moment(content["begins"], path.name),
        acts=tuple(_acts(path, content["acts"], 0)),
        file=path.name,
    )


def run(
    scenario: Scenario,
    open_engine: testing.EngineFactory,
    verbs: Mapping[str, Verb] | None = None,
    *,
    restarts: bool = True,
) -> Trace:
    """Play the scenario and return what it did.

    Raise `BadScenario` for an unknown verb before anything runs, `ScenarioFailed`
    naming file and act for the first act that does not go as written.
    """
    verbs = VERBS if verbs is None else verbs
    for act in scenario.acts:
        if act.verb not in verbs:
            raise BadScenario(f"{act.place}：不认识的动作“{act.verb}”。")
    story = testing.Story(open_engine, scenario.begins, restarts=restarts)
    journal = []
    for act in scenario.acts:
        _perform(story, verbs[act.verb], act)
        journal.append(Entry(story.now, act.place, act.verb))
    _require_peace(scenario, story)
    return Trace(scenario, story.sequence_flows(), tuple(journal))


def _require_peace(scenario: Scenario, story: testing.Story) -> None:
    """Refuse incidents at the end that no act of the scenario spoke of."""
    spoken = any(act.verb == "incidents" for act in scenario.acts)
    messages = story.incidents()
    if messages and not spoken:
        raise ScenarioFailed(f"{scenario.file}：结束时有异常：{'；'.join(messages)}")


def moment(text: object, place: str = "") -> datetime:
    """Return the moment written as `2026-04-29 09:00` in Shanghai, seconds optional."""
    for layout in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(str(text), layout).replace(
                tzinfo=workdays.SHANGHAI
            )
        except ValueError:
            continue
    raise BadScenario(f"{place}：“{text}”不是时间，应写成 2026-04-29 09:00。")


def shown(at: datetime | None) -> str:
    """Return a moment as scenarios write it, to the second."""
    if at is None:
        return "无"
    return at.astimezone(workdays.SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def expect(expected: object, actual: object, what: str) -> None:
    """Raise `Unmet` unless the two are equal."""
    if expected != actual:
        raise Unmet(f"{what}应为 {expected}，实为 {actual}。")


def _requirements(written: object, place: str) -> tuple[str, ...]:
    if not isinstance(written, list) or any(not isinstance(r, str) for r in written):
        raise BadScenario(f"{place}：requirements 应为编号的列表。")
    return tuple(written)


# -- reading -----------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML without surprises: dates stay text, only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:timestamp"
        and (tag != "tag:yaml.org,2002:bool" or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unique_mapping(loader: _Loader, pairs: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in pairs.value]
    for key in keys:
        if keys.count(key) > 1:
            line = pairs.start_mark.line + 1
            raise BadScenario(f"第{line}行起的一段里“{key}”写了两次。")
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, pairs.value, strict=True)
    }


_Loader.add_constructor("tag:yaml.org,2002:map", _unique_mapping)


def _load(path: Path) -> object:
    try:
        # A subclass of SafeLoader: it builds plain values only.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except OSError as error:
        raise BadScenario(f"{path.name}：文件读不出来。") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path.name}：不是正确的 YAML：{error}") from error
    except BadScenario as error:
        raise BadScenario(f"{path.name}：{error.message}") from error


def _acts(path: Path, listed: object, depth: int) -> Iterator[Act]:
    if depth > DEEPEST_PASSAGE:
        raise BadScenario(f"{path.name}：段落相互套用，没有尽头。")
    if not isinstance(listed, list):
        raise BadScenario(f"{path.name}：“acts”应为列表。")
    for number, item in enumerate(listed, start=1):
        place = f"{path.name} 第{number}条"
        act = dict(mapping(item, place))
        refused = act.pop("refused", None)
        if len(act) != 1:
            raise BadScenario(f"{place}：一条恰好写一个动作，现有：{'、'.join(act)}。")
        ((verb, arguments),) = act.items()
        if verb == "passage":
            folder = (
                path.parent if path.parent.name == PASSAGES else path.parent / PASSAGES
            )
            passage = folder / f"{arguments}.yaml"
            if not passage.is_relative_to(folder) or "/" in str(arguments):
                raise BadScenario(f"{place}：段落名“{arguments}”不对。")
            content = mapping(_load(passage), passage.name)
            yield from _acts(passage, content.get("acts"), depth + 1)
        else:
            yield Act(
                str(verb), arguments, None if refused is None else str(refused), place
            )


#: Folder of the passages beside the scenarios.
PASSAGES = "passages"


def mapping(value: object, place: str = "参数") -> Arguments:
    """Return a mapping as it is; refuse anything else by its place."""
    if not isinstance(value, dict):
        raise BadScenario(f"{place}：应写成“名称: 内容”。")
    return value


def _only(content: Arguments, known: set[str], place: str) -> None:
    strange = sorted(set(map(str, content)) - known)
    if strange:
        raise BadScenario(f"{place}：不认识的内容“{'、'.join(strange)}”。")


# -- performing --------------------------------------------------------------------


def _perform(story: testing.Story, verb: Verb, act: Act) -> None:
    place = f"{act.place}（{act.verb}，{shown(story.now)}）"
    try:
        verb(story, act.arguments)
    except errors.Refused as error:
        words = _words(error)
        if act.refused is None:
            raise ScenarioFailed(f"{place}：被拒绝：{words}") from error
        if act.refused not in words:
            raise ScenarioFailed(
                f"{place}：应以“{act.refused}”拒绝，实为：{words}"
            ) from error
        return
    except (Unmet, testing.StoryError) as error:
        raise ScenarioFailed(f"{place}：{error.message}") from error
    if act.refused is not None:
        raise ScenarioFailed(f"{place}：应以“{act.refused}”拒绝，却办成了。")


def _words(error: errors.Refused) -> str:
    fields = error.fields if isinstance(error, errors.Invalid) else {}
    spoken = (f"{key}：{message}" for key, found in fields.items() for message in found)
    return "；".join([error.message, *spoken])


def arguments(given: object, *keys: str, optional: tuple[str, ...] = ()) -> Arguments:
    """Return the arguments of a verb; refuse a missing or an unknown one."""
    found = mapping(given)
    _only(found, {*keys, *optional}, "参数")
    missing = [key for key in keys if key not in found]
    if missing:
        raise BadScenario(f"缺少参数“{'、'.join(missing)}”。")
    return found


# -- the neutral verbs -------------------------------------------------------------


def _start(story: testing.Story, given: object) -> None:
    found = arguments(given, "process", optional=("as", "fields", "variables", "named"))
    story.start(
        found["process"],
        person=found.get("as"),
        fields=found.get("fields", {}),
        variables=found.get("variables", {}),
    )
    if "named" in found:
        story.name(found["named"])


def _started(story: testing.Story, given: object) -> None:
    """Say how many instances timers and signals have begun; follow the newest."""
    found = arguments(given, "process", "count", optional=("named",))
    begun = story.begun(found["process"])
    expect(found["count"], len(begun), f"{found['process']} 自动发起的件数")
    if begun:
        story.follow(begun[-1])
    if "named" in found:
        story.name(found["named"])


def _message(story: testing.Story, given: object) -> None:
    found = arguments(
        given, "name", optional=("fields", "variables", "starts", "named")
    )
    send = story.start_by_message if found.get("starts") else story.correlate
    send(
        found["name"],
        fields=found.get("fields", {}),
        variables=found.get("variables", {}),
    )
    if "named" in found:
        story.name(found["named"])


def _matter(story: testing.Story, name: object) -> None:
    story.return_to(str(name))


def _complete(story: testing.Story, given: object) -> None:
    found = arguments(given, "task", "as", optional=("fields", "due"))
    story.complete(
        found["task"],
        person=found["as"],
        fields=found.get("fields", {}),
        due_at=moment(found["due"]) if "due" in found else None,
    )


def _transfer(story: testing.Story, given: object) -> None:
    found = arguments(given, "task", "as", "to", "reason")
    story.transfer(
        found["task"], person=found["as"], to=found["to"], reason=str(found["reason"])
    )


def _at(story: testing.Story, text: object) -> None:
    story.until(moment(text))


def _advance(story: testing.Story, given: object) -> None:
    found = arguments(given, optional=("days", "hours", "minutes"))
    if not all(isinstance(number, int) for number in found.values()):
        raise BadScenario("时间的跨度应为整数。")
    story.until(story.now + timedelta(**found))


def _waits(story: testing.Story, expected: object) -> None:
    """Say who has which open tasks: exactly these, `{任务: 岗位或账号}`."""
    wanted = sorted(
        (str(name), str(holder))
        for name, holders in mapping(expected, "waits").items()
        for holder in (holders if isinstance(holders, list) else [holders])
    )
    actual = sorted(
        (task.name, holder) for task in story.open_tasks() for holder in task.holders
    )
    expect(_spoken(wanted), _spoken(actual), "待办")


def _spoken(pairs: list[tuple[str, str]]) -> str:
    return "；".join(f"{name}→{holder}" for name, holder in pairs) or "没有待办"


def _due(story: testing.Story, given: object) -> None:
    found = arguments(given, "task", "at", optional=("as",))
    task = story.task(found["task"], person=found.get("as"))
    expect(shown(moment(found["at"])), shown(task.due_at), f"“{task.name}”的期限")


def _ended(story: testing.Story, expected: object) -> None:
    """Say how the matter ended: completed, terminated …, or `false` for not yet."""
    expect(expected, story.ended() or False, "办件的结束")


def _took(story: testing.Story, expected: object) -> None:
    """Say which sequence flows have been taken: `{过程: [连线, …]}`."""
    taken = story.sequence_flows()
    for key, ids in mapping(expected, "took").items():
        for one in ids:
            if (key, one) not in taken:
                raise Unmet(f"{key} 的连线 {one} 没有走过。")


def _history(story: testing.Story, given: object) -> None:
    """Say how many events of this type the matter's history has, or at least one."""
    found = arguments(given, "type", optional=("count", "person", "on_behalf_of"))
    wanted = {key: value for key, value in found.items() if key != "count"}
    count = story.history_count(**wanted)
    if "count" in found:
        expect(found["count"], count, f"历史中“{found['type']}”的件数")
    elif not count:
        raise Unmet(f"历史中没有“{found['type']}”。")


def _incidents(story: testing.Story, expected: object) -> None:
    """Say how many incidents are open, of this matter or any other."""
    messages = story.incidents()
    if len(messages) != expected:
        raise Unmet(f"异常应为 {expected} 件，实为 {len(messages)} 件：{messages}。")


VERBS: Mapping[str, Verb] = {
    "start": _start,
    "started": _started,
    "message": _message,
    "matter": _matter,
    "complete": _complete,
    "transfer": _transfer,
    "at": _at,
    "advance": _advance,
    "waits": _waits,
    "due": _due,
    "ended": _ended,
    "took": _took,
    "history": _history,
    "incidents": _incidents,
}
