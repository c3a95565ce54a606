# SPDX-License-Identifier: Apache-2.0
"""CPU shares against their water-filled expectation."""

import csv
import pathlib
from dataclasses import dataclass


def water_fill(capacity: float, wants: list[tuple[float, float]]) -> list[float]:
    """What each of (weight, most that it can use) gets: by weight, and what one cannot use goes to the others."""
    given = [0.0] * len(wants)
    open_ones = set(range(len(wants)))
    while open_ones and capacity > 1e-12:
        weights = sum(wants[i][0] for i in open_ones)
        full = {i for i in open_ones if capacity * wants[i][0] / weights >= wants[i][1]}
        if not full:
            for i in open_ones:
                given[i] = capacity * wants[i][0] / weights
            break
        for i in full:
            given[i] = wants[i][1]
        capacity -= sum(wants[i][1] for i in full)
        open_ones -= full
    return given


@dataclass
class ShareCell:
    scenario: str
    cpus: int
    threads: int
    weights: list[int]
    measured: list[float]  # percent of what all containers got
    expected: list[float]

    @property
    def error_points(self) -> float:
        return max(abs(is_ - should) for is_, should in zip(self.measured, self.expected, strict=True))

    def as_json(self) -> dict:
        return {**vars(self), "error_points": self.error_points}


def read(path: pathlib.Path) -> list[ShareCell]:
    if not path.exists():
        return []
    groups: dict[tuple, list[tuple[int, float]]] = {}
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            key = (line["scenario"], int(line["cpus"]), int(line["threads"]))
            groups.setdefault(key, []).append((int(line["weight"]), float(line["usec"])))
    cells = []
    for (scenario, cpus, threads), members in groups.items():
        used = sum(usec for _, usec in members)
        if used <= 0:
            continue
        expected = water_fill(cpus, [(weight, min(threads, cpus)) for weight, _ in members])
        cells.append(
            ShareCell(
                scenario,
                cpus,
                threads,
                [weight for weight, _ in members],
                [100 * usec / used for _, usec in members],
                [100 * cpu / sum(expected) for cpu in expected],
            )
        )
    return cells
