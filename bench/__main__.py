"""`python -m bench`: the service, a bare relay and nginx in turns, and how the service compares."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import uvloop

from bench.load import answers, connected, leave, paced, saturating, times
from bench.targets import FAMILY, Target, Targets

CALLERS = 50
RATE = 50.0  # frames a second and caller: real time
SETTLING = 0.7  # seconds in which what a set-up puts on record is written
SETUP = json.dumps({"setup": {"model": FAMILY, "generationConfig": {"responseModalities": ["AUDIO"]}}}).encode()
GOALS = (("bare relay", 0.8, "at most 0.8 x the bare relay"), ("nginx", 4.0, "at most 4 x nginx (3 x is sought)"))


@dataclass
class Result:
    """`cpu` in microseconds a round trip: `paced` is what people cause, `full` what fits. Times in milliseconds."""

    paced: float
    full: float
    per_second: float
    p50: float
    p99: float


async def measured(target: Target, seconds: float) -> Result:
    """One round of one target. A round trip is one frame up and one down."""
    callers = await connected(CALLERS, target.url, target.headers, SETUP)
    await asyncio.sleep(SETTLING)
    times(callers)
    cpu, count = target.cpu() if target.pid else 0.0, answers(callers)
    await paced(callers, RATE, seconds)
    await asyncio.sleep(0.05)
    paced_cpu = _each(target, cpu, answers(callers) - count)
    took = times(callers)
    cpu, count = target.cpu() if target.pid else 0.0, answers(callers)
    await saturating(callers, seconds)
    full = answers(callers) - count
    full_cpu = _each(target, cpu, full)
    await leave(callers)
    p50, p99 = (took[int(len(took) * share)] * 1e3 for share in (0.5, 0.99))
    return Result(paced_cpu, full_cpu, full / seconds, p50, p99)


def _each(target: Target, before: float, count: int) -> float:
    return (target.cpu() - before) / max(count, 1) * 1e6 if target.pid else 0.0


async def run(direct: Target, targets: list[Target], rounds: int, seconds: float) -> dict[str, Result]:
    """Medians over `rounds`. The targets take turns, so that what else the machine does meets all of them."""
    everyone = [direct, *targets]
    seen: dict[str, list[Result]] = {target.name: [] for target in everyone}
    for number in range(rounds):
        for target in everyone[number % len(everyone) :] + everyone[: number % len(everyone)]:
            seen[target.name].append(await measured(target, seconds))
    fields = list(asdict(seen[direct.name][0]))
    return {
        name: Result(*(median(getattr(result, field) for result in results) for field in fields))
        for name, results in seen.items()
    }


def table(results: dict[str, Result]) -> list[str]:
    ours, direct = results["service"], results["direct"]
    lines = [
        "                CPU a round trip, us      service is      round      added latency, ms",
        "                   paced        full    paced     full    trips/s        p50       p99",
    ]
    for name, result in results.items():
        if name == "direct":
            continue
        lines.append(
            f"{name:<12}{result.paced:12.1f}{result.full:12.1f}"
            f"{ours.paced / result.paced:7.2f} x{ours.full / result.full:7.2f} x{result.per_second:11.0f}"
            f"{result.p50 - direct.p50:11.3f}{result.p99 - direct.p99:10.3f}"
        )
    lines.append(f"direct: {direct.p50:.3f} ms p50, {direct.p99:.3f} ms p99, {direct.per_second:.0f} round trips/s")
    return lines


def verdicts(results: dict[str, Result]) -> list[tuple[str, float, bool]]:
    """Each goal under each load: the service's ratio and whether it is met."""
    met = []
    for name, most, sentence in GOALS:
        if name in results:
            ours, theirs = results["service"], results[name]
            for load, ratio in (("paced", ours.paced / theirs.paced), ("full", ours.full / theirs.full)):
                met.append((f"CPU {sentence}, {load}", ratio, ratio <= most))
    return met


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--long", action="store_true", help="more and longer rounds")
    parser.add_argument("--json", type=Path, help="write the results there as well")
    parser.add_argument("--voice", action="store_true", help="mouth to ear in a browser instead, as a distribution")
    options = parser.parse_args()
    if options.voice:
        from bench.mouth_to_ear import report  # Playwright is needed for nothing else here

        return report(200 if options.long else 50)
    rounds, seconds = (15, 4.0) if options.long else (5, 1.0)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        targets = Targets(Path(folder))
        try:
            results = uvloop.run(run(*targets.start(), rounds, seconds))
        finally:
            targets.stop()
    goals = verdicts(results)
    lines = [f"{CALLERS} callers, medians of {rounds} rounds in turns; paced: {RATE:g} frames/s each", ""]
    lines += [*table(results), ""]
    if "nginx" not in results:
        lines.append("nginx is not installed; without it there is no comparison with it.")
    lines += [f"{'pass' if met else 'MISS'}  {ratio:5.2f}  {sentence}" for sentence, ratio, met in goals]
    sys.stdout.write("\n".join(lines) + "\n")
    if options.json:
        told = {name: asdict(result) for name, result in results.items()}
        passed = [{"goal": sentence, "ratio": ratio, "met": met} for sentence, ratio, met in goals]
        options.json.write_text(json.dumps({"results": told, "goals": passed}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
