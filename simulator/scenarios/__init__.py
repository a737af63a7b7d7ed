"""The named ways in which a connection or a request can go. Data: what happens at which stage, and a line about it."""

from __future__ import annotations

from itertools import chain

from simulator.scenarios.answered import LIFE_ENDED, lives, requests, setups, turns
from simulator.scenarios.closes import closes
from simulator.scenarios.refused import refused
from simulator.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in chain(setups(), refused(), closes(), turns(), lives(), requests())
}


def scenario_named(name: str) -> Scenario:
    try:
        return SCENARIOS[name]
    except KeyError:
        raise ValueError(f"unknown scenario {name!r}; known: {', '.join(SCENARIOS)}") from None


def listing() -> list[dict[str, str]]:
    return [{"name": scenario.name, "what": scenario.what} for scenario in SCENARIOS.values()]


__all__ = ["LIFE_ENDED", "SCENARIOS", "Scenario", "listing", "scenario_named"]
