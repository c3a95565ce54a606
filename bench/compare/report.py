# SPDX-License-Identifier: Apache-2.0
"""report.html: everything in one file, the pictures included."""

import base64
import html
import pathlib

from . import figures, notebook
from .bounds import Bound
from .catalogue import METRIC, SCENARIO
from .collect import Results
from .summary import boosts_text, conditions_text, table_cells

STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-size: 13px } td, th { padding: .25em .7em; border-bottom: 1px solid #ddd }
td { text-align: right; white-space: nowrap } td:first-child, th:first-child { text-align: left }
img { max-width: 100%; margin: 1em 0 } .missed { color: #b00020; font-weight: bold } .note { color: #555 }
"""

CAPTIONS = {
    "throughput": "redis-benchmark, one SET to four GETs of 128 bytes.",
    "wake-cdf": "A task that sleeps 3.7 ms at a time, all rounds together. Further to the left is better.",
    "wake-percentiles": "The same by round.",
    "idle": "What our presence costs a node that has nothing to fight about; in grey what two equal measurements differ by.",
    "shares": "",
    "density": "As in the prototype's notebook.",
    "density-boosted": "As in the prototype's notebook: there MUS against CFS with Redis at nice -17.",
    "violin": "As in the prototype's notebook.",
    "p999": "As in the prototype's notebook.",
}


def draw(results: Results, published: dict) -> list[pathlib.Path]:
    to = results.directory
    drawn = [
        figures.throughput(results, to / "throughput.png"),
        figures.wake_cdf(results, to / "wake-cdf.png"),
        figures.wake_percentiles(results, to / "wake-percentiles.png"),
        figures.idle_ratios(results, to / "idle.png"),
        figures.share_bars(results, to / "shares.png"),
        notebook.density(results, published, to / "density.png"),
        notebook.density_boosted(results, published, to / "density-boosted.png"),
        notebook.violin(results, published, to / "violin.png"),
        notebook.scatter(results, published, to / "p999.png"),
    ]
    return [path for path in drawn if path]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["<table><tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>")
    return "\n".join(lines) + "</table>"


def _ratio_rows(summary: dict) -> list[list[str]]:
    rows = []
    for entry in summary["results"]:
        best = entry["ratios"].get("best")
        if entry["metric"] not in ("redis_ops", "redis_p99_ms", "wake_p50_us", "wake_p99_us") or not best:
            continue
        if not entry["scenario"].startswith(("mus", "prototype")):
            continue
        cells = [f"{METRIC[entry['metric']].text}: {SCENARIO[entry['scenario']].text}"]
        for name in ("best", "eevdf-stress", "eevdf-idle"):
            ratio = entry["ratios"].get(name)
            cells.append(f"{ratio['median']:.2f} ({ratio['ci95'][0]:.2f} - {ratio['ci95'][1]:.2f})" if ratio else "")
        rows.append([cells[0], best["reference"], *cells[1:]])
    return rows


def _counter_rows(summary: dict) -> list[list[str]]:
    wanted = ["direct_share", "direct_dispatches", "preemptions", "steals", "context_switches", "redis_migrations"]
    wanted += ["context_switches_counted", "migrations_counted", "instructions_per_switch"]
    found = {}
    for entry in summary["counters"]:
        if entry["counter"] in wanted and entry["scenario"] in ("eevdf-idle", "mus-idle", "mus-stress", "mus-boosted"):
            found.setdefault((entry["workload"], entry["counter"]), {})[entry["scenario"]] = entry["median"]
    rows = []
    for (workload, name), cells in sorted(found.items(), key=lambda item: (item[0][0], wanted.index(item[0][1]))):
        texts = []
        for scenario in ("eevdf-idle", "mus-idle", "mus-stress", "mus-boosted"):
            value = cells.get(scenario)
            texts.append("" if value is None else f"{value:.1%}" if name == "direct_share" else f"{value:,.0f}")
        rows.append([f"{workload}: {name.replace('_', ' ')}", *texts])
    return rows


def write(results: Results, summary: dict, bounds: list[Bound], published: dict) -> pathlib.Path:
    pictures = draw(results, published)
    parts = [f"<!doctype html><meta charset=utf-8><title>mus-scheduler: comparison</title><style>{STYLE}</style>"]
    parts.append("<h1>Schedulers side by side</h1>")
    parts += [f"<p class=note>{html.escape(line)}</p>" for line in conditions_text(results.conditions)]
    parts += [f"<p>{html.escape(line)}</p>" for line in boosts_text(results.boosts)]
    parts.append(_table(*table_cells(results)))
    parts.append("<h2>Ratios of the same round: median (bootstrap 95 % interval)</h2>")
    head = ["", "the reference", "against the reference", "against EEVDF, Kubernetes' weights", "against EEVDF, idle"]
    parts.append(_table(head, _ratio_rows(summary)))
    for path in pictures:
        data = base64.b64encode(path.read_bytes()).decode()
        parts.append(f"<p><img alt='{path.stem}' src='data:image/png;base64,{data}'><br>{CAPTIONS.get(path.stem, '')}</p>")
    parts.append("<h2>Counted: medians</h2>")
    parts.append(_table(["", "EEVDF, idle", "mus, idle", "mus, no boost", "mus, boosted"], _counter_rows(summary)))
    parts.append("<h2>Bounds</h2><ul>")
    parts += [f"<li class={'kept' if bound.kept else 'missed'}>{html.escape(str(bound))}</li>" for bound in bounds]
    parts.append("</ul>")
    to = results.directory / "report.html"
    to.write_text("\n".join(parts) + "\n")
    return to
