# SPDX-License-Identifier: Apache-2.0
"""Medians, quantiles, and ratios of what was measured in the same round."""

import itertools
import math
import random
from collections import Counter
from statistics import median

EXACT_UP_TO = 7
RESAMPLES = 4000


def quantile(ordered: list, share: float):
    """The smallest value that at least this share of them does not exceed (nearest rank)."""
    if not ordered:
        raise ValueError("no values")
    rank = math.ceil(share * len(ordered) - 1e-9)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def interval(values: list[float], level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap of the median. With few values every resample is enumerated, so that nothing is random."""
    if not values:
        raise ValueError("no values")
    if len(values) <= EXACT_UP_TO:
        weighted = _every_resample(values)
    else:
        chance = random.Random(len(values))
        weighted = [(median(chance.choices(values, k=len(values))), 1) for _ in range(RESAMPLES)]
    weighted.sort()
    total = sum(weight for _, weight in weighted)
    tail = (1 - level) / 2
    return _weighted_quantile(weighted, total * tail), _weighted_quantile(weighted, total * (1 - tail))


def _every_resample(values):
    size = len(values)
    found = []
    for chosen in itertools.combinations_with_replacement(range(size), size):
        ways = math.factorial(size)
        for count in Counter(chosen).values():
            ways //= math.factorial(count)
        found.append((median(values[i] for i in chosen), ways))
    return found


def _weighted_quantile(weighted, wanted):
    seen = 0
    for value, weight in weighted:
        seen += weight
        if seen >= wanted:
            return value
    return weighted[-1][0]


def spread(values: list[float]) -> dict:
    return {"median": median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def paired_ratio(ours: dict[int, float], theirs: dict[int, float]) -> dict | None:
    """Of the rounds that have both; the reference is never 0 in them."""
    rounds = sorted(number for number in ours.keys() & theirs.keys() if theirs[number] > 0)
    if not rounds:
        return None
    ratios = [ours[number] / theirs[number] for number in rounds]
    low, high = interval(ratios)
    return {**spread(ratios), "ci95": [low, high], "paired": dict(zip(rounds, ratios, strict=True))}
