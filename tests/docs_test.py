#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the console blocks of the documents and compares what they print.

usage: docs_test.py SLUICE FILE.md...

The blocks of one file share a shell and an empty folder. A line "$ ..." is run; the lines below it
are what it prints, standard error included. "…" in a line stands for anything in that line; a line
that is only "…" stands for any lines.
"""
import os
import re
import subprocess
import sys
import tempfile


def steps(text):
    """(command, expected lines) of each command in the console blocks."""
    for block in re.findall(r"^```console\n(.*?)^```", text, re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.rstrip("\n").split("\n")
            yield lines[0], lines[1:]


def pattern(lines):
    """The regular expression that expected lines stand for."""
    out = ""
    for line in lines:
        if line == "…":
            out += r"(?:.*\n)*"
        else:
            out += ".*".join(re.escape(piece) for piece in line.split("…")) + r"\n"
    return out


def run(sluice, path):
    """The number of commands that ran, and the complaints about them."""
    found = list(steps(open(path, encoding="utf-8").read()))
    complaints = []
    with tempfile.TemporaryDirectory() as folder:
        mark = "--- end of step ---"
        script = "".join(f"{command}\ncode=$?\necho '{mark}'\n(exit $code)\n" for command, _ in found)
        environment = {"PATH": os.path.dirname(os.path.abspath(sluice)) + ":" + os.environ["PATH"], "HOME": folder}
        output = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    printed = output.split(mark + "\n")
    for (command, expected), got in zip(found, printed):
        if not re.fullmatch(pattern(expected), got):
            wanted = "\n".join(expected)
            complaints.append(f"{path}: $ {command}\n--- the document says\n{wanted}\n--- it printed\n{got}")
    if len(printed) != len(found) + 1:
        complaints.append(f"{path}: {len(found)} commands, {len(printed) - 1} came to an end")
    return len(found), complaints


def main():
    total, wrong = 0, []
    for path in sys.argv[2:]:
        count, complaints = run(sys.argv[1], path)
        total += count
        wrong += complaints
    print("\n".join(wrong))
    print(f"{total} commands of the documents ran, {len(wrong)} did not print what is written")
    sys.exit(1 if wrong or total == 0 else 0)


main()
