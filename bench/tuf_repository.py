# SPDX-License-Identifier: Apache-2.0
# The body of bench-tuf-repository; runs in its folder of work.
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

env = dict(os.environ)
runs, creations, count = int(env["RUNS"]), int(env["CREATIONS"]), int(env["COUNT"])
sluice = env["SLUICE"]
rows, missed = [], []


def timed(words, stdin=os.devnull):
    """Milliseconds, of CPU as well, and the most memory in MB."""
    began = time.perf_counter()
    child = os.posix_spawn(words[0], words, env, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, "errors", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)])
    _, status, usage = os.wait4(child, 0)
    took = (time.perf_counter() - began) * 1000
    if status:
        with open("errors", encoding="utf-8", errors="replace") as file:
            sys.exit(f"{words} ended with {status}: {file.read()}")
    return took, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


def quietly(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)


def figures(measured):
    times, cpu, peak = zip(*measured)
    return {"n": len(times), "median_ms": statistics.median(times), "min_ms": min(times), "cpu_median_ms": statistics.median(cpu),
            "peak_mb": max(peak)}


def row(name, measured, limits):
    each = {who: figures(of) for who, of in measured.items() if of}
    rows.append({"name": name, **each})
    ours = each["sluice"]
    text = f"{name:8} sluice {ours['median_ms']:10.2f} ms (min {ours['min_ms']:.2f}, CPU {ours['cpu_median_ms']:.1f}, {ours['peak_mb']:.0f} MB)"
    for who, limit in limits.items():
        if who not in each:
            continue
        ratio = each[who]["median_ms"] / ours["median_ms"]
        rows[-1][f"ratio_{who}"] = ratio
        text += (f"   {who} {each[who]['median_ms']:.1f} ms (CPU {each[who]['cpu_median_ms']:.0f}, {each[who]['peak_mb']:.0f} MB):"
                 f" {ratio:.1f}x (at least {limit})")
        if ratio < limit:
            missed.append(f"{name} against {who}")
    print(text, flush=True)


def target(number):
    path = f"packages/{number % 256:02x}/{number // 256 % 256:02x}/package-{number:07d}-1.0.0-py3-none-any.whl"
    return path, 1_000_000 + number, hashlib.sha256(path.encode()).hexdigest()


def line(number):
    path, length, sha256 = target(number)
    return json.dumps({"path": path, "length": length, "hashes": {"sha256": sha256}}) + "\n"


def make_keys():
    env["SLUICE_PASSWORD"] = "example"
    for name in ("root", "online"):
        quietly(sluice, "key", "generate", "--type", "ed25519", "--out-prefix", name)
    quietly(sluice, "key", "export", "online.key", "--unencrypted", "--format", "pkcs8", "--out", "online.pem")
    with open("online.pem", encoding="ascii") as file:
        env["TUF_ONLINE_KEY"] = file.read()


POLICY = """kind: sluice.tuf-repo/v1
hashes: [sha256]
roles:
  targets: {expires: 90d, online: ["env:TUF_ONLINE_KEY"]}
  delegated: {expires: 90d, online: ["env:TUF_ONLINE_KEY"]}
  snapshot: {expires: 7d, online: ["env:TUF_ONLINE_KEY"]}
  timestamp: {expires: 1d, online: ["env:TUF_ONLINE_KEY"]}
targets: elsewhere
"""


def create(folder):
    """All that it takes, from nothing to the published repository: the sum of four processes."""
    os.mkdir(folder)
    with open(f"{folder}/tuf-repo.yaml", "w", encoding="ascii") as file:
        file.write(POLICY)
    tuf = [sluice, "tuf"]
    steps = [
        timed(tuf + ["init", "--root-key", "root.pub", folder]),
        timed(tuf + ["sign", "--repo", folder, "--key", "root.key", "--role", "root", "--yes"]),
        timed(tuf + ["publish", "--repo", folder]),
        timed(tuf + ["delegate", "--publish", "--repo", folder, "--bins", "16384", "--signer", "env:TUF_ONLINE_KEY", "--list", "-"],
              "targets.list"),
    ]
    print("         ", ", ".join(f"{name} {took:.0f} ms {peak:.0f} MB" for name, (took, _, peak) in
                                  zip(("init", "sign", "publish", "delegate"), steps)), flush=True)
    return sum(step[0] for step in steps), sum(step[1] for step in steps), max(step[2] for step in steps)


