#!/bin/sh
# Gets what the browser tests of tests/review.rs look at the sample review with: a chromium (by apt-get, where there is
# none) and axe-core, which finds faults of accessibility (from npm, into target/). `make test` does without: the
# tests say what they skip.
#
#   scripts/browser.sh
#
# Settings: NETVERIFY_BROWSER=required makes a failure of what cannot be had, here as in the tests.
set -eu

axe_version=4.14.1
# Of axe.min.js.
axe_sha256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

cd "$(dirname -- "$0")/.."
folder=${CARGO_TARGET_DIR:-target}/browser
axe=$folder/axe.min.js

say() { printf '%s\n' "browser: $*"; }
missing() {
    say "$*" >&2
    [ "${NETVERIFY_BROWSER:-}" != required ] || exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# The same names as in tests/review/browser.rs.
browser_found() { have chromium || have chromium-browser || have google-chrome; }

# Installs packages by apt-get, or fails and says nothing: the caller says what is missing.
by_apt() {
    have apt-get || return 1
    if [ "$(id -u)" -eq 0 ]; then sudo=; elif have sudo; then sudo=sudo; else return 1; fi
    say "installing $* by apt-get${sudo:+, with sudo}"
    # A mirror that fails is no reason to stop yet: the packages may be in the lists that are there.
    $sudo apt-get update -qq || say "apt-get update failed; trying with the lists that are there"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

axe_found() { [ -f "$axe" ] && [ "$(sha256 "$axe")" = "$axe_sha256" ]; }
sha256() { if have sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }

# Only the one file is kept, and only if it is the one that is meant.
fetch_axe() {
    fresh=$(mktemp -d) || return 1
    (cd "$fresh" && npm pack --silent "axe-core@$axe_version" >/dev/null && tar -xzf axe-core-*.tgz) || return 1
    mkdir -p "$folder" && mv "$fresh/package/axe.min.js" "$axe" && rm -rf "$fresh"
    axe_found
}

browser_found || by_apt chromium fonts-liberation || true
browser_found || missing "there is no chromium, and apt-get could not install it: install Chromium or Google Chrome"
if ! axe_found; then
    have npm || by_apt npm || true
    if ! have npm; then
        missing "axe-core comes from npm, which is not here: install Node.js with npm"
    elif ! fetch_axe; then
        rm -f "$axe"
        missing "axe-core $axe_version could not be had from npm, or is not the one that is meant"
    fi
fi
if browser_found && axe_found; then say "a chromium, and axe-core $axe_version"; fi
