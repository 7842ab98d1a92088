#!/usr/bin/env bash
# Fuzzes what reads hostile input: manifests, specs, sentences and the two ends of a flow, each for so
# many seconds. Coverage-guided (cargo-fuzz, libFuzzer), on the stable compiler: netverify forbids unsafe
# code, so there is nothing for an address sanitizer to find in it.
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]
#
# Seeds are made of the specs and the test cases each time, and none is committed. What the fuzzer finds
# new is kept in fuzz/corpus, what breaks in fuzz/artifacts; to see a break again:
#   cargo fuzz run --sanitizer none TARGET fuzz/artifacts/TARGET/crash-...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

duration=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(manifest spec sentence ends)

seed() { # TARGET NAME: standard input as a seed
    mkdir -p "fuzz/seeds/$1"
    cat > "fuzz/seeds/$1/$2"
}

# The block scalars under `manifest:` and `manifests:` of a file of cases, one seed each.
cases() {
    awk -v folder="fuzz/seeds/manifest" -v name="$(basename "$1")" '
        /^  manifests?: \|/ { number++; file = folder "/" name "-" number; inside = 1; next }
        inside && /^    / { print substr($0, 5) > file; next }
        inside && /^$/ { print "" > file; next }
        inside { inside = 0; close(file) }' "$1"
}

# One seed a line of standard input.
lines() { # TARGET NAME
    local number=0 line
    while IFS= read -r line; do
        number=$((number + 1))
        printf '%s' "$line" | seed "$1" "$2-$number"
    done
}

seeds() {
    rm -rf fuzz/seeds
    local file
    mkdir -p fuzz/seeds/{manifest,spec,sentence,ends}
    for file in specs/*/*.yaml specs/*/*/*.yaml tests/explain/*.yaml; do
        seed manifest "${file//\//-}" < "$file"
    done
    for file in tests/cases/e2e.yaml tests/cases/edge.yaml tests/cases/validation.yaml; do
        cases "$file"
    done
    cut -f1 tests/cases/yaml_scalars.tsv | sed 's/^/{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {a: /; s/$/}}}/' |
        lines manifest scalar
    for file in specs/*.toml tests/spec/*.toml; do
        seed spec "${file//\//-}" < "$file"
    done
    sed 's/ => .*//' tests/language/sentences.txt | lines sentence right
    lines sentence wrong < tests/language/mistakes.txt
    sed "s/ => .*//" tests/language/questions.txt | lines sentence question
    lines sentence wrong-question < tests/language/question-mistakes.txt
    sed -n 's/^ *assert *= *"\(.*\)".*/\1/p' specs/*.toml | lines sentence spec
    # Two ends: every first word of a sentence to every target of one, on two lines.
    sed -n 's/^\([a-z0-9/.-]*\) can reach \([^ ]*\) => .*/\1 \2/p' tests/language/sentences.txt | tr ' ' '\n' |
        paste -d '|' - - | while IFS='|' read -r from to; do printf '%s\n%s' "$from" "$to" | seed ends "${from//\//-}"; done
    printf 'pods with app=web,tier=front in shop\nvector-db:6333' | seed ends pods
    printf '192.0.2.7\nservice ai-platform/rag-api:8000/TCP' | seed ends service
    printf 'deployment/chat-ui\n[fd00::1]:53/UDP' | seed ends address
    printf 'ai-platform/chat-ui\nrag-api:http' | seed ends named
}

# The words of the seeds, so that the fuzzer need not guess them letter by letter.
dictionary() {
    cat fuzz/seeds/*/* | grep -oE '[A-Za-z][A-Za-z0-9./-]{2,40}' | sort | uniq -c | sort -rn |
        awk '$1 > 1 && n++ < 400 { print "\"" $2 "\"" }' > fuzz/words.dict
}

command -v cargo-fuzz > /dev/null || cargo install cargo-fuzz --locked
# The versions that are shipped are the ones to fuzz.
cp Cargo.lock fuzz/Cargo.lock
seeds
dictionary
for target in "${targets[@]}"; do
    echo "==> fuzz $target, $duration s"
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$duration" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -dict=fuzz/words.dict \
        -print_final_stats=1 -verbosity=1
done
