"""Measures in rounds, each phase within seconds of the others, so that a busy minute of the machine hits all of them.

Exit code 1 when a bound is missed. Never part of `make test`: figures depend on the machine, ratios less so.
"""

import argparse
import json
import statistics
import sys
import threading
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import psutil

from bench import mailing, report, servers
from bench.load import DECISIONS
from bench.report import Figure
from config import messages
from config.embedded import local
from config.embedded.problem import Problem

SMALL, LARGE = 1_000, 10_000
# Moodle 4.5 on two cores, at the same concurrency: lesson views a second, whole quiz attempts of five questions a
# second, seconds for a completion CSV of 10,000 people (the quicker of its two reports).
MOODLE_LESSONS, MOODLE_ATTEMPTS, MOODLE_CSV = 29, 3.7, 6
MOODLE_BOUND = ">= 20"
MB = 1024 * 1024


@dataclass(frozen=True)
class Phase:
    """`number` items a round, done by bench.load; items of an action that writes are used only once."""

    name: str
    part: str
    action: str
    number: int
    people: int = LARGE


PHASES = (
    Phase("bare view", "bare", "look", 800),
    Phase("lesson page", "lesson", "look", 500),
    Phase("scenario step", "step", "decide", 60),
    Phase("my training", "home", "look", 300),
    Phase("whole attempt", "attempt", "play", 50),
    Phase("dashboard, 1,000", "dashboard", "look", 60, SMALL),
    Phase("dashboard, 10,000", "dashboard", "look", 60),
)


@dataclass
class Measured:
    """What the rounds gave: requests (or attempts) per second of each round, and every single time in seconds."""

    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def rate(self, name: str) -> float:
        return statistics.median(self.rates[name])

    def ratio(self, name: str) -> float:
        """The median over the rounds, each against the bare view of the same round."""
        pairs = zip(self.rates[name], self.rates["bare view"], strict=True)
        return statistics.median(rate / bare for rate, bare in pairs)

    def quantile(self, name: str, share: int) -> float:
        """In milliseconds."""
        return report.percentile(self.times[name], share) * 1000


def measure(sites: list[servers.Site], rounds: int) -> Measured:
    """The first round warms everything up and is not counted."""
    found = Measured()
    by_size = {site.people: site for site in sites}
    for number in range(rounds + 1):
        print(f"Round {number} of {rounds}{' (not counted)' if not number else ''} …", flush=True)
        for phase in PHASES:
            seconds, times = once(by_size[phase.people], phase, number)
            if number:
                found.rates[phase.name].append(len(times) / seconds)
                found.times[phase.name] += times
    return found


def once(site: servers.Site, phase: Phase, number: int) -> tuple[float, list[float]]:
    items: list[dict[str, Any]]
    if phase.action == "look":
        items = list(islice(cycle(site.plan[phase.part]), phase.number))
    else:
        items = site.plan[phase.part][number * phase.number : (number + 1) * phase.number]
    before = site.count("training_decision")
    given = json.dumps({"port": site.port, "action": phase.action, "items": items})
    answer = json.loads(servers.child("bench.load", given=given))
    written = site.count("training_decision") - before
    expected = 0 if phase.action == "look" else phase.number * DECISIONS
    if answer["errors"] or written != expected:
        raise Problem(f"{phase.name}: {written} of {expected} decisions were written. {' '.join(answer['errors'])}")
    return answer["seconds"], answer["times"]


def export(site: servers.Site, times: int) -> tuple[float, float, float]:
    """Seconds of the CSV of everybody (the best of some), and the memory of a web process before and at its peak."""
    [item] = site.plan["csv"]
    request = urllib.request.Request(
        f"http://127.0.0.1:{site.port}{item['path']}", headers={"Cookie": item["cookie"], "Accept-Encoding": "gzip"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    seconds = []
    with Watch(site.workers()) as watch:
        for _time in range(times):
            begun = time.perf_counter()
            with opener.open(request, timeout=60) as answer:
                answer.read()
            seconds.append(time.perf_counter() - begun)
    return min(seconds), watch.before / MB, watch.peak / MB


class Watch:
    """The resident memory of the largest of the processes: before, and its peak, looked at every few milliseconds."""

    def __init__(self, workers: list[psutil.Process]) -> None:
        self.workers = workers
        self.before = self.peak = self._largest()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look)

    def _largest(self) -> int:
        return max(worker.memory_info().rss for worker in self.workers)

    def _look(self) -> None:
        while not self.over.wait(0.005):
            self.peak = max(self.peak, self._largest())

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()


def figures(found: Measured, csv_seconds: float, csv_before: float, csv_peak: float) -> list[Figure]:
    bare = found.rate("bare view")
    shown = [Figure("bare view", bare, "1/s"), Figure("bare view, p95", found.quantile("bare view", 95), "ms")]
    bounds = {"lesson page": ">= 0.6", "scenario step": ">= 0.35"}
    for phase in PHASES[1:]:
        unit = "attempts/s" if phase.action == "play" else "1/s"
        compared = () if phase.action == "play" else (bare, found.ratio(phase.name), bounds.get(phase.name, ""))
        shown.append(Figure(phase.name, found.rate(phase.name), unit, *compared))
        shown.append(Figure(f"{phase.name}, p95", found.quantile(phase.name, 95), "ms"))
    small, large = (found.quantile(f"dashboard, {size:,}", 50) for size in (SMALL, LARGE))
    shown.append(Figure("dashboard p50, 10,000 against 1,000", large, "ms", small, large / small, "<= 1.5"))
    for name, moodle in (("lesson page", MOODLE_LESSONS), ("whole attempt", MOODLE_ATTEMPTS)):
        rate = found.rate(name)
        shown.append(Figure(f"{name} against Moodle", rate, "1/s", moodle, rate / moodle, MOODLE_BOUND))
    shown.append(
        Figure("people CSV against Moodle", csv_seconds, "s", MOODLE_CSV, MOODLE_CSV / csv_seconds, MOODLE_BOUND)
    )
    shown.append(Figure("people CSV, peak of a web process", csv_peak, "MB", csv_before, csv_peak / csv_before))
    return shown


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    wrong = messages.compile_all()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    try:
        with servers.sites(SMALL, LARGE) as sites:
            found = measure(sites, rounds)
            shown = figures(found, *export(sites[1], rounds)) + mailing.figures(sites[1], rounds)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    path = local.ROOT / "var" / "bench.json"
    report.write(shown, path)
    print(f"\n{report.table(shown)}\n\nWritten to {path.relative_to(local.ROOT)}.")
    return 0 if all(figure.ok for figure in shown) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
