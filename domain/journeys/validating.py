"""Is this graph a journey? Every complaint names the step and says what would be right."""

from collections.abc import Callable, Collection, Iterator

from domain.journeys.graph import After, Branch, Exit, Graph, GraphError, IssueCoupon, Node, Send, Trigger, Wait, exits

_LONGEST_WAIT = 366 * 86_400  # seconds


def validate(graph: Graph, *, offers: Collection[str], templates: Collection[str], channels: Collection[str]) -> None:
    """Check the graph against what the campaign offers, what it can say and where; raises `GraphError`."""
    triggers = [node_id for node_id, node in graph.nodes.items() if isinstance(node, Trigger)]
    if len(triggers) != 1:
        listed = f"it has {', '.join(sorted(triggers))}" if triggers else "it has none"
        raise GraphError(f"a journey begins with exactly one trigger; {listed}", field="nodes")
    for node_id, node in graph.nodes.items():
        _check_exits(graph, node_id, node)
        _check_figures(node_id, node)
        _check_names(node_id, node, offers, templates, channels)
    _check_reach(graph, triggers[0])
    _check_cycles(graph)


def _fault(node_id: str, part: str, detail: str) -> GraphError:
    return GraphError(f"step {node_id}: {detail}", field=f"nodes.{node_id}.{part}")


def _check_exits(graph: Graph, node_id: str, node: Node) -> None:
    for part, target in exits(node):
        if target is None:
            continue
        if target not in graph.nodes:
            raise _fault(node_id, part, f"there is no step {target} to go to")
        if isinstance(graph.nodes[target], Trigger):
            raise _fault(node_id, part, "a walk never leads back to the trigger; only a new fact begins again")


def _check_figures(node_id: str, node: Node) -> None:
    match node:
        case Wait() if not 0 < node.seconds <= _LONGEST_WAIT:
            raise _fault(node_id, "seconds", "a wait takes more than no time, and at most 366 days in seconds")
        case Trigger() if not node.max_age_seconds > 0:
            raise _fault(node_id, "max_age_seconds", "a fact must be allowed to be some seconds old")
        case Trigger(reentry=After(after_seconds=seconds)) if not seconds > 0:
            raise _fault(node_id, "reentry", 'enter again after some seconds, or say "always" or "never"')
        case Send() if not 0 < node.valid_seconds <= _LONGEST_WAIT:
            raise _fault(node_id, "valid_seconds", "a message is worth sending for some seconds, at most 366 days")
        case _:
            pass


def _check_names(
    node_id: str, node: Node, offers: Collection[str], templates: Collection[str], channels: Collection[str]
) -> None:
    match node:
        case IssueCoupon() if node.offer_id not in offers:
            raise _fault(node_id, "offer_id", f"the campaign has no offer {node.offer_id}; it has {_list(offers)}")
        case Send() if node.template not in templates:
            raise _fault(node_id, "template", f"there is no template {node.template}; there is {_list(templates)}")
        case Send() if node.channel not in channels:
            raise _fault(node_id, "channel", f"there is no channel {node.channel}; there is {_list(channels)}")
        case Exit() if not node.reason.strip():
            raise _fault(node_id, "reason", "an exit needs a reason that reports can count")
        case Branch() if not node.condition:
            raise _fault(node_id, "condition", "a branch needs at least one condition")
        case Trigger() if not node.event.strip():
            raise _fault(node_id, "event", "a trigger needs the name of the fact that begins the journey")
        case _:
            pass


def _check_reach(graph: Graph, trigger: str) -> None:
    reached, waiting = {trigger}, [trigger]
    while waiting:
        for _, target in exits(graph.nodes[waiting.pop()]):
            if target is not None and target not in reached:
                reached.add(target)
                waiting.append(target)
    for node_id in graph.nodes:
        if node_id not in reached:
            raise _fault(node_id, "type", "no step leads here")


def _check_cycles(graph: Graph) -> None:
    # Without its waits the graph must have no cycle, or a walk would never come to rest.
    def onward(node_id: str) -> Iterator[str]:
        node = graph.nodes[node_id]
        return (target for _, target in exits(node) if target is not None and not isinstance(node, Wait))

    settled: set[str] = set()
    for node_id in graph.nodes:
        _walk_down(node_id, onward, settled)


def _walk_down(start: str, onward: Callable[[str], Iterator[str]], settled: set[str]) -> None:
    """Depth first, without recursion: a graph may be deeper than Python's stack."""
    path, on_path = [(start, onward(start))], {start}
    while path:
        node_id, targets = path[-1]
        target = next((target for target in targets if target not in settled), None)
        if target is None:
            path.pop()
            on_path.discard(node_id)
            settled.add(node_id)
        elif target in on_path:
            raise _fault(target, "next", "the journey runs in a circle through here without ever waiting")
        else:
            path.append((target, onward(target)))
            on_path.add(target)


def _list(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"
