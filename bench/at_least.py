# SPDX-License-Identifier: Apache-2.0
"""Limits on what bench/measure.c wrote: at_least.py FILE LIMIT...

  NAME=RATIO     the median of NAME is at least RATIO times that of the first command
  NAME<=RATIO    at most
  NAME+MS        at most MS milliseconds above the first command
  NAME<=KIB@KiB  NAME's peak memory is at most KIB

Says what was found, by median and by minimum; ends with 1 where a limit is missed by both: a
median moves with whatever else the machine does.
"""
import json
import re
import sys


def judge(commands, limit):
    """What was found, as text, and whether it is within the limit."""
    first = commands[next(iter(commands))]
    name, kind, number, unit = re.fullmatch(r"([^<=+]+)(<=|=|\+)([0-9.]+)(@KiB)?", limit).groups()
    one, bound = commands[name], float(number)
    if unit:
        return f"{name}: {one['max_rss_kib']} KiB at its peak (at most {number})", one["max_rss_kib"] <= bound
    if kind == "+":
        found = [one[each] - first[each] for each in ("median_ms", "min_ms")]
        text = "{}: {:.2f} ms above {} by median, {:.2f} by minimum (at most {})"
        return text.format(name, found[0], first["name"], found[1], number), min(found) <= bound
    found = [one[each] / first[each] for each in ("median_ms", "min_ms")]
    least = kind == "="
    text = "{}: {:.2f} times {} by median, {:.2f} by minimum (at {} {})"
    within = max(found) >= bound if least else min(found) <= bound
    return text.format(name, found[0], first["name"], found[1], "least" if least else "most", number), within


def main():
    with open(sys.argv[1]) as file:
        commands = {each["name"]: each for each in json.load(file)["commands"]}
    missed = False
    for limit in sys.argv[2:]:
        text, within = judge(commands, limit)
        print(text if within else f"{text}: MISSED")
        missed |= not within
    sys.exit(missed)


main()
