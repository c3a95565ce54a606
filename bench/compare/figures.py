# SPDX-License-Identifier: Apache-2.0
"""The pictures of the comparison. Each function draws one file; what was not measured is left out."""

import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from . import stats
from .catalogue import METRIC, SCENARIO
from .collect import Results
from .summary import ratios

STRESSED_AND_IDLE = [name for name in SCENARIO if not name.endswith(("-shares", "-again"))]
TAIL_TICKS = [0.5, 0.9, 0.99, 0.999, 0.9999]

plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "savefig.dpi": 130})


def footer(figure, results: Results):
    conditions = results.conditions
    how = {"tcg": "emulated CPUs (TCG): proportions, not figures", "kvm": "KVM", "none": "hardware"}
    text = (
        f"kernel {conditions.get('kernel', '?')}, {conditions.get('cpus', '?')} CPUs,"
        f" {how.get(conditions.get('accelerator'), conditions.get('accelerator', '?'))}; {conditions.get('noise', '?')}"
    )
    figure.text(0.99, 0.005, text, ha="right", va="bottom", fontsize=8, color="#666666")


def save(figure, path: pathlib.Path):
    figure.savefig(path)
    plt.close(figure)
    return path


def time_label(us: float, _=None) -> str:
    if us >= 1e6:
        return f"{us / 1e6:g} s"
    return f"{us / 1e3:g} ms" if us >= 1e3 else f"{us:g} us"


def time_axis(axes):
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(time_label))
    axes.tick_params(axis="x", labelsize=9)


def label_of(results: Results, scenario: str) -> str:
    boost = results.boosts.get(scenario)
    text = SCENARIO[scenario].text
    return f"{text} ({boost['weight']})" if boost and "(" not in text else text


def style_of(scenario: str) -> str:
    """Idle dotted, ours solid, so that the lines can be told apart without colours too."""
    if "idle" in scenario and "cpuidle" not in scenario:
        return ":"
    return "-" if scenario.startswith("mus") else "--"


def wake_cdf(results: Results, path: pathlib.Path):
    """Both axes logarithmic, the upright one in what is above: the tail is what this is about."""
    scenarios = [name for name in STRESSED_AND_IDLE if results.late_us.get(name)]
    if not scenarios:
        return None
    figure, axes = plt.subplots(figsize=(10, 6.4))
    most = 1
    for name in scenarios:
        late = np.sort(np.concatenate([np.maximum(values, 1) for values in results.late_us[name].values()]))
        # The last one is above all: it would lie at infinity.
        above = 1 - np.arange(1, len(late)) / len(late)
        most = max(most, len(late))
        width = 2.4 if name.startswith("mus-boosted") else 1.5
        axes.plot(late[:-1], above, style_of(name), color=SCENARIO[name].colour, lw=width, label=label_of(results, name))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(1, 0.7 / most)
    ticks = [1 - share for share in TAIL_TICKS if 1 - share >= 0.7 / most]
    axes.set_yticks([1, *ticks], ["0 %", *(f"{100 * (1 - tick):g} %" for tick in ticks)])
    axes.yaxis.set_minor_locator(NullLocator())
    time_axis(axes)
    axes.grid(True, which="major", alpha=0.3)
    axes.set_xlabel("delay of a wakeup (logarithmic)")
    axes.set_ylabel("share of wakeups no later than that")
    axes.set_title("Wakeup latency of an ordinary task in Redis' container")
    axes.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    footer(figure, results)
    return save(figure, path)


