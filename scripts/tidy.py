#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py ROOT BUILD STAMPS FOLDER...: runs clang-tidy over the C++ files of
these folders, and over none of them twice: a file that was clean is checked
again only when it, a header of the project that it includes, the checks or its
command line have changed. The stamps know no path: all clones share them."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
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


def check(build, file):
    run = subprocess.run([TOOL, "-quiet", "-p", build, file], capture_output=True, text=True)
    return run.returncode, run.stdout.strip(), run.stderr.strip()


def main():
    root, build, stamps, folders = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4:]
    stamps.mkdir(parents=True, exist_ok=True)
    configs = [pathlib.Path(root, ".clang-tidy")]
    for folder in folders:
        configs += sorted(pathlib.Path(root, folder).glob("**/.clang-tidy"))
    checks = b"".join(path.read_bytes() for path in configs)
    known = dependencies(build)
    wanted, total = {}, 0
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        file = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if not file.startswith(tuple(os.path.join(root, folder) + os.sep for folder in folders)):
            continue
        stamp = stamps / key(root, build, entry, known.get(output_of(entry), [file]), checks)
        total += 1
        # Two programs may compile one file; checking it once is enough.
        if stamp.exists():
            continue
        wanted.setdefault(file, []).append(stamp)
    print(f"dev: clang-tidy: {len(wanted)} files to check, {total} known", file=sys.stderr, flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {pool.submit(check, build, file): file for file in wanted}
        for number, done in enumerate(concurrent.futures.as_completed(runs), 1):
            status, out, err = done.result()
            if status:
                bad += 1
                print(out or err, flush=True)
            else:
                for stamp in wanted[runs[done]]:
                    stamp.touch()
            if number % 20 == 0:
                print(f"dev:   {number} files ...", file=sys.stderr, flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
