# SPDX-License-Identifier: Apache-2.0
"""A runner of composite actions, as far as those in actions/ go: expressions, GITHUB_* files, commands.

After GitHub's documents "Metadata syntax" and "Workflow commands"; a step runs as
`bash --noprofile --norc -eo pipefail FILE` with both streams read as one.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
COMMAND = re.compile(r"::([A-Za-z][\w-]*|[0-9a-f]{16,})( [^:]*)?::(.*)$")


def read_action(folder):
    return yaml.safe_load(pathlib.Path(folder, "action.yml").read_text(encoding="utf-8"))


def check_metadata(action):
    """What GitHub would find wrong, or what would be a trap; a list of complaints."""
    wrong = []
    text = json.dumps(action["runs"])
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    declared = set(action["inputs"])
    wrong += [f"input {name} is used but not declared" for name in sorted(used - declared)]
    wrong += [f"input {name} is declared but not used" for name in sorted(declared - used)]
    ids = {step.get("id") for step in action["runs"]["steps"]}
    for name, output in action["outputs"].items():
        match = re.fullmatch(r"\$\{\{ steps\.([\w-]+)\.outputs\.([\w-]+) \}\}", output["value"])
        if not match or match[1] not in ids or match[2] != name:
            wrong.append(f"output {name} comes from nowhere: {output['value']}")
    for step in action["runs"]["steps"]:
        if "${{" in step["run"]:
            wrong.append("an expression in `run` makes code of what others wrote")
        if "shell" not in step:
            wrong.append("a step of a composite action names its shell")
    return wrong


def parse_outputs(text):
    """GITHUB_OUTPUT: NAME=VALUE, or NAME<<END ... END."""
    values, lines = {}, text.split("\n")
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if heredoc >= 0 and (equals < 0 or heredoc < equals):
            name, end = line.split("<<", 1)
            taken = []
            while lines[0] != end:  # without it: an IndexError, as the runner fails
                taken.append(lines.pop(0))
            lines.pop(0)
            values[name] = "\n".join(taken)
        else:
            name, value = line.split("=", 1)
            values[name] = value
    return values


def parse_commands(log):
    """The commands that the runner would obey: (name, message)."""
    obeyed, stopped = [], None
    for line in log.split("\n"):
        match = COMMAND.match(line.lstrip())
        if stopped is not None:
            if match and match[1] == stopped:
                stopped = None
        elif match and match[1] == "stop-commands":
            stopped = match[3]
        elif match:
            obeyed.append((match[1], match[3]))
        elif "##[" in line:
            obeyed.append(("##", line))
    if stopped is not None:
        obeyed.append(("never resumed", stopped))
    return obeyed


class Job:
    """One job on a runner, in a checkout of a repository; `variables` are those that the workflow and the runner add."""

    def __init__(self, workspace, path, api, temp, variables=None):
        self.workspace, self.path, self.api, self.temp = workspace, path, api, temp
        self.variables = variables or {}

    def expand(self, text, inputs, outputs, token):
        def value(match):
            word = match[1]
            if word == "github.token":
                return token
            kind, _, rest = word.partition(".")
            if kind == "inputs":
                return inputs[rest]
            if kind == "steps":
                return outputs[rest.replace(".outputs.", "/")]
            raise ValueError(f"no such expression: {word}")
        return EXPRESSION.sub(value, text)

    def use(self, folder, event_name, event, given=None, token="job-token"):
        """Runs the action; its exit code, outputs, summary, log and obeyed commands."""
        action = read_action(folder)
        given = given or {}
        unknown = set(given) - set(action["inputs"])
        assert not unknown, f"unknown inputs: {unknown}"
        inputs = {name: self.expand(given.get(name, each.get("default", "")), {}, {}, token)
                  for name, each in action["inputs"].items()}
        code, log, summary, steps = 0, "", "", {}
        for step in action["runs"]["steps"]:
            assert step["shell"] == "bash"
            ran = self.run(step, inputs, token, folder, event_name, event)
            code, log, summary = ran["code"], log + ran["log"], summary + ran["summary"]
            steps.update({f"{step['id']}/{name}": value for name, value in ran["outputs"].items()})
            if code:
                break
        outputs = {}
        for name, each in action["outputs"].items():
            source = each["value"].split("steps.")[1].split(" ")[0].replace(".outputs.", "/")
            outputs[name] = steps.get(source, "")
        return {"code": code, "outputs": outputs, "written": steps, "summary": summary, "log": log,
                "commands": parse_commands(log)}

    def run(self, step, inputs, token, folder, event_name, event):
        environment = {
            "PATH": self.path, "HOME": os.path.join(self.temp, "home"), "RUNNER_TEMP": self.temp,
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": self.workspace,
            "GITHUB_REPOSITORY": "org/shop", "GITHUB_API_URL": self.api,
            "GITHUB_EVENT_NAME": event_name, "GITHUB_ACTION_PATH": folder,
            "GIT_CONFIG_NOSYSTEM": "1", **self.variables}
        for name, value in step["env"].items():
            environment[name] = self.expand(value, inputs, {}, token)
        return run_script(step["run"], self.workspace, environment, self.temp, event)


def run_script(script, workspace, environment, temp, event):
    """A `run` step: its exit code, log, outputs and summary."""
    with tempfile.TemporaryDirectory(dir=temp) as files:
        def file(name, text=""):
            path = os.path.join(files, name)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            return path
        given = {"GITHUB_EVENT_PATH": file("event.json", json.dumps(event)), "GITHUB_OUTPUT": file("output"),
                 "GITHUB_STEP_SUMMARY": file("summary")}
        ran = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", file("script.sh", script)],
                             cwd=workspace, env={**given, **environment}, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        read = lambda name: pathlib.Path(files, name).read_text(encoding="utf-8")
        return {"code": ran.returncode, "log": ran.stdout.decode("utf-8"),
                "outputs": parse_outputs(read("output")), "summary": read("summary")}
