#!/usr/bin/env python3
"""Makes the mistakes of tests/mutants/list.toml one by one and runs the test that has to catch each.

    scripts/mutants.py [NAME ...]     all of them, or those whose names begin like this

Works in a copy of the tree under target/mutants and leaves the tree itself alone. A mistake is killed
where its test fails or runs for more than TIMEOUT seconds; one that does not compile proves nothing and
counts as broken. Exit code 1 where any survives or is broken.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "mutants" / "tree"
TIMEOUT = 300
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


def cargo(test, *arguments):
    binary, name = test.split(" ", 1)
    target = ["--lib"] if binary == "lib" else ["--test", binary]
    command = ["cargo", "test", "--locked", "--quiet", *target, *arguments]
    if not arguments:
        command += ["--", "--exact", name]
    try:
        run = subprocess.run(command, cwd=COPY, env=FAST, capture_output=True, timeout=None if arguments else TIMEOUT)
    except subprocess.TimeoutExpired:
        return "timeout"
    if run.returncode == 0 and not arguments and b"1 passed" not in run.stdout:
        sys.exit(f"there is no test `{test}`")
    return "pass" if run.returncode == 0 else "fail"


def try_one(mutant):
    path = COPY / mutant["file"]
    text = path.read_text()
    if text.count(mutant["was"]) != 1:
        return "stale"
    path.write_text(text.replace(mutant["was"], mutant["becomes"]))
    try:
        if cargo(mutant["test"], "--no-run") == "fail":
            return "broken"
        return {"pass": "SURVIVED", "fail": "killed", "timeout": "killed"}[cargo(mutant["test"])]
    finally:
        path.write_text(text)


def main():
    copy_tree()
    mutants = tomllib.loads((ROOT / "tests" / "mutants" / "list.toml").read_text())["mutant"]
    chosen = [one for one in mutants if not sys.argv[1:] or one["name"].startswith(tuple(sys.argv[1:]))]
    for test in sorted({one["test"] for one in chosen}):
        if cargo(test, "--no-run") != "pass" or cargo(test) != "pass":
            sys.exit(f"`{test}` fails without any mistake")
    fates = {}
    for one in chosen:
        start = time.monotonic()
        fate = fates[one["name"]] = try_one(one)
        print(f"{fate:8}  {one['name']:40} {one['test']}  ({time.monotonic() - start:.0f} s)", flush=True)
    killed = sum(fate == "killed" for fate in fates.values())
    print(f"mutants: {killed} killed of {len(fates)}")
    sys.exit(0 if killed == len(fates) else 1)


main()
