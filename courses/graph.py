"""The map of a scenario: nodes in layers by time, endings at the bottom, edges as curves. Whole numbers only. Pure."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from quizzes.document import Scenario

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 172, 46, 28, 64, 16
NOTE_LENGTH = 24
SWEEPS = 6


@dataclass(frozen=True)
class Box:
    """A node or (with an `outcome`) an ending. `title` says in words what the drawing shows."""

    key: str
    x: int
    y: int
    note: str
    title: str
    rule: int | None = None
    outcome: str = ""
    on: bool = False
    selected: bool = False
    problem: bool = False
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True)
class Edge:
    """All choices of one node that lead to the same place: `label` names them, at (x, y)."""

    d: str
    label: str
    x: int
    y: int
    conditional: bool
    on: bool


@dataclass(frozen=True)
class Map:
    width: int
    height: int
    nodes: list[Box]
    endings: list[Box]
    edges: list[Edge]


def draw(scenario: Scenario, *, language: str, selected: str = "", problems: Iterable[str] = ()) -> Map:
    """The map; a shortest path from the start to the `selected` place is marked as being on."""
    links = _links(scenario)
    layers = _layers(scenario, links)
    routes = _routes(layers, links)
    order = _order(layers, routes)
    widest = max(len(layer) for layer in order)
    spots = {
        key: (MARGIN + (2 * i + widest - len(layer)) * (WIDTH + GAP_X) // 2, MARGIN + depth * (HEIGHT + GAP_Y))
        for depth, layer in enumerate(order)
        for i, key in enumerate(layer)
    }
    path = _path_to(scenario.start, selected, links)
    steps = set(pairwise(path))
    wrong = set(problems)

    def box(key: str, note: str, title: str, rule: int | None = None, outcome: str = "") -> Box:
        x, y = spots[key]
        return Box(key, x, y, _short(note), title, rule, outcome, key in path, key == selected, key in wrong)

    nodes = [
        box(
            node.key,
            node.prompt.in_language(language),
            _title(node.key, node.prompt.in_language(language), links),
            node.rule,
        )
        for node in scenario.nodes
    ]
    endings = [
        box(e.key, e.title.in_language(language), f"{e.key}: {e.title.in_language(language)}", outcome=e.outcome)
        for e in scenario.endings
    ]
    edges = [
        _edge([spots[key] for key in route], ", ".join(links[link][0]), links[link][1], link in steps)
        for link, route in routes.items()
    ]
    height = MARGIN * 2 + len(order) * (HEIGHT + GAP_Y) - GAP_Y
    return Map(MARGIN * 2 + widest * (WIDTH + GAP_X) - GAP_X, height, nodes, endings, edges)


Links = dict[tuple[str, str], tuple[list[str], bool]]


def _links(scenario: Scenario) -> Links:
    """(from, to) → the choices that lead there, and whether all of them do so only on a condition."""
    found: Links = {}
    for node in scenario.nodes:
        for choice in node.choices:
            for branch in choice.goto:
                choices, conditional = found.get((node.key, branch.to), ([], True))
                if choice.key not in choices:
                    choices = [*choices, choice.key]
                found[node.key, branch.to] = choices, conditional and len(choice.goto) > 1
    return found


def _layers(scenario: Scenario, links: Links) -> dict[str, int]:
    """The longest way from the start, so that time flows down; endings together at the bottom. A loop counts once."""
    following = defaultdict(list)
    for source, target in links:
        following[source].append(target)
    nodes = [node.key for node in scenario.nodes]
    depth = dict.fromkeys(nodes, 0)
    for _round in nodes:
        moved = False
        for source in nodes:
            for target in following[source]:
                if target in depth and depth[target] <= depth[source] < len(nodes) - 1:
                    depth[target] = depth[source] + 1
                    moved = True
        if not moved:
            break
    used = {layer: i for i, layer in enumerate(sorted(set(depth.values())))}
    depth = {key: used[layer] for key, layer in depth.items()}
    bottom = max(depth.values(), default=-1) + 1
    return depth | {ending.key: bottom for ending in scenario.endings}


def _routes(layers: dict[str, int], links: Links) -> dict[tuple[str, str], list[str]]:
    """The places each edge runs through: one that spans several layers gets a place of its own in each between, added
    to `layers`, so that it does not run behind a node."""
    routes = {}
    for source, target in links:
        between = [f"{source} {target} {layer}" for layer in range(layers[source] + 1, layers[target])]
        layers |= {key: layers[source] + 1 + i for i, key in enumerate(between)}
        routes[source, target] = [source, *between, target]
    return routes


def _order(layers: dict[str, int], routes: dict[tuple[str, str], list[str]]) -> list[list[str]]:
    """Places of a layer from left to right so that few edges cross: by the mean position of their neighbours."""
    rows: list[list[str]] = [[] for _i in range(max(layers.values()) + 1)]
    for key, layer in layers.items():
        rows[layer].append(key)
    neighbours = defaultdict(list)
    for route in routes.values():
        for source, target in pairwise(route):
            neighbours[source].append(target)
            neighbours[target].append(source)
    position = {key: (i + 1) / (len(row) + 1) for row in rows for i, key in enumerate(row)}
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            means = {}
            for key in row:
                near = [position[other] for other in neighbours[key] if other in position]
                means[key] = sum(near) / len(near) if near else position[key]
            row.sort(key=lambda key: means[key])
            for i, key in enumerate(row):
                position[key] = (i + 1) / (len(row) + 1)
    return rows


def _path_to(start: str, goal: str, links: Links) -> list[str]:
    came: dict[str, str] = {start: ""}
    queue = deque([start])
    while queue and goal not in came:
        key = queue.popleft()
        for source, target in links:
            if source == key and target not in came:
                came[target] = key
                queue.append(target)
    path: list[str] = []
    while goal and goal in came:
        path.insert(0, goal)
        goal = came[goal]
    return path


def _edge(spots: list[tuple[int, int]], label: str, conditional: bool, on: bool) -> Edge:
    """A curve from the foot of the first place to the head of the last, straight through those between. The label
    stands on it near its beginning."""
    way, at = "", (0, 0)
    for i, ((left, top), (left2, y2)) in enumerate(pairwise(spots)):
        x1, y1, x2 = left + WIDTH // 2, top + HEIGHT, left2 + WIDTH // 2
        bend = max(GAP_Y, abs(y2 - y1)) // 2
        way += f"{'L' if i else 'M'}{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}"
        if i == 0:
            at = x1 + (x2 - x1) * 22 // 100, y1 + bend * 68 // 100 + 4
    return Edge(way, label, *at, conditional, on)


def _title(key: str, prompt: str, links: Links) -> str:
    ways = [f"{', '.join(choices)} → {target}" for (source, target), (choices, _c) in links.items() if source == key]
    return f"{key}: {prompt} {'; '.join(ways)}".strip()


def _short(text: str) -> str:
    return text if len(text) <= NOTE_LENGTH else f"{text[: NOTE_LENGTH - 1].rstrip()}…"
