# SPDX-License-Identifier: Apache-2.0
"""The plots of the prototype's notebook, from ours and, if given, from its published data: two panels with an axis each,
since theirs come from other machines and another load generator."""

import pathlib

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from .catalogue import SCENARIO
from .collect import Results
from .figures import STRESSED_AND_IDLE, footer, label_of, plt, save
from .prototype_csv import PUBLISHED

Series = list[tuple[str, str, list[float]]]  # text, colour, values
THEIRS = "published by the prototype's authors (their machines, memtier_benchmark)"


def ours(results: Results, column: str, only=None) -> Series:
    found = []
    for name in STRESSED_AND_IDLE:
        values = [row[column] for row in results.redis.get(name, []) if row[column] is not None]
        if values and (only is None or name in only):
            found.append((label_of(results, name), SCENARIO[name].colour, values))
    return found


def theirs(published: dict, column: str, only=None) -> Series:
    found = []
    for name, rows in published.items():
        text, colour = PUBLISHED.get(name, (name, "#888888"))
        values = [row[column] for row in rows if row[column] is not None]
        if values and (only is None or name in only):
            found.append((text, colour, values))
    return found


def panels(results: Results, left: Series, right: Series, height: float):
    pairs = [(series, title) for series, title in ((left, "measured here"), (right, THEIRS)) if series]
    figure, axes = plt.subplots(len(pairs), 1, figsize=(10, height * len(pairs)), squeeze=False)
    for (_, title), one in zip(pairs, axes[:, 0], strict=True):
        one.set_title(title, fontsize=10, loc="left", color="#444444")
    footer(figure, results)
    return figure, [(one, series) for (series, _), one in zip(pairs, axes[:, 0], strict=True)]


def finish(figure, title: str, path: pathlib.Path):
    figure.suptitle(title, fontsize=12)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    return save(figure, path)


def kernel_density(values: list[float], places: np.ndarray) -> np.ndarray:
    """Gaussian kernels of Silverman's width, on a logarithmic axis where the scenarios lie decades apart."""
    points = np.log10(np.maximum(values, 1e-6))
    size = max(len(points), 2)
    quartiles = np.subtract(*np.percentile(points, [75, 25])) / 1.34
    width = 0.9 * min(np.std(points), quartiles or np.std(points)) * size**-0.2
    # All but equal values would make a needle that is as high as the picture.
    width = max(width, 0.008)
    distance = (np.log10(places)[:, None] - points[None, :]) / width
    return np.exp(-0.5 * distance**2).sum(axis=1) / (len(points) * width * np.sqrt(2 * np.pi))


def draw_density(axes, series: Series):
    everything = [value for _, _, values in series for value in values]
    places = np.logspace(np.log10(min(everything) * 0.8), np.log10(max(everything) * 1.25), 600)
    for text, colour, values in series:
        height = kernel_density(values, places)
        # Where it is nothing, it would draw over the others' feet.
        height[height < height.max() * 0.003] = np.nan
        axes.plot(places, height, color=colour, lw=1.8, label=f"{text}, n={len(values)}")
        axes.fill_between(places, height, color=colour, alpha=0.12)
        axes.plot(values, np.zeros(len(values)), "|", color=colour, ms=9, clip_on=False)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    low, high = min(everything) * 0.8, max(everything) * 1.25
    axes.set_xlim(low, high)
    steps = [step * 10.0**power for power in range(-3, 5) for step in (1, 1.5, 2, 3, 5, 7)]
    shown = [step for step in steps if low <= step <= high]
    if high / low > 12:
        shown = [step for step in shown if f"{step:e}"[0] in "125" and f"{step:e}"[2] == "0"]
    if len(shown) < 4:
        shown = [step for step in MaxNLocator(6).tick_values(low, high) if low <= step <= high]
    axes.set_xticks(shown, [f"{step:g}" for step in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("average latency of a GET in a run, ms (logarithmic)")
    axes.set_ylabel("density of the runs")
    axes.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)


def density(results: Results, published: dict, path: pathlib.Path):
    left, right = ours(results, "gets_avg_lat"), theirs(published, "gets_avg_lat")
    if not left + right:
        return None
    figure, drawn = panels(results, left, right, 4.2)
    for axes, series in drawn:
        draw_density(axes, series)
    return finish(figure, "Redis: average GET latency", path)


def density_boosted(results: Results, published: dict, path: pathlib.Path):
    """The notebook's MUS against CFS with nice -17; ours against the best that the kernel offers."""
    chosen = ("eevdf-tuned", "eevdf-cpuidle", "fifo-stress", "prototype-stress", "mus-boosted", "mus-boosted-default")
    left = ours(results, "gets_avg_lat", chosen)
    right = theirs(published, "gets_avg_lat", ("results_CFS_redis_priority-17", "results_EXT_stress"))
    if not left + right:
        return None
    figure, drawn = panels(results, left, right, 3.8)
    for axes, series in drawn:
        draw_density(axes, series)
    return finish(figure, "Redis favoured, stressed node: average GET latency", path)


def violin(results: Results, published: dict, path: pathlib.Path):
    left, right = ours(results, "tot_kb"), theirs(published, "tot_kb")
    if not left + right:
        return None
    figure, drawn = panels(results, left, right, 4.6)
    for axes, series in drawn:
        for place, (_, colour, values) in enumerate(series):
            if len(values) > 1 and max(values) > min(values):
                body = axes.violinplot([values], [place], widths=0.8, showextrema=False, vert=False)["bodies"][0]
                body.set_facecolor(colour)
                body.set_alpha(0.35)
            axes.plot(values, np.full(len(values), place), "o", color=colour, ms=3.5, alpha=0.8)
            axes.plot(np.median(values), place, "|", color="black", ms=16, mew=1.8)
        axes.set_yticks(range(len(series)), [text for text, _, _ in series])
        axes.set_ylim(len(series) - 0.4, -0.6)
        axes.set_xlim(left=0)
        axes.grid(True, axis="x", alpha=0.3)
        axes.set_xlabel("KiB/s received and sent by Redis: runs (dots), their median (line)")
    return finish(figure, "Redis: bandwidth", path)


def scatter(results: Results, published: dict, path: pathlib.Path):
    left, right = ours(results, "tot_p999"), theirs(published, "tot_p999")
    if not left + right:
        return None
    figure, drawn = panels(results, left, right, 4.4)
    for axes, series in drawn:
        for text, colour, values in series:
            axes.plot(range(1, len(values) + 1), values, "o-", color=colour, ms=4.5, lw=0.6, alpha=0.85, label=text)
        axes.set_yscale("log")
        low = min(value for _, _, values in series for value in values)
        high = max(value for _, _, values in series for value in values)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low > 30 else (1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_xlim(0.5, max(len(values) for _, _, values in series) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(True, alpha=0.3)
        axes.set_xlabel("run")
        axes.set_ylabel("p99.9, ms (logarithmic)")
        axes.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return finish(figure, "Redis: p99.9 of each run", path)
