# SPDX-License-Identifier: Apache-2.0
"""Puts a run's table and picture where the documents show them: between markers, so that it can be done again."""

import pathlib
import re
import shutil

from .collect import Results
from .summary import boosts_text, conditions_text, markdown_table, table_cells

BEGIN = "<!-- bench {series}: ./dev bench --publish writes this -->"
END = "<!-- bench end -->"
PICTURE = "wake-cdf.png"
DOCUMENTS = ["README.md", "docs/benchmarks.md"]


def block(results: Results, series: str, picture: str) -> str:
    command = f"./dev bench --kernel {series}"
    lines = [BEGIN.format(series=series), "", f"`{command}`: {results.conditions.get('rounds_done', '?')} rounds.", ""]
    lines += [markdown_table(*table_cells(results)), ""]
    lines += [f"- {line}" for line in conditions_text(results.conditions) + boosts_text(results.boosts)]
    lines += ["", f"![delay of wakeups, by scenario]({picture})", "", END]
    return "\n".join(lines)


def replace(document: str, series: str, text: str) -> str | None:
    """None where the document has no place for this series of kernels."""
    begin = re.escape(BEGIN.format(series=series))
    found = re.search(begin + r".*?" + re.escape(END), document, re.DOTALL)
    return document[: found.start()] + text + document[found.end() :] if found else None


def publish(results: Results, root: pathlib.Path) -> list[pathlib.Path]:
    series = ".".join(results.conditions.get("kernel", "unknown").split(".")[:2])
    image = root / "docs" / "images" / f"bench-{series}-{PICTURE}"
    image.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(results.directory / PICTURE, image)
    written = [image]
    for name in DOCUMENTS:
        path = root / name
        picture = image.relative_to(path.parent).as_posix()
        changed = replace(path.read_text(), series, block(results, series, picture)) if path.exists() else None
        if changed is not None:
            path.write_text(changed)
            written.append(path)
    return written
