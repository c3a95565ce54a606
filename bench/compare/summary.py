# SPDX-License-Identifier: Apache-2.0
"""summary.json, and the table that people read."""

import json

from . import prototype_csv, stats
from .catalogue import BEST, BEST_OF, METRIC, METRICS, REFERENCES, SCENARIO
from .collect import Results


BUSY_HOST = 0.2  # CPUs


def best_reference(results: Results, metric: str) -> str | None:
    """Which of the kernel's own ways has the best median: the one that counts as the reference for this metric."""
    medians = {}
    for scenario in BEST_OF:
        values = results.values.get((metric, scenario))
        if values:
            medians[scenario] = stats.median(values.values())
    if not medians:
        return None
    choose = max if METRIC[metric].higher_is_better else min
    return choose(medians, key=lambda name: medians[name])


def ratios(results: Results, metric: str, scenario: str) -> dict:
    found = {}
    best = best_reference(results, metric)
    for name, reference in [(BEST, best)] + [(name, name) for name in REFERENCES]:
        if reference is None or reference == scenario or (metric, reference) not in results.values:
            continue
        ratio = stats.paired_ratio(results.values[metric, scenario], results.values[metric, reference])
        if ratio:
            found[name] = {"reference": reference, **ratio}
    return found


def entries(results: Results) -> list[dict]:
    found = []
    for metric in METRICS:
        for scenario in results.scenarios(metric.name):
            values = results.values[metric.name, scenario]
            entry = {
                "metric": metric.name,
                "unit": metric.unit,
                "higher_is_better": metric.higher_is_better,
                "kernel": results.conditions.get("kernel", ""),
                "scenario": scenario,
                **stats.spread(list(values.values())),
                "values": dict(sorted(values.items())),
                "ratios": ratios(results, metric.name, scenario),
            }
            if scenario in results.boosts:
                entry["weight"] = results.boosts[scenario]["weight"]
                entry["entitlement_cpus"] = results.boosts[scenario]["entitlement_cpus"]
            found.append(entry)
    return found


def counters(results: Results) -> list[dict]:
    """Medians of what was counted, and the share of wakeups that found an idle CPU."""
    found = []
    cells = {}
    for (scenario, workload, name), rounds in sorted(results.counters.items()):
        value = stats.median(rounds.values())
        cells.setdefault((scenario, workload), {})[name] = value
        found.append({"scenario": scenario, "workload": workload, "counter": name, **stats.spread(list(rounds.values()))})
    for (scenario, workload), named in cells.items():
        if named.get("wakeups"):
            share = named.get("direct_dispatches", 0) / named["wakeups"]
            found.append({"scenario": scenario, "workload": workload, "counter": "direct_share", "median": share})
    return found


def summarize(results: Results, published: dict[str, list[dict]]) -> dict:
    return {
        "conditions": results.conditions,
        "references": {metric.name: best_reference(results, metric.name) for metric in METRICS},
        "boosts": results.boosts,
        "results": entries(results),
        "counters": counters(results),
        "shares": [cell.as_json() for cell in results.shares],
        "published": {
            name: {"of": "the prototype's authors", "runs": len(rows), **prototype_csv.medians(rows)}
            for name, rows in published.items()
        },
        "ejections": results.ejections,
        "unreadable": results.unreadable,
    }


def write(results: Results, summary: dict):
    (results.directory / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")


def conditions_text(conditions: dict[str, str]) -> list[str]:
    """Sentences that belong beside every figure."""
    get = conditions.get
    accelerator = get("accelerator", "unknown")
    how = {"tcg": "emulated (TCG): 10 to 30 times slower than hardware, so only proportions mean something"}
    counted = get("clock") == "instructions"
    if counted:
        how["tcg"] = "emulated (TCG), time passing with the instructions executed, 4 ns each: decisions and path lengths"
    how |= {"kvm": "with hardware virtualisation (KVM)", "none": "on the machine itself"}
    lines = [
        f"Kernel {get('kernel', '?')}, {get('cpus', '?')} CPUs, {how.get(accelerator, accelerator)}.",
        f"Noise: {get('noise', '?')}. Redis {get('redis', '?')}, {get('clients', '?')} clients;"
        f" {get('seconds', '?')} s for each workload in a round.",
    ]
    if "host_other_cpus" in conditions and not counted:
        text = f"Other work on the host meanwhile: {get('host_other_cpus')} of {get('host_cpus')} CPUs"
        # Emulated clocks lie as soon as a virtual CPU has to share.
        busy = float(get("host_other_cpus") or 0) > BUSY_HOST
        lines.append(text + (": too much for these figures to mean anything. Measure again when it is quiet." if busy else "."))
    lines.append(f"{get('scheduler', '?')} (revision {get('revision', '?')}), {get('date', '?')}.")
    lines.append(f"The prototype's policy: mus-scheduler run {get('prototype_policy', '?')}.")
    if get("prototype_options_missing"):
        lines.append(f"Not in this program, so left out of the prototype's policy: {get('prototype_options_missing')}.")
    return lines


def boosts_text(boosts: dict[str, dict]) -> list[str]:
    lines = []
    for scenario, boost in boosts.items():
        text = (
            f"{SCENARIO[scenario].text}: weight {boost['weight']}, entitled to {boost['entitlement_cpus']:.2f} of the"
            f" {boost['available_cpus']:.2f} CPUs that its clients leave (model '{boost['model']}');"
            f" on the idle node Redis used {boost['idle_cpus']:.2f}, and 1.2 times that is {boost['wanted_cpus']:.2f}."
        )
        if not boost["as_wanted"] and scenario == "mus-boosted":
            text += " No weight entitles it to more."
        lines.append(text)
    return lines


COLUMNS = ["redis_ops", "redis_p99_ms", "wake_p50_us", "wake_p99_us", "wake_p999_us"]
DIGITS = {"redis_ops": 0, "redis_p99_ms": 1, "wake_p50_us": 0, "wake_p99_us": 0, "wake_p999_us": 0}
HEADS = {
    "redis_ops": "Redis ops/s",
    "redis_p99_ms": "Redis p99, ms",
    "wake_p50_us": "wakeup p50, us",
    "wake_p99_us": "wakeup p99, us",
    "wake_p999_us": "wakeup p99.9, us",
}


def table_cells(results: Results) -> tuple[list[str], list[list[str]]]:
    """Median (lowest - highest) of each scenario, for the metrics that every scenario has."""
    rows = []
    for scenario in SCENARIO:
        cells = []
        for metric in COLUMNS:
            values = results.values.get((metric, scenario))
            if not values:
                cells.append("")
                continue
            some = stats.spread(list(values.values()))
            digits = DIGITS[metric]
            cells.append(f"{some['median']:,.{digits}f} ({some['min']:,.{digits}f} - {some['max']:,.{digits}f})")
        if any(cells):
            text = SCENARIO[scenario].text
            if scenario in results.boosts and "(" not in text:
                text += f" ({results.boosts[scenario]['weight']})"
            rows.append([text, *cells])
    return ["median (lowest - highest)", *(HEADS[metric] for metric in COLUMNS)], rows


def plain_table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
