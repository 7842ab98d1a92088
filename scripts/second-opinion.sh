#!/bin/sh
# Asks others what Z3 was asked: cvc5 and the newest Z3 every question that decides a property of the shipped specs
# and of random worlds; and runs the whole test-suite with the newest Z3. Needs Python 3 with venv, and PyPI;
# installs into target/ only.
#
#   scripts/second-opinion.sh             both
#   scripts/second-opinion.sh questions   the questions only
#   scripts/second-opinion.sh suite       the test-suite only
#
# Settings: NETVERIFY_WORLDS (1000), CARGO.
set -eu

cvc5_version=1.4.2
z3_version=5.4.1.0

cd "$(dirname -- "$0")/.."
what=${1:-both}
cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-$PWD/target}
here=$target/second-opinion

say() { printf '%s\n' "second opinion: $*"; }

install() {
    [ -x "$here/venv/bin/python" ] || python3 -m venv "$here/venv"
    "$here/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        "cvc5==$cvc5_version" "z3-solver==$z3_version"
}

ask_questions() {
    rm -rf "$here/specs" "$here/worlds"
    "$cargo" build --locked --quiet
    say "the questions of the shipped specs"
    # 1 says that something is refuted, as it should be in some specs.
    "$target/debug/netverify" prove specs/*.toml --dump-smt2 "$here/specs" >/dev/null || [ $? -eq 1 ]
    say "the questions of ${NETVERIFY_WORLDS:-1000} random worlds"
    NETVERIFY_WORLDS=${NETVERIFY_WORLDS:-1000} NETVERIFY_QUESTIONS=$here/worlds \
        "$cargo" test --locked --quiet --test second_opinion >/dev/null
    "$here/venv/bin/python" scripts/second_opinion.py "$here/specs" "$here/worlds"
}

# In a target folder of its own, for the build script keeps the Z3 that it has found.
run_suite() {
    z3=$("$here/venv/bin/python" -c 'import pathlib, z3; print(pathlib.Path(z3.__file__).parent)')
    say "the test-suite with Z3 $z3_version"
    Z3_NO_PKG_CONFIG=1 Z3_SYS_Z3_HEADER=$z3/include/z3.h Z3_LIBRARY_PATH_OVERRIDE=$z3/lib \
        LD_LIBRARY_PATH=$z3/lib DYLD_LIBRARY_PATH=$z3/lib CARGO_TARGET_DIR=$target/newest-z3 \
        "$cargo" test --locked
}

install
case $what in
    questions) ask_questions ;;
    suite) run_suite ;;
    both)
        ask_questions
        run_suite
        ;;
    *) say "\`$what\` is none of questions, suite and both" >&2; exit 2 ;;
esac
