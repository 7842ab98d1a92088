#!/usr/bin/env python3
"""Times whole runs of netverify on generated clusters and prints tables in Markdown.

    scripts/bench.py [--runs N] [--sizes 10,100,...] [--large] [--only NAME ...] [--budget SECONDS]

Needs what `make bench` builds: the release binary and the example that writes clusters. A cluster of N has N workloads and,
from 10 on, N policies. Commands run one after another, never two at once. Wall and CPU time are medians, peak memory is the
largest. Growth is the slope of log time over log policies: 1 is linear. Less memory than Python itself has cannot be seen.
"""

import argparse
import dataclasses
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETVERIFY = ROOT / "target" / "release" / "netverify"
CLUSTER = ROOT / "target" / "release" / "examples" / "cluster"
SEED = 1
LARGE = 100_000
# A smaller cluster has no second team (benches/support/cluster.rs), and is asked about the platform's namespace.
TWO_TEAMS = 24
# Proved or answered, and refuted or something found: anything else is no measurement.
ANSWERS = {0, 1}


@dataclasses.dataclass(frozen=True)
class Run:
    wall: float
    cpu: float
    megabytes: float


@dataclasses.dataclass(frozen=True)
class Command:
    name: str
    title: str
    arguments: typing.Callable[[pathlib.Path], list[str]]
    # How many properties it proves on a cluster of that size; None where it proves none.
    properties: typing.Callable[[int], int] | None = None
    is_sized: bool = True
    is_quick: bool = False


def tenth(size):
    return max(1, size // 10)


def prove(folder, *options):
    return ["prove", str(folder / "netverify.toml"), *options]


def question(size):
    asker = "team-0001" if size >= TWO_TEAMS else "kube-system"
    return f"pods in {asker} cannot reach pods in team-0000"


def flow(folder):
    return ["explain", "team-0000/app-0-api", "team-0000/app-0-db:5432", "-m", str(folder)]


RAG = ROOT / "specs" / "rag.toml"
COMMANDS = [
    Command("rag", "`prove specs/rag.toml`", lambda _: ["prove", str(RAG)],
            lambda _: len(tomllib.loads(RAG.read_text())["property"]), is_sized=False),
    Command("read", "reading: `explain` of one flow, which asks no solver", flow, is_quick=True),
    Command("one", "`prove`, one property", lambda folder: ["prove", str(folder / "one.toml")], lambda _: 1, is_quick=True),
    Command("prove", "`prove`, a property for ten policies", prove, tenth),
    Command("matrix", "`matrix --format json`", lambda folder: ["matrix", "-m", str(folder), "--format", "json"]),
    Command("lint", "`lint`", lambda folder: ["lint", "-m", str(folder)]),
]
THREADS = "threads"


def main():
    options = parsed()
    for needed in (NETVERIFY, CLUSTER):
        if not needed.is_file():
            sys.exit(f"bench: {needed.relative_to(ROOT)} is missing: run `make bench`")
    with tempfile.TemporaryDirectory(prefix="netverify-bench-") as top:
        folders = Folders(pathlib.Path(top))
        commands = [command for command in COMMANDS if command.name in options.only]
        if commands:
            print("| command | policies | properties | runs | wall | CPU | peak memory |\n|---|---|---|---|---|---|---|")
        for command in commands:
            table(command, options, folders)
        if THREADS in options.only:
            if commands:
                print()
            threads(options, folders)


def parsed():
    parser = argparse.ArgumentParser(description="Times whole runs of netverify and prints tables in Markdown.")
    names = [command.name for command in COMMANDS] + [THREADS]
    parser.add_argument("--runs", type=at_least_one, default=5, metavar="N", help="runs of each command (5)")
    parser.add_argument("--sizes", type=sizes, default=[10, 100, 1_000, 10_000], metavar="N,N,...",
                        help="policies of the clusters (10,100,1000,10000)")
    parser.add_argument("--large", action="store_true", help=f"a cluster of {LARGE:,} as well, for reading and one property")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME",
                        help=f"this command, of {', '.join(names)}; may be given several times")
    parser.add_argument("--budget", type=float, default=60, metavar="SECONDS",
                        help="no further run of a command on a cluster after so long (60)")
    options = parser.parse_args()
    options.only = options.only or names
    return options


