#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is linked into the program, with versions and licences, as CycloneDX 1.5: sbom.py BUILD-DIR DEPS > sbom.cdx.json

Archives come from the linker's own line; one that is not in the table below is an error. Of libraries that are nothing
but headers there is no such list: HEADERS has to be kept.
"""

import json
import pathlib
import re
import subprocess
import sys

PROGRAM = "mus-scheduler"
ARCHIVES = {  # archive: name, licence (SPDX)
    "libssl": ("openssl", "Apache-2.0"),
    "libcrypto": ("openssl", "Apache-2.0"),
    "libz": ("zlib", "Zlib"),
    "libzstd": ("zstd", "BSD-3-Clause"),
    "libbpf": ("libbpf", "LGPL-2.1-only OR BSD-2-Clause"),
    "libelf": ("elfutils (libelf)", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
    "libncurses": ("ncurses", "X11-distribute-modifications-variant"),
    "libtinfo": ("ncurses", "X11-distribute-modifications-variant"),
}
HEADERS = {  # package: name, licence
    "nlohmann-json3-dev": ("nlohmann-json", "MIT"),
    "libspdlog-dev": ("spdlog", "MIT"),
    "libfmt-dev": ("fmt", "MIT"),
    "libcli11-dev": ("CLI11", "BSD-3-Clause"),
    "libexpected-dev": ("tl-expected", "CC0-1.0"),
}
TOOLCHAIN = {  # what the compiler adds by itself to a static program
    "libc.a": ("glibc", "LGPL-2.1-or-later"),
    "libstdc++.a": ("libstdc++", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libgcc.a": ("libgcc", "GPL-3.0-or-later WITH GCC-exception-3.1"),
}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def version_of_package(package):
    return output("dpkg-query", "-W", "-f", "${Version}", package)


def package_of(file):
    """Merged /usr: dpkg may know the file by its path without it."""
    path = pathlib.Path(file).resolve()
    for name in (str(path), str(path).removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    sys.exit(f"sbom: {file} belongs to no package")


def linked_archives(build):
    rule = re.search(rf"^build {PROGRAM}: .*?\n\n", (build / "build.ninja").read_text(), re.MULTILINE | re.DOTALL)
    line = re.search(r"^  LINK_LIBRARIES = (.*)$", rule[0], re.MULTILINE)[1]
    return [pathlib.Path(word) for word in line.split() if word.endswith(".a") and word.startswith("/")]


def component(name, version, licence, package=None):
    out = {"type": "library", "name": name, "version": version, "licenses": [{"expression": licence}]}
    if package:
        out["purl"] = f"pkg:deb/debian/{package}@{version}"
    return out


def components(build, deps):
    found = {}
    for archive in linked_archives(build):
        if archive.stem not in ARCHIVES:
            sys.exit(f"sbom: {archive} is linked in, and its licence is not known here")
        name, licence = ARCHIVES[archive.stem]
        if deps in archive.parents:
            (description,) = (deps / "root").rglob(f"{archive.stem}.pc")
            version = re.search(r"^Version: *(.*)$", description.read_text(), re.MULTILINE)[1]
            found[name] = component(name, version, licence)
        else:
            package = package_of(archive)
            found[name] = component(name, version_of_package(package), licence, package)
    header = (deps / "include/httplib.h").read_text()
    found["cpp-httplib"] = component("cpp-httplib", re.search(r'CPPHTTPLIB_VERSION "(.*)"', header)[1], "MIT")
    for package, (name, licence) in HEADERS.items():
        found[name] = component(name, version_of_package(package), licence, package)
    for file, (name, licence) in TOOLCHAIN.items():
        package = package_of(output("g++", f"-print-file-name={file}"))
        found[name] = component(name, version_of_package(package), licence, package)
    return [found[name] for name in sorted(found)]


def main():
    build, deps = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    version = output(str(build / PROGRAM), "version").split()[1]
    program = {"type": "application", "name": PROGRAM, "version": version}
    # The daemon is Apache-2.0; the BPF program in it is GPL-2.0-only, and the kernel's to run.
    program["licenses"] = [{"expression": "Apache-2.0 AND GPL-2.0-only"}]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1}
    document["metadata"] = {"component": program}
    document["components"] = components(build, deps)
    json.dump(document, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
