#!/bin/sh
# Makes sure that everything netverify builds with is there. Z3, pkg-config and a C++ toolchain are
# installed where they are missing and apt-get or brew can do it; a Rust toolchain is only asked for.
#
#   scripts/setup.sh           check, install what is missing
#   scripts/setup.sh --check   check only, install nothing
#
# Settings: NETVERIFY_NO_INSTALL=1 is the same as --check.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
install=yes
if [ "${1:-}" = "--check" ] || [ "${NETVERIFY_NO_INSTALL:-0}" = 1 ]; then install=no; fi

say() { printf '%s\n' "setup: $*"; }
fail() {
    printf '%s\n' "setup: $1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Rust ------------------------------------------------------------------------------------------

# Whether version $1 is at least version $2; only the first two numbers count.
at_least() {
    have_major=${1%%.*} have_rest=${1#*.} want_major=${2%%.*} want_rest=${2#*.}
    have_minor=${have_rest%%.*} want_minor=${want_rest%%.*}
    [ "$have_major" -gt "$want_major" ] || { [ "$have_major" -eq "$want_major" ] && [ "$have_minor" -ge "$want_minor" ]; }
}

check_rust() {
    wanted=$(sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$here/Cargo.toml")
    if ! have cargo || ! have rustc; then
        fail "Rust is not installed (or not on the PATH): cargo and rustc ${wanted} or newer are needed." \
            "See https://www.rust-lang.org/tools/install; then open a new shell and run make again."
    fi
    found=$(rustc --version | sed -n 's/^rustc \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
    [ -n "$found" ] || fail "cannot make sense of what 'rustc --version' says: $(rustc --version)"
    at_least "$found" "$wanted" ||
        fail "Rust $found is too old: $wanted or newer is needed." "With rustup: rustup update stable"
}

# Z3 and a linker -------------------------------------------------------------------------------

# The bindings are generated ahead of time: no clang, no bindgen. What is needed is a linker (cc), the C++
# standard library that libz3 rests on, libz3 itself and pkg-config to find it.
z3_found() {
    # Somebody who points the build at a library of their own knows what they do.
    [ -n "${Z3_LIBRARY_PATH_OVERRIDE:-}" ] || { have pkg-config && pkg-config --exists z3; }
}

# Links a program of two lines against the C++ library: a cc without it fails late and obscurely.
linker_works() {
    have cc || return 1
    case $(uname -s) in
        Darwin | FreeBSD | OpenBSD) stdlib=c++ ;;
        *) stdlib=stdc++ ;;
    esac
    probe=$(mktemp -d) || return 1
    printf 'int main(void) { return 0; }\n' >"$probe/probe.c"
    if cc "$probe/probe.c" -o "$probe/probe" "-l$stdlib" >/dev/null 2>&1; then works=0; else works=1; fi
    rm -rf "$probe"
    return "$works"
}

all_there() { z3_found && linker_works; }

# Runs a command silently; shows what it said only if it fails.
quietly() {
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

by_hand() {
    fail "$1" \
        "netverify needs the Z3 library with its header and pkg-config file, pkg-config, and a C++ toolchain:" \
        "  Debian, Ubuntu   apt-get install libz3-dev pkg-config g++" \
        "  Fedora           dnf install z3-devel pkgconf-pkg-config gcc-c++" \
        "  Arch             pacman -S z3 pkgconf gcc" \
        "  Alpine           apk add z3-dev pkgconf g++" \
        "  macOS            brew install z3 pkgconf, and xcode-select --install" \
        "Or build Z3 from source into the binary (slow; needs CMake 3.26 and GCC 13, or newer, and Python 3):" \
        "  cargo build --release --features vendored-z3" \
        "Or name the folder of a libz3 that you have: Z3_LIBRARY_PATH_OVERRIDE=/path/to/lib"
}

install_by_apt() {
    if [ "$(id -u)" -eq 0 ]; then
        sudo=
    elif have sudo; then
        sudo=sudo
    else
        by_hand "installing needs root, and there is no sudo here."
    fi
    say "installing libz3-dev, pkg-config and g++ by apt-get${sudo:+, with sudo}"
    # The lists may be stale or missing (a fresh container has none). A mirror that fails is no reason to stop
    # yet: the packages may be in the lists that are there.
    quietly $sudo apt-get update -q || say "apt-get update failed; trying with the lists that are there"
    quietly $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends libz3-dev pkg-config g++ ||
        by_hand "apt-get could not install them."
}

install_by_brew() {
    say "installing z3 and pkgconf by brew"
    quietly brew install z3 pkgconf || by_hand "brew could not install them."
}

install_missing() {
    [ "$install" = yes ] || by_hand "Z3 or a working C++ linker is missing, and nothing is to be installed."
    if have apt-get; then
        install_by_apt
    elif have brew; then
        install_by_brew
    else
        by_hand "Z3 or a working C++ linker is missing, and there is neither apt-get nor brew here."
    fi
    z3_found || by_hand "pkg-config still does not find z3."
    linker_works || by_hand "cc still cannot link against the C++ standard library."
}

check_rust
all_there || install_missing
if have pkg-config && pkg-config --exists z3; then
    say "Rust $found, Z3 $(pkg-config --modversion z3)"
else
    say "Rust $found, Z3 in ${Z3_LIBRARY_PATH_OVERRIDE:-an unknown place}"
fi
