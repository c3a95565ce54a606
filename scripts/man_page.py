#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page, out of the program's own --help: man_page.py MUS-SCHEDULER > mus-scheduler.8"""

import re
import subprocess
import sys

ABOUT = """\
.SH FILES
.TP
.I /etc/default/mus\\-scheduler
Settings of the service, as variables MUS_*; each is named beside its option above.
.TP
.I /run/mus\\-scheduler/api.sock
The API's unix socket: for root and the group mus\\-scheduler.
.TP
.I /var/lib/mus\\-scheduler/token
The token for the API over TCP on loopback; made at the first start.
.TP
.I /var/lib/mus\\-scheduler/boosts.json
What was asked for, by name. Boosts are in force again after a restart of the daemon or the node.
.SH EXIT STATUS
0: done. 1: not done, and standard error says why and what to do. 2: the command line is wrong.
.SH NOTES
When the daemon ends, in whatever way, the kernel's own scheduler goes on.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1),
.BR cgroups (7);
/usr/share/doc/mus\\-scheduler/
"""


def help_of(binary, *command):
    return subprocess.run([binary, *command, "--help"], check=True, capture_output=True, text=True, env={}).stdout


def roff(text):
    """As running text: no line of it is a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def commands_of(text):
    # Upper case from CLI11 2.5 on, as all headings.
    below = re.split(r"^subcommands:$", text, flags=re.MULTILINE | re.IGNORECASE)[1]
    return re.findall(r"^  ([a-z-]+) ", below, re.MULTILINE)


def items(lines):
    """Pairs of an option and what it does: the latter begins at a column of its own, or on the next line."""
    out = []
    for line in lines:
        if line.startswith("          "):
            out[-1][1] = f"{out[-1][1]} {line.strip()}".strip()
        else:
            name, _, text = line.strip().partition("  ")
            if not text and ") " in name:  # too long for the column by a little
                name, _, text = name.partition(") ")
                name += ")"
            out.append([name, text.strip()])
    return out


def section(text):
    """The body of one command's help, without its first lines."""
    out, group, examples = [], [], []
    for line in [*text.splitlines(), "End:"]:
        heading = re.fullmatch(r"([A-Z][A-Za-z]+):", line)
        if examples:
            examples.append(line)
        elif line == "Examples:":
            examples.append(line)
        elif heading:
            for name, what in items(group):
                out += [".TP", f".B {roff(name)}", roff(what)]
            group = []
            if heading[1].capitalize() not in ("Options", "Positionals", "End"):
                out += [".PP", f"{heading[1].capitalize()}:"]
        elif line.startswith("  "):
            group.append(line)
    if examples:
        for name, what in items(group):
            out += [".TP", f".B {roff(name)}", roff(what)]
        shown = [line for line in examples[1:-1] if line.startswith("  ")]
        said = " ".join(line for line in examples[1:-1] if not line.startswith("  "))
        out += [".PP", "Examples:", ".PP", ".nf", *[roff(line) for line in shown], ".fi"]
        if said:
            out += [".PP", roff(said)]
    return out


def main():
    binary = sys.argv[1]
    top = help_of(binary)
    version = subprocess.run([binary, "version"], check=True, capture_output=True, text=True).stdout.split()[1]
    about = top.partition("Usage:")[0].strip()
    out = [
        ".\\\" Made of the program's own help.",
        f'.TH MUS\\-SCHEDULER 8 "" "mus\\-scheduler {version}"',
        ".SH NAME",
        "mus\\-scheduler \\- live CPU boosts for containers",
        ".SH SYNOPSIS",
        ".B mus\\-scheduler",
        ".I COMMAND",
        "[OPTIONS]",
        ".SH DESCRIPTION",
        roff(about),
        ".SH COMMANDS",
    ]
    for command in commands_of(top):
        text = help_of(binary, command)
        what, _, rest = text.partition("\nUsage: ")
        usage, _, rest = rest.partition("\n")
        out += [f".SS {roff(usage)}", roff(what.strip()), *section(rest)]
    sys.stdout.write("\n".join(line for line in out if line) + "\n" + ABOUT)


if __name__ == "__main__":
    main()