def disk_floor():
    """A file of a bin's size written and synced, another put in its place, their folder synced."""
    times = []
    for _ in range(21):
        began = time.perf_counter()
        for name in ("floor-new", "floor-timestamp"):
            with open(name, "wb", buffering=0) as file:
                file.write(b"x" * 20_000)
                os.fsync(file.fileno())
        os.rename("floor-timestamp", "floor-new")
        folder = os.open(".", os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


make_keys()
with open("targets.list", "w", encoding="ascii") as file:
    file.writelines(line(i) for i in range(count))


def clear():
    """Whether there was anything. A file system that has just lost many files is slow to make new ones: ext4 without
    a journal looks twice at each inode that was freed in the last five minutes."""
    folders = [name for name in os.listdir(".") if os.path.isdir(name)]
    for name in folders:
        shutil.rmtree(name)
    os.sync()
    return bool(folders)


if clear():
    print("what an earlier run left is removed: making files may be slow for some minutes")
    time.sleep(6)
# Each into a folder of its own, which stays until the end.
measured = {"sluice": [], "python-tuf": []}
for i in range(creations):
    measured["sluice"].append(create(f"made-{i}"))
    if i == 0:
        os.mkdir("peer")
        measured["python-tuf"].append(timed([env["PYTHON"], env["PEER"], "create", "peer", "online.pem", "targets.list"]))
os.rename("made-0", "made")
row("create", measured, {"python-tuf": 4})
peak = rows[-1]["sluice"]["peak_mb"]
print(f"create, memory: {peak:.0f} MB (at most 400)")
if peak > 400:
    missed.append("memory")

names = ["sluice", "python-tuf"] + (["go-tuf"] if env["GO_TUF"] else [])
for who in names[1:]:
    shutil.rmtree(who, ignore_errors=True)
    shutil.copytree("made/metadata", who)
os.sync()
floor = disk_floor()
print(f"the disk alone, two files and their folder synced: {floor:.2f} ms")


def add(who, number):
    path, length, sha256 = target(number)
    if who == "sluice":
        with open("one.list", "w", encoding="ascii") as file:
            file.write(line(number))
        return timed([sluice, "tuf", "add", "--publish", "--repo", "made", "--list", "one.list"])
    if who == "go-tuf":
        return timed([env["GO_TUF"], "add", who, "online.pem", path, str(length), sha256])
    return timed([env["PYTHON"], env["PEER"], "add", who, "online.pem", path, str(length), sha256])


def check(folder, number):
    path, _, sha256 = target(number)
    quietly(env["PYTHON"], env["PEER"], "check", folder, path, sha256)


measured = {who: [] for who in names}
before = set(os.listdir("made/metadata"))
for i in range(runs + 1):  # the first of each warms the disk's cache
    for who in names if i % 2 else reversed(names):
        took = add(who, count + i)
        if i:
            measured[who].append(took)
for who in names:
    check("made/metadata" if who == "sluice" else who, count + runs)
fresh = set(os.listdir("made/metadata")) - before
if len(fresh) != 3 * (runs + 1):
    missed.append(f"{len(fresh)} new files of {runs + 1} additions")
row("add one", measured, {"python-tuf": 15, "go-tuf": 15})
clear()
json.dump({"rows": rows, "disk_floor_ms": floor, "targets": count}, open(f"{env['OUT']}/tuf-repository.json", "w", encoding="ascii"), indent=1)
sys.exit(bool(missed) and f"limits missed: {missed}")
