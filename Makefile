# netverify: `make` lists what there is. Needs Rust, make and git; `make setup` gets the rest.

CARGO     ?= cargo
NETVERIFY := target/release/netverify
# How long to fuzz each target.
SECONDS   ?= 600
SPEC      ?= specs/rag.toml
# How many workloads and policies, where to, and which one of that size.
N         ?= 1000
DIR       ?= target/cluster-$(N)
SEED      ?= 1
# What to pass to scripts/bench.py.
ARGS      ?=

.DEFAULT_GOAL := help
.PHONY: help setup browser build prove test soak second-opinion check fmt clippy deny doc mutants bench microbench cluster fuzz clean

help: ## List the targets
	@echo "netverify: proofs about Kubernetes network policies"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Get what the build needs: Z3, pkg-config, a C++ toolchain
	@scripts/setup.sh

browser: ## Get what the browser tests need, which are skipped without: chromium, axe-core (by apt-get and npm)
	@scripts/browser.sh

build: setup
	@$(CARGO) build --release --locked

prove: build ## Prove the RAG platform (another spec: make prove SPEC=specs/eight-policies.toml)
	@$(NETVERIFY) prove $(SPEC)

test: setup ## Run all tests
	@$(CARGO) test --locked

second-opinion: setup ## Put the solver's questions to cvc5 and the newest Z3, and run all tests with that Z3
	@scripts/second-opinion.sh

soak: setup ## Try many times more random worlds than `make test`, others in every run (NETVERIFY_CASES=20)
	@NETVERIFY_CASES="$${NETVERIFY_CASES:-20}" $(CARGO) test --locked --no-fail-fast \
		--test agreement --test algebra --test lenders --test spellings \
		--test classes --test diff_brute_force --test matrix -- --nocapture

check: setup fmt clippy deny doc ## Check format, lints, dependencies and documentation

fmt:
	@echo "check: format"
	@$(CARGO) fmt --all --check

clippy: setup
	@echo "check: lints"
	@$(CARGO) clippy --locked --all-targets -- -D warnings

# Advisories need the RustSec database, which lives on the network. Where it cannot be had the rest is
# judged all the same, and REQUIRE_ADVISORIES=1 makes a failure of the gap. cargo-deny is built without
# optimisation where it is missing: that takes half the time, and it runs for a second.
deny:
	@echo "check: dependencies"
	@command -v cargo-deny >/dev/null 2>&1 || CARGO_PROFILE_DEV_DEBUG=0 $(CARGO) install cargo-deny --locked --debug
	@$(CARGO) deny --locked --log-level error check bans licenses sources
	@if $(CARGO) deny --locked fetch db >/dev/null 2>&1; then \
		$(CARGO) deny --locked --log-level error check --disable-fetch advisories; \
	else \
		echo "check: ADVISORIES NOT CHECKED: the RustSec advisory database cannot be fetched" >&2; \
		[ "$${REQUIRE_ADVISORIES:-0}" != 1 ]; \
	fi

doc: setup
	@echo "check: documentation"
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --quiet

mutants: setup ## Make the mistakes of tests/mutants/list.toml one by one; each must be caught (needs Python 3.11)
	@scripts/mutants.py

bench: setup ## Time whole runs on generated clusters (needs Python 3.11): make bench ARGS="--runs 3 --only prove"
	@$(CARGO) build --release --locked --bin netverify --example cluster
	@scripts/bench.py $(ARGS)

microbench: setup ## Time the stages of a run one by one
	@$(CARGO) bench --locked

cluster: setup ## Write a made-up cluster as YAML, for any tool: make cluster N=1000 DIR=/tmp/cluster SEED=1
	@$(CARGO) run --quiet --release --locked --example cluster -- $(N) $(DIR) $(SEED)
	@echo "cluster: $(N) workloads, as many policies and a spec about them (netverify.toml) in $(DIR)"

fuzz: setup ## Fuzz manifests, specs, sentences and flows, SECONDS (600) each; not part of the tests
	@scripts/fuzz.sh $(SECONDS) $(TARGET)

clean: ## Remove what was built
	@$(CARGO) clean