def at_least_one(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def sizes(text):
    """In ascending order. Fewer than ten workloads have fewer policies, and no team to ask about."""
    numbers = sorted({int(part) for part in text.split(",")})
    if numbers[0] < 10:
        raise argparse.ArgumentTypeError("at least 10 policies")
    return numbers


class Folders:
    """The clusters that were asked for, each written once."""

    def __init__(self, top):
        self.top = top
        self.written = {}

    def of(self, size):
        if size not in self.written:
            folder = self.top / str(size)
            subprocess.run([CLUSTER, str(size), folder, str(SEED), str(tenth(size))], check=True)
            one = f'manifests = ["."]\n\n[[property]]\nname = "one"\nassert = "{question(size)}"\n'
            (folder / "one.toml").write_text(one)
            self.written[size] = folder
        return self.written[size]


def run(arguments):
    """One run, with its output thrown away."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([NETVERIFY, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ANSWERS:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-2_000:]
            sys.exit(f"bench: netverify {' '.join(arguments)} ended with {process.returncode}\n{said}")
    # Linux counts kilobytes, macOS bytes.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def runs(options, *of):
    """Runs of each of the commands, in turn, until there are enough or they have taken too long."""
    done = [[] for _ in of]
    while len(done[0]) < options.runs and sum(one.wall for ones in done for one in ones) <= options.budget:
        for arguments, ones in zip(of, done):
            ones.append(run(arguments))
    print(f"bench: {' '.join(of[0][:1])}: {[round(one.wall, 2) for one in done[0]]}", file=sys.stderr)
    return done


def medians(ones):
    return Run(statistics.median(one.wall for one in ones), statistics.median(one.cpu for one in ones),
               max(one.megabytes for one in ones))


def table(command, options, folders):
    if not command.is_sized:
        [ones] = runs(options, command.arguments(ROOT))
        row(command.title, "–", command.properties(0), len(ones), medians(ones))
        return
    measured = []
    for size in options.sizes + ([LARGE] if options.large and command.is_quick and LARGE not in options.sizes else []):
        [ones] = runs(options, command.arguments(folders.of(size)))
        properties = command.properties(size) if command.properties else None
        measured.append((size, medians(ones)))
        row(command.title, size, properties, len(ones), measured[-1][1])
    growth(measured)


def row(title, size, properties, count, median):
    properties = "–" if properties is None else f"{properties:,}"
    size = size if isinstance(size, str) else f"{size:,}"
    memory = f"{median.megabytes:,.0f} MB"
    print(f"| {title} | {size} | {properties} | {count} | {seconds(median.wall)} | {seconds(median.cpu)} | {memory} |", flush=True)


def growth(measured):
    """From each size to the next, and by least squares over all."""
    if len(measured) < 2:
        return
    measures = [[(size, getattr(median, of)) for size, median in measured] for of in ("wall", "cpu")]
    steps = [", ".join(f"{slope(points[at:at + 2]):.2f}" for at in range(len(points) - 1)) for points in measures]
    over_all = [f"{slope(points):.2f}" for points in measures]
    print(f"| *growth from each size to the next* | | | | {' | '.join(steps)} | |")
    print(f"| *growth by least squares over all* | | | | {' | '.join(over_all)} | |", flush=True)


def slope(points):
    """Of log time over log policies. A CPU clock that has not ticked counts as a millisecond."""
    x, y = zip(*((math.log(size), math.log(max(time_taken, 0.001))) for size, time_taken in points))
    return statistics.linear_regression(x, y).slope


def seconds(number):
    """Three digits, no more."""
    return f"{number * 1000:.0f} ms" if number < 1 else f"{number:.{max(0, 2 - int(math.log10(number)))}f} s"


def threads(options, folders):
    print("| policies | properties | runs of each | wall, one thread | wall, two | CPU, one | CPU, two | speed-up |\n" + "|---" * 8 + "|")
    for size in options.sizes:
        folder = folders.of(size)
        done = runs(options, *(prove(folder, "--threads", count) for count in ("1", "2")))
        one, two = map(medians, done)
        cells = [f"{size:,}", f"{tenth(size):,}", str(len(done[0]))]
        cells += [seconds(number) for number in (one.wall, two.wall, one.cpu, two.cpu)] + [f"{one.wall / two.wall:.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
