#!/usr/bin/env python3
"""Puts questions that netverify wrote with --dump-smt2 to cvc5 and to the newest Z3, and compares the answers with
those of the Z3 that netverify asked.

    second_opinion.py FOLDER...

Prints a line a folder and solver. Ends with 1 if any answer differs or a folder holds no question, and names the files. Run
by scripts/second-opinion.sh, which also says where the solvers come from.
"""

import collections
import concurrent.futures
import functools
import itertools
import os
import pathlib
import re
import sys
import time

import cvc5
import z3

SECONDS_A_QUESTION = 60
STATUS = re.compile(r"^\(set-info :status (sat|unsat|unknown)\)$", re.MULTILINE)


def ask_z3(script: str) -> str:
    """What Z3 says to a script that ends in its only (check-sat)."""
    solver = z3.Solver(ctx=z3.Context())
    solver.set("timeout", SECONDS_A_QUESTION * 1000)
    solver.from_string(script.replace("(check-sat)", ""))
    return str(solver.check())


def ask_cvc5(script: str) -> str:
    """The same of cvc5."""
    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    solver.setOption("tlimit-per", str(SECONDS_A_QUESTION * 1000))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "question")
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, parser.getSymbolManager())
    return said.strip()


SOLVERS = {f"cvc5 {cvc5.__version__}": ask_cvc5, f"Z3 {z3.get_version_string()}": ask_z3}


def compare(solver: str, path: pathlib.Path) -> str:
    """One question: agreed, undecided, or what is wrong with it."""
    script = path.read_text(encoding="utf-8")
    recorded = STATUS.search(script)
    if recorded is None:
        return f"{path}: no status"
    given = SOLVERS[solver](script)
    if "unknown" in (recorded[1], given):
        return "undecided"
    return "agreed" if given == recorded[1] else f"{path}: {recorded[1]} before, {given} by {solver}"


def main(folders: list[str]) -> int:
    print(f"{SECONDS_A_QUESTION} s a question")
    print(f"{'folder':<16}{'solver':<16}{'queries':>9}{'agreed':>9}{'disagreed':>11}{'undecided':>11}{'seconds':>9}")
    faults = []
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for folder, solver in itertools.product(folders, SOLVERS):
            start = time.monotonic()
            paths = sorted(pathlib.Path(folder).glob("*.smt2"))
            counts = collections.Counter()
            for verdict in pool.map(functools.partial(compare, solver), paths, chunksize=8):
                counts[verdict if verdict in ("agreed", "undecided") else "disagreed"] += 1
                if verdict not in ("agreed", "undecided"):
                    faults.append(verdict)
            if not paths:
                faults.append(f"{folder}: no question in it")
            columns = f"{len(paths):>9}{counts['agreed']:>9}{counts['disagreed']:>11}{counts['undecided']:>11}"
            name = pathlib.Path(folder).name
            print(f"{name:<16}{solver:<16}{columns}{time.monotonic() - start:>9.0f}", flush=True)
    for fault in faults:
        print(f"disagreement: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
