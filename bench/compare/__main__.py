# SPDX-License-Identifier: Apache-2.0
"""python3 -m compare DIRECTORY [--with-published DIR] [--check] [--publish ROOT]"""

import argparse
import pathlib
import sys

from . import bounds, prototype_csv, publish, report, summary
from .collect import collect, write_csv
from .parse import Unreadable


def say(results, judged, show_bounds, page):
    print()
    for line in summary.conditions_text(results.conditions) + summary.boosts_text(results.boosts):
        print(line)
    print()
    print(summary.plain_table(*summary.table_cells(results)))
    print()
    if show_bounds:
        for bound in judged:
            print(f"bench: {bound}")
    for line in results.unreadable:
        print(f"bench: left out, since it could not be read: {line}", file=sys.stderr)
    for line in results.ejections:
        print(f"bench: left out, since the kernel took our scheduler off: {line}; raw/daemon.log says why", file=sys.stderr)
    print(f"bench: {page}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="compare", description="Report on measurements of ./dev bench.")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--with-published", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--publish", type=pathlib.Path, metavar="ROOT")
    options = parser.parse_args()
    try:
        results = collect(options.directory.resolve())
        published = prototype_csv.published(options.with_published) if options.with_published else {}
    except (Unreadable, OSError) as error:
        print(f"bench: error: {error}", file=sys.stderr)
        return 1
    if options.publish:
        for path in publish.publish(results, options.publish):
            print(f"bench: wrote {path.relative_to(options.publish)}")
        return 0
    write_csv(results)
    what = summary.summarize(results, published)
    judged = bounds.check(results)
    what["bounds"] = [vars(bound) for bound in judged]
    summary.write(results, what)
    page = report.write(results, what, judged, published)
    say(results, judged, options.check, page)
    missed = sum(not bound.kept for bound in judged)
    if options.check and missed:
        print(f"bench: {missed} of {len(judged)} bounds missed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
