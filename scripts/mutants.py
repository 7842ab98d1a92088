#!/usr/bin/env python3
"""Makes the mistakes of tests/mutants/list.toml one by one and runs the test that has to catch each.

    scripts/mutants.py [NAME ...]     all of them, or those whose names begin like this

Works in a copy of the tree under target/mutants and leaves the tree itself alone. A mistake is killed
where its test fails, or does not end within LEAST_PATIENCE seconds and ten times what it takes without
any mistake. One that does not compile proves nothing and counts as broken, as does one whose line is not
there. Exit code 1 where any survives or is broken.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "mutants" / "tree"
LEAST_PATIENCE = 120
# Every mistake is compiled once and fails soon: so compile fast, and do not look for a smaller failure.
FAST = os.environ | {"CARGO_PROFILE_DEV_OPT_LEVEL": "0", "CARGO_PROFILE_DEV_DEBUG": "0", "NETVERIFY_SHRINK": "0"}


def copy_tree():
    """The files that are not ignored, as they are now; what is built from them stays from run to run."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    wanted = {name for name in names.decode().split("\0") if name and (ROOT / name).is_file()}
    for name in wanted:
        there, here = COPY / name, ROOT / name
        if not there.is_file() or there.read_bytes() != here.read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, there)


def cargo(test):
    binary, name = test.split(" ", 1)
    target = ["--lib"] if binary == "lib" else ["--test", binary]
    return ["cargo", "test", "--locked", "--quiet", *target], ["--", "--exact", name]


def compiles(test):
    command, _ = cargo(test)
    return subprocess.run([*command, "--no-run"], cwd=COPY, env=FAST, capture_output=True).returncode == 0


def passes(test, patience):
    """Whether the test passes; None where it does not end in time."""
    command, only = cargo(test)
    # In a group of its own, so that what cargo has started ends with it.
    run = subprocess.Popen([*command, *only], cwd=COPY, env=FAST, start_new_session=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = run.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        return None
    if run.returncode == 0 and b"1 passed" not in output:
        sys.exit(f"there is no test `{test}`")
    return run.returncode == 0


def patience_with(test):
    """How long to wait for the test, which has to pass as things are."""
    if not compiles(test):
        sys.exit(f"`{test}` does not compile without any mistake")
    start = time.monotonic()
    if not passes(test, None):
        sys.exit(f"`{test}` fails without any mistake")
    return max(LEAST_PATIENCE, 10 * (time.monotonic() - start))


def try_one(mutant, patience):
    path = COPY / mutant["file"]
    text = path.read_text()
    if text.count(mutant["was"]) != 1:
        return "stale"
    path.write_text(text.replace(mutant["was"], mutant["becomes"]))
    try:
        if not compiles(mutant["test"]):
            return "broken"
        return {True: "SURVIVED", False: "killed", None: "killed: it does not end"}[passes(mutant["test"], patience)]
    finally:
        path.write_text(text)


def main():
    copy_tree()
    mutants = tomllib.loads((ROOT / "tests" / "mutants" / "list.toml").read_text())["mutant"]
    chosen = [one for one in mutants if not sys.argv[1:] or one["name"].startswith(tuple(sys.argv[1:]))]
    patience = {test: patience_with(test) for test in sorted({one["test"] for one in chosen})}
    killed = 0
    for one in chosen:
        start = time.monotonic()
        fate = try_one(one, patience[one["test"]])
        killed += fate.startswith("killed")
        print(f"{fate:8}  {one['name']:40} {one['test']}  ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"mutants: {killed} killed of {len(chosen)}")
    sys.exit(0 if killed == len(chosen) else 1)


main()
