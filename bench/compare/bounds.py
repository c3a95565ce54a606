# SPDX-License-Identifier: Apache-2.0
"""The bounds that the comparison has to keep (./dev bench --check). A bound that cannot be judged is missed."""

from dataclasses import dataclass
from statistics import median

from .catalogue import BEST
from .collect import Results
from .summary import ratios

FEWEST_ROUNDS = 5
REDIS_OF_BEST = 0.90
WAKE_OF_BEST = 1.5
BETTER_THAN_KUBERNETES = 2.0
UNBOOSTED = 1.25
IDLE = 1.05
SHARE_POINTS = 3.0
HEADROOM = 1.2
LARGEST_WEIGHT = 102400


@dataclass
class Bound:
    text: str
    found: str
    kept: bool

    def __str__(self):
        return f"{'kept' if self.kept else 'MISSED'}: {self.text}: {self.found}"


def _ratio(results: Results, metric: str, scenario: str, reference: str):
    if (metric, scenario) not in results.values:
        return None
    return ratios(results, metric, scenario).get(reference)


def _against(results: Results, metric: str, scenario: str, reference: str, at_least=None, at_most=None) -> Bound:
    wanted = f">= {at_least:.2f}" if at_least is not None else f"<= {at_most:.2f}"
    text = f"{scenario} {metric} / {reference} {wanted}"
    ratio = _ratio(results, metric, scenario, reference)
    if ratio is None:
        return Bound(text, "not measured", False)
    value = ratio["median"]
    kept = value >= at_least if at_least is not None else value <= at_most
    name = f" ({ratio['reference']})" if reference == BEST else ""
    found = f"{value:.2f}{name}, {ratio['min']:.2f} to {ratio['max']:.2f} in {ratio['rounds']} rounds"
    return Bound(text, found, kept)


def _idle(results: Results, metric: str, higher_is_better: bool) -> Bound:
    """The interval has to reach the bound: a noisy machine must not fail what it cannot tell apart, nor prove it."""
    text = f"mus-idle {metric} / eevdf-idle: the 95 % interval reaches {'1 / ' if higher_is_better else ''}{IDLE} or better"
    ratio = _ratio(results, metric, "mus-idle", "eevdf-idle")
    if ratio is None:
        return Bound(text, "not measured", False)
    low, high = ratio["ci95"]
    kept = high >= 1 / IDLE if higher_is_better else low <= IDLE
    found = f"{ratio['median']:.3f} ({low:.3f} to {high:.3f})"
    control = _ratio(results, metric, "eevdf-idle-again", "eevdf-idle")
    if control:
        found += f"; eevdf-idle against itself {control['median']:.3f} ({control['ci95'][0]:.3f} to {control['ci95'][1]:.3f})"
    return Bound(text, found, kept)


def _rounds(results: Results) -> Bound:
    text = f"at least {FEWEST_ROUNDS} rounds"
    counts = [len(results.values[key]) for key in results.values if key[0] in ("redis_ops", "wake_p99_us")]
    return Bound(text, f"{min(counts, default=0)}", min(counts, default=0) >= FEWEST_ROUNDS)


def _shares(results: Results) -> Bound:
    text = f"mus-shares within {SHARE_POINTS:.0f} points of the water-filled expectation"
    cells = [cell for cell in results.shares if cell.scenario == "mus-shares"]
    if not cells:
        return Bound(text, "not measured", False)
    worst = max(cells, key=lambda cell: cell.error_points)
    found = f"{worst.error_points:.1f} points on {worst.cpus} CPUs with {worst.threads} threads, worst of {len(cells)} cells"
    return Bound(text, found, worst.error_points <= SHARE_POINTS)


def _weight(results: Results) -> Bound:
    text = "mus-boosted's entitlement is at least 1.2 times what Redis uses on the idle node"
    boost = results.boosts.get("mus-boosted")
    if boost is None:
        return Bound(text, "not measured", False)
    # The calibration chose the weight; the rounds may have shown that Redis uses more.
    rounds = results.values.get(("redis_cpus", "eevdf-idle"), {})
    wanted = max(boost["wanted_cpus"], HEADROOM * median(rounds.values()) if rounds else 0)
    found = f"{boost['entitlement_cpus']:.2f} CPUs at the weight {boost['weight']}, {wanted:.2f} wanted"
    if boost["entitlement_cpus"] < wanted and boost["weight"] >= LARGEST_WEIGHT:
        return Bound(text, found + "; that is the largest weight, so it is the machine that is too small", True)
    return Bound(text, found, boost["entitlement_cpus"] >= wanted)


def check(results: Results) -> list[Bound]:
    bounds = [
        _rounds(results),
        _weight(results),
        _against(results, "redis_ops", "mus-boosted", BEST, at_least=REDIS_OF_BEST),
        _against(results, "wake_p99_us", "mus-boosted", BEST, at_most=WAKE_OF_BEST),
        _against(results, "redis_ops", "mus-boosted", "eevdf-stress", at_least=BETTER_THAN_KUBERNETES),
        _against(results, "wake_p99_us", "mus-boosted", "eevdf-stress", at_most=1 / BETTER_THAN_KUBERNETES),
        _against(results, "wake_p50_us", "mus-stress", "eevdf-stress", at_most=UNBOOSTED),
        _against(results, "wake_p99_us", "mus-stress", "eevdf-stress", at_most=UNBOOSTED),
        _idle(results, "pipe_us", higher_is_better=False),
        _idle(results, "hackbench_s", higher_is_better=False),
        _idle(results, "redis_ops", higher_is_better=True),
        _shares(results),
    ]
    if results.ejections:
        bounds.append(Bound("the kernel never took our scheduler off", "; ".join(results.ejections), False))
    if results.unreadable:
        bounds.append(Bound("every output could be read", "; ".join(results.unreadable), False))
    return bounds
