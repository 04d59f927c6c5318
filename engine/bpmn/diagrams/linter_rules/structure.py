"""Rules about how elements hang together: starts, ends, paths and loops."""

from collections import Counter
from collections.abc import Iterator

from engine.bpmn import model
from engine.bpmn.diagrams import problems

_WAITING = frozenset({"userTask", "receiveTask", "callActivity", "eventBasedGateway"})
_WAITING_EVENTS = frozenset({"message", "signal", "timer", "conditional"})
_SUB_PROCESSES = frozenset({"subProcess", "transaction"})


def judge(process: model.Process, findings: problems.Findings) -> None:
    """Judge the structure of a process and of every sub-process in it."""
    _judge_starts(process, process.key, process.name, process.children, None, findings)
    for element in process.elements.values():
        if element.kind in _SUB_PROCESSES:
            _judge_starts(
                process, element.id, element.name, element.children, element, findings
            )
        _judge_ends(element, findings)
    _judge_sequence_flows(process, findings)
    _judge_reach(process, findings)
    _judge_loops(process, findings)
    _judge_parallel_joins(process, findings)


def waits(process: model.Process, element: model.Element) -> bool:
    """Tell whether a token rests at an element until something happens."""
    if element.kind in _WAITING or element.attributes.get("type") == "external":
        return True
    if element.kind in ("intermediateCatchEvent", "boundaryEvent"):
        return element.event is not None and element.event.kind in _WAITING_EVENTS
    return any(waits(process, process.elements[child]) for child in element.children)


def _judge_starts(
    process: model.Process,
    scope: str,
    name: str,
    children: tuple[str, ...],
    holder: model.Element | None,
    findings: problems.Findings,
) -> None:
    inside = [process.elements[child] for child in children]
    starts = [element for element in inside if element.kind == "startEvent"]
    named = problems.label(scope, name)
    line = None if holder is None else holder.line
    if not starts and not any(_begins(element) for element in inside):
        findings.error(
            "no-start", scope, f"{named}没有开始的地方，请画一个开始事件", line
        )
    if inside and not any(element.kind == "endEvent" for element in inside):
        findings.warning("no-end", scope, f"{named}没有画结束事件", line)
    plain = [start for start in starts if start.event and start.event.kind == "none"]
    if holder is not None and holder.triggered_by_event:
        if len(starts) != 1 or plain:
            findings.error(
                "start-events",
                scope,
                f"事件子流程{named}须有且只有一个带触发条件的开始事件",
                line,
            )
        if holder.incoming or holder.outgoing:
            findings.error(
                "start-events", scope, f"事件子流程{named}不能连线，请删去连线", line
            )
    elif len(plain) > 1:
        findings.error(
            "start-events",
            scope,
            f"{named}有 {len(plain)} 个普通开始事件，只能有一个",
            line,
        )
    elif holder is not None and len(plain) != len(starts):
        findings.error(
            "start-events",
            scope,
            f"子流程{named}的开始事件不能带触发条件，请改用普通开始事件",
            line,
        )


def _begins(element: model.Element) -> bool:
    """Tell whether an element starts with its scope when no start event does."""
    return not (
        element.incoming
        or element.triggered_by_event
        or element.kind in ("boundaryEvent", "endEvent")
    )


def _judge_ends(element: model.Element, findings: problems.Findings) -> None:
    named = problems.label(element.id, element.name)
    if element.incoming and element.kind in ("startEvent", "boundaryEvent"):
        findings.error(
            "start-with-incoming",
            element.id,
            f"事件{named}不能有连入的线，请改连到它后面的元素",
            element.line,
        )
    if element.outgoing and element.kind == "endEvent":
        findings.error(
            "start-with-incoming",
            element.id,
            f"结束事件{named}不能有连出的线",
            element.line,
        )


def _judge_sequence_flows(process: model.Process, findings: problems.Findings) -> None:
    for flow in process.sequence_flows.values():
        source = process.elements[flow.source]
        target = process.elements[flow.target]
        if source.scope != target.scope:
            findings.error(
                "crossing-flow",
                flow.id,
                f"连线{problems.label(flow.id, flow.name)}穿过了子流程的边界（从"
                f"{problems.label(source.id, source.name)}到"
                f"{problems.label(target.id, target.name)}），请改连到子流程本身",
            )


