#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py ROOT BUILD STAMPS FOLDER...: runs clang-tidy over the C++ files of
these folders as they are compiled, several at a time (CMake's unity build: most
of the work is in system headers), and over none of them twice: what was clean
is checked again only when a file, a header of the project that it includes, the
checks or its command line have changed. The stamps know no path: all clones
share them."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TOOL = "clang-tidy-19"


def dependencies(build):
    """What each object file was compiled from, as ninja recorded it."""
    listing = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    found, current = {}, None
    for line in listing.splitlines():
        if line.startswith("    "):
            current.append(os.path.normpath(os.path.join(build, line.strip())))
        elif ": #deps" in line:
            current = found.setdefault(line.split(":", 1)[0], [])
    return found


def output_of(entry):
    words = shlex.split(entry["command"])
    return words[words.index("-o") + 1] if "-o" in words else None


def key(root, build, entry, files, checks):
    digest = hashlib.sha256(checks + entry["command"].replace(root, "").encode())
    for file in sorted(files):
        # A system header only changes with its package, and then ./dev setup says more than we could; what the build
        # made is not ours to judge.
        if file.startswith(root + os.sep) and not file.startswith(build + os.sep) and os.path.exists(file):
            digest.update(file[len(root):].encode() + pathlib.Path(file).read_bytes())
    return digest.hexdigest()[:20]


def sources(build, entry):
    """The files of ours that an entry compiles: those that its unit includes, or the one that it names."""
    file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
    if not file.startswith(build + os.sep):
        return [file]
    return re.findall(r'^#include "(.*)"$', pathlib.Path(file).read_text(), re.MULTILINE)


def check(build, file):
    # That a unit includes source files is what it is for.
    run = subprocess.run([TOOL, "-quiet", "-checks=-bugprone-suspicious-include", "-p", build, file],
                         capture_output=True, text=True)
    return run.returncode, run.stdout.strip(), run.stderr.strip()


def main():
    root, build, stamps, folders = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4:]
    stamps.mkdir(parents=True, exist_ok=True)
    configs = [pathlib.Path(root, ".clang-tidy")]
    for folder in folders:
        configs += sorted(pathlib.Path(root, folder).glob("**/.clang-tidy"))
    checks = b"".join(path.read_bytes() for path in configs)
    known = dependencies(build)
    wanted, left, total = {}, 0, 0
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        ours = sources(build, entry)
        if not any(file.startswith(tuple(os.path.join(root, folder) + os.sep for folder in folders)) for file in ours):
            continue
        stamp = stamps / key(root, build, entry, known.get(output_of(entry), []) + ours, checks)
        total += len(ours)
        if not stamp.exists():
            wanted[entry["file"]] = stamp
            left += len(ours)
    print(f"dev: clang-tidy: {left} of {total} files to check, in {len(wanted)} units", file=sys.stderr, flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(check, build, file): file for file in wanted}
        for number, done in enumerate(concurrent.futures.as_completed(runs), 1):
            status, out, err = done.result()
            if status:
                bad += 1
                print(out or err, flush=True)
            else:
                wanted[runs[done]].touch()
            if number % 10 == 0:
                print(f"dev:   {number} units ...", file=sys.stderr, flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
