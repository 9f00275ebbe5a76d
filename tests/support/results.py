# SPDX-License-Identifier: Apache-2.0
"""The cases of a script, one line each, and a file of results as GoogleTest writes it, where RESULTS names one."""
import os
import sys
import time
import traceback
import xml.etree.ElementTree as ET


class Skipped(Exception):
    pass


class Results:
    def __init__(self):
        self.root = ET.Element("testsuites")
        self.counts = {"ok": 0, "FAILED": 0, "skipped": 0}

    def case(self, group, name, work):
        """Calls the work: it went well when it returns."""
        began = time.monotonic()
        case = ET.SubElement(self.root, "testcase", classname=group, name=name, status="run")
        how, said = "ok", ""
        try:
            work()
        except Skipped as why:
            how, said = "skipped", str(why)
            ET.SubElement(case, "skipped", message=said)
        except Exception as problem:  # noqa: BLE001: the other cases still count
            how = "FAILED"
            said = str(problem) if isinstance(problem, AssertionError) else traceback.format_exc()
            ET.SubElement(case, "failure", message=said.splitlines()[0] if said else "failed").text = said or "failed"
        case.set("time", f"{time.monotonic() - began:.3f}")
        self.counts[how] += 1
        print(f"{how:7} {group}: {name}{': ' if said else ''}{said}", flush=True)
        return how == "ok"

    def finish(self):
        if os.environ.get("RESULTS"):
            os.makedirs(os.path.dirname(os.environ["RESULTS"]), exist_ok=True)
            ET.ElementTree(self.root).write(os.environ["RESULTS"])
        print(", ".join(f"{count} {how}" for how, count in self.counts.items()))
        sys.exit(1 if self.counts["FAILED"] or not self.counts["ok"] else 0)