def _judge_reach(process: model.Process, findings: problems.Findings) -> None:
    reached = _reached(process)
    for element in process.elements.values():
        if element.id in reached or element.attributes.get("isForCompensation"):
            continue
        alone = not element.incoming and not element.outgoing
        if alone and element.kind not in ("boundaryEvent", "endEvent"):
            findings.error(
                "unconnected",
                element.id,
                f"元素{problems.label(element.id, element.name)}没有任何连线，"
                "请连上或删去",
                element.line,
            )
        else:
            findings.warning(
                "unreachable",
                element.id,
                f"元素{problems.label(element.id, element.name)}永远走不到，请检查连线",
                element.line,
            )


def _reached(process: model.Process) -> set[str]:
    """Walk from everything that starts, into sub-processes and boundary events."""
    attached: dict[str, list[str]] = {}
    for element in process.elements.values():
        if element.attached_to is not None:
            attached.setdefault(element.attached_to, []).append(element.id)
    reached: set[str] = set()
    ahead = list(_entries(process, process.children))
    while ahead:
        element = process.elements[ahead.pop()]
        if element.id in reached:
            continue
        reached.add(element.id)
        ahead += (process.sequence_flows[flow].target for flow in element.outgoing)
        ahead += attached.get(element.id, ())
        if element.kind == "adHocSubProcess":
            ahead += element.children
        else:
            ahead += _entries(process, element.children)
    return reached


def _entries(process: model.Process, children: tuple[str, ...]) -> Iterator[str]:
    inside = [process.elements[child] for child in children]
    drawn = any(element.kind == "startEvent" for element in inside)
    for element in inside:
        if element.kind == "startEvent" or element.triggered_by_event:
            yield element.id
        elif not drawn and _begins(element):
            yield element.id


def _judge_loops(process: model.Process, findings: problems.Findings) -> None:
    """Find loops in which no token ever rests: they would run for ever."""
    ahead, behind = _automatic_paths(process)
    # What nothing leads to, or what leads nowhere, is part of no loop.
    loose = [i for i in ahead if not ahead[i] or not behind[i]]
    kept = set(ahead)
    while loose:
        element_id = loose.pop()
        if element_id not in kept:
            continue
        kept.remove(element_id)
        for neighbour in ahead[element_id]:
            behind[neighbour].discard(element_id)
            if not behind[neighbour]:
                loose.append(neighbour)
        for neighbour in behind[element_id]:
            ahead[neighbour].discard(element_id)
            if not ahead[neighbour]:
                loose.append(neighbour)
    looping = [element for i, element in process.elements.items() if i in kept]
    if looping:
        first = looping[0]
        findings.error(
            "endless-loop",
            first.id,
            "这些元素连成了没有任何等待的循环，会无休止地运行："
            + "、".join(problems.label(e.id, e.name) for e in looping)
            + "，请在循环中加入用户任务、定时或消息等待",
            first.line,
        )


def _automatic_paths(
    process: model.Process,
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return, of each element that never waits, such elements ahead and behind."""
    automatic = {i for i, e in process.elements.items() if not waits(process, e)}
    ahead: dict[str, set[str]] = {i: set() for i in automatic}
    behind: dict[str, set[str]] = {i: set() for i in automatic}
    paths = [(flow.source, flow.target) for flow in process.sequence_flows.values()]
    paths += [(e.attached_to or "", i) for i, e in process.elements.items()]
    for source, target in paths:
        if source in automatic and target in automatic:
            ahead[source].add(target)
            behind[target].add(source)
    return ahead, behind


def _judge_parallel_joins(process: model.Process, findings: problems.Findings) -> None:
    for join in process.elements.values():
        if join.kind != "parallelGateway" or len(join.incoming) < 2:
            continue
        sources = Counter(
            split
            for flow in join.incoming
            if (split := _split_behind(process, flow)) is not None
        )
        for split, branches in sources.items():
            if branches > 1:
                decision = process.elements[split]
                findings.warning(
                    "parallel-join-deadlock",
                    join.id,
                    f"并行汇合{problems.label(join.id, join.name)}等待的 {branches} 条"
                    f"分支都来自排他网关{problems.label(split, decision.name)}，"
                    "只会走其中一条，永远等不齐，请改用排他网关汇合",
                    join.line,
                )


def _split_behind(process: model.Process, flow_id: str) -> str | None:
    """Go back along one line; return the exclusive gateway where it branched off."""
    seen: set[str] = set()
    while flow_id not in seen:
        seen.add(flow_id)
        source = process.elements[process.sequence_flows[flow_id].source]
        if len(source.outgoing) > 1:
            return source.id if source.kind == "exclusiveGateway" else None
        if len(source.incoming) != 1:
            return None
        flow_id = source.incoming[0]
    return None