def throughput(results: Results, path: pathlib.Path):
    scenarios = [name for name in STRESSED_AND_IDLE if ("redis_ops", name) in results.values]
    if not scenarios:
        return None
    figure, axes = plt.subplots(figsize=(10, 0.46 * len(scenarios) + 1.8))
    highest = max(max(results.values["redis_ops", name].values()) for name in scenarios)
    for place, name in enumerate(scenarios):
        some = stats.spread(list(results.values["redis_ops", name].values()))
        middle = some["median"]
        reach = [[middle - some["min"]], [some["max"] - middle]]
        axes.barh(place, middle, color=SCENARIO[name].colour, alpha=0.8, height=0.66)
        axes.errorbar(middle, place, xerr=reach, fmt="none", ecolor="black", capsize=3, lw=1)
        text = f"{middle:,.0f}"
        ratio = ratios(results, "redis_ops", name).get("eevdf-stress")
        if ratio:
            text += f"   {ratio['median']:.1f} x"
        axes.text(some["max"] + highest * 0.015, place, text, va="center", fontsize=9)
    axes.set_yticks(range(len(scenarios)), [label_of(results, name) for name in scenarios])
    axes.invert_yaxis()
    axes.set_xlim(0, highest * 1.2)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(True, axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.set_xlabel(
        "requests per second: median of the rounds, lowest and highest\n"
        "(x: ratio to EEVDF with Kubernetes' weights, stressed)"
    )
    axes.set_title("Redis throughput")
    figure.tight_layout(rect=(0, 0.035, 1, 1))
    footer(figure, results)
    return save(figure, path)


def wake_percentiles(results: Results, path: pathlib.Path):
    kinds = [("wake_p50_us", "o", "p50"), ("wake_p99_us", "s", "p99"), ("wake_p999_us", "^", "p99.9")]
    scenarios = [name for name in STRESSED_AND_IDLE if ("wake_p99_us", name) in results.values]
    if not scenarios:
        return None
    figure, axes = plt.subplots(figsize=(10, 0.5 * len(scenarios) + 1.9))
    for place, name in enumerate(scenarios):
        for lane, (metric, marker, _) in enumerate(kinds):
            some = stats.spread([max(value, 1) for value in results.values[metric, name].values()])
            height = place + (lane - 1) * 0.22
            axes.plot([some["min"], some["max"]], [height, height], color=SCENARIO[name].colour, lw=1.6, alpha=0.6)
            axes.plot(some["median"], height, marker, color=SCENARIO[name].colour, ms=6.5)
    for _, marker, text in kinds:
        axes.plot([], [], marker, color="#444444", label=text, ls="none")
    axes.set_xscale("log")
    time_axis(axes)
    axes.set_yticks(range(len(scenarios)), [label_of(results, name) for name in scenarios])
    axes.invert_yaxis()
    axes.grid(True, axis="x", which="major", alpha=0.3)
    axes.set_xlabel("delay of a wakeup (logarithmic): median of the rounds, line from lowest to highest")
    axes.set_title("Wakeup latency of an ordinary task in Redis' container")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    footer(figure, results)
    return save(figure, path)


def idle_ratios(results: Results, path: pathlib.Path):
    """The idle node under ours against the kernel's own, and that against itself. As time, so that less is better."""
    rows = []
    for metric in ("pipe_us", "hackbench_s", "redis_ops"):
        for scenario, colour, text in (("mus-idle", "#d62728", "mus"), ("eevdf-idle-again", "#888888", "EEVDF itself")):
            ratio = ratios(results, metric, scenario).get("eevdf-idle") if (metric, scenario) in results.values else None
            if ratio:
                invert = METRIC[metric].higher_is_better
                turned = [1 / value if invert else value for value in (ratio["median"], *sorted(ratio["ci95"]))]
                paired = [1 / value if invert else value for value in ratio["paired"].values()]
                rows.append((f"{METRIC[metric].text}{' (time per request)' if invert else ''}: {text}", turned, paired, colour))
    if not rows:
        return None
    figure, axes = plt.subplots(figsize=(10, 0.55 * len(rows) + 1.7))
    for place, (_, (middle, *ends), paired, colour) in enumerate(rows):
        axes.plot(ends, [place, place], color=colour, lw=3.5, alpha=0.6, solid_capstyle="butt")
        axes.plot(paired, [place + 0.24] * len(paired), "|", color=colour, ms=7)
        axes.plot(middle, place, "o", color=colour, ms=7)
    if max(value for _, turned, paired, _ in rows for value in (*turned, *paired)) > 2:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.axvline(1, color="black", lw=0.8)
    axes.axvline(1.05, color="black", lw=0.8, ls="--")
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(True, axis="x", alpha=0.3)
    axes.set_xlabel(
        "time against EEVDF in the same round, less is better: median (dot), each round (ticks),\n"
        "bootstrap 95 % interval (bar); dashed: the bound of 1.05, which the interval has to reach"
    )
    axes.set_title("Idle node, no boosts")
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    footer(figure, results)
    return save(figure, path)


def share_bars(results: Results, path: pathlib.Path):
    cells = [cell for cell in results.shares if cell.scenario == "mus-shares"]
    if not cells:
        return None
    figure, axes = plt.subplots(figsize=(10, 4.2))
    colours = ["#c6dbef", "#6baed6", "#2171b5", "#08306b"]
    for place, cell in enumerate(cells):
        for bar, (weight, share, should) in enumerate(zip(cell.weights, cell.measured, cell.expected, strict=True)):
            where = place + (bar - 1.5) * 0.2
            axes.bar(where, share, width=0.18, color=colours[bar % 4], label=f"weight {weight}" if place == 0 else None)
            axes.plot([where - 0.095, where + 0.095], [should, should], color="black", lw=1.6)
    axes.plot([], [], color="black", lw=1.6, label="expected")
    axes.set_xticks(
        range(len(cells)), [f"{cell.cpus} CPU{'s' * (cell.cpus > 1)}\n{cell.threads} thread{'s' * (cell.threads > 1)}" for cell in cells]
    )
    axes.set_ylabel("CPU time, % of all four")
    axes.grid(True, axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.set_title("Four containers of hogs with the weights 1 : 2 : 4 : 8, under mus")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    footer(figure, results)
    return save(figure, path)
