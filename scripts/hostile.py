#!/usr/bin/env python3
"""Gives netverify inputs that were made to break a reader, and says what each costs: a row a case.

    scripts/hostile.py [PROGRAM]     target/release/netverify, where nothing else is named

Each case is a question over manifests of at most 64 MiB (or one more byte). What has to become of such input
is held by tests/hostile.rs; this only measures. Ends with 1 where the program ends by a signal or panics.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%s, namespace: shop%s}\nspec: %s\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a%d}\n"
MIB = 1024 * 1024


def policy(spec, name="", more=""):
    return POLICY % (name, more, spec)


def laughs():
    lines = ["a0: &a0 [" + ", ".join(["ha"] * 10) + "]"]
    lines += [f"a{at}: &a{at} [" + ", ".join([f"*a{at - 1}"] * 10) + "]" for at in range(1, 12)]
    return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + "\n".join(lines) + "\n"


def many(count, item):
    return ", ".join(item(at) for at in range(count))


def documents(count):
    return "---\n".join(policy("{podSelector: {matchLabels: {app: a%d}}}" % at, at) for at in range(count))


def rules(count):
    rule = "{from: [{podSelector: {matchLabels: {a: v%d}}}], ports: [{port: %d}]}"
    return many(count, lambda at: rule % (at, at + 81))


CASES = [
    ("a policy, for comparison", lambda: policy("{podSelector: {}}")),
    ("a billion laughs", laughs),
    ("a scalar of 10 MiB", lambda: policy("{podSelector: {}}", more=", annotations: {a: " + "x" * (10 * MIB) + "}")),
    ("a file of 64 MiB, one comment", lambda: "#" + "x" * (64 * MIB - 2) + "\n"),
    ("a file of 64 MiB and a byte", lambda: "#" + "x" * (64 * MIB - 1) + "\n"),
    ("a file of 64 MiB, all policies", lambda: fill(lambda at: policy("{podSelector: {}}", at) + "---\n")),
    ("64 MiB of the shortest list items", lambda: "a:\n" + "- 1\n" * (16 * MIB - 8)),
    ("100,000 documents", lambda: "---\n".join(
        [policy("{podSelector: {}}"), *(NAMESPACE % at for at in range(99_999))])),
    ("10,000 policies of one namespace", lambda: documents(10_000)),
    ("nested 100,000 deep", lambda: policy("{podSelector: " + "[" * 100_000 + "]" * 100_000 + "}")),
    ("20,000 faults", lambda: policy("{podSelector: {}, ingress: [" + many(20_000, lambda at: "{form: []}") + "]}")),
    ("10,000 values in a selector", lambda: policy(
        "{podSelector: {matchExpressions: [{key: a, operator: NotIn, values: ["
        + many(9_999, lambda at: f"v{at}") + "]}]}}")),
    ("10,000 exceptions of a block", lambda: policy(
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ["
        + many(10_000, lambda at: f"10.{at // 256}.{at % 256}.0/24") + "]}}]}]}")),
    ("10,000 rules", lambda: policy("{podSelector: {}, ingress: [" + rules(10_000) + "]}")),
    ("bytes that are no text, 64 MiB", lambda: b"\xff" * (64 * MIB)),
]


def fill(item):
    parts, size, at = [], 0, 0
    while True:
        part = item(at)
        if size + len(part) > 64 * MIB:
            return "".join(parts)
        parts.append(part)
        size, at = size + len(part), at + 1


def write(path, make):
    """In a process of its own: what this one holds counts as held by the programs that it starts."""
    if (writer := os.fork()) == 0:
        content = make()
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os._exit(0)
    if os.waitpid(writer, 0)[1] != 0:
        sys.exit("an input could not be written")


def measure(program, make):
    """Exit code, processor time in seconds, and the most memory held, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.yaml")
        write(path, make)
        question = ["query", "can external reach pods in shop", "-m", str(path), "--timeout", "20"]
        child = subprocess.Popen([program, *question], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        # Kilobytes, but on macOS bytes.
        peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
        return child.returncode, usage.ru_utime + usage.ru_stime, peak


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "release" / "netverify"
    print("| input | exit code | seconds of a processor | MB at most |\n|---|---|---|---|")
    broken = False
    for name, make in CASES:
        code, seconds, peak = measure(program, make)
        broken = broken or code not in (0, 1, 2, 3)
        print(f"| {name} | {code} | {seconds:.1f} | {peak:.0f} |", flush=True)
    sys.exit(1 if broken else 0)


main()
