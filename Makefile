# Two commands do everything: `make demo` and `make test`. Both install what is missing (scripts/setup) and build what is stale.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
NPM := npm --prefix web
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/package.json dsl-schema/pipeline.schema.json -type f 2>/dev/null)

.PHONY: help setup demo test test-rust test-web lint bless gen gen-check bench fuzz soak web clean

help:           ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup:          ## Install what is missing where that is allowed, else name the command
	@scripts/setup

demo:           ## Build everything, start the server, run a real pipeline, and show where to look
	@scripts/setup build
	@$(MAKE) --no-print-directory web
	$(CARGO) build --release -p loopline-cli
	@scripts/demo target/release/loopline

test:           ## Run every test
	@scripts/test

lint:           ## Formatting and lints, as the tests ask for them
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

bless:          ## Rewrite golden files; read the difference as carefully as code
	LOOPLINE_BLESS=1 INSTA_UPDATE=always $(CARGO) test --workspace
	@$(MAKE) --no-print-directory gen

gen:            ## Rewrite generated files: JSON Schema, language reference, OpenAPI, TypeScript types
	LOOPLINE_BLESS=1 $(CARGO) test -q -p loopline-dsl schema
	LOOPLINE_BLESS=1 $(CARGO) test -q -p loopline-dsl --test reference the_reference
	LOOPLINE_BLESS=1 $(CARGO) test -q -p loopline-server openapi
	@scripts/setup web
	$(NPM) run gen

bench:          ## Measure, each figure beside its raw limit in the same run
	@scripts/setup build
	@$(MAKE) --no-print-directory web
	$(CARGO) run --release -p loopline-benches

fuzz:           ## A minute for each fuzz target (FUZZ_SECONDS says how long)
	BOLERO_RANDOM_ITERATIONS=4000000000 BOLERO_RANDOM_TEST_TIME_MS=$$(($${FUZZ_SECONDS:-60} * 1000)) \
	  $(CARGO) test --release -p loopline-fuzz --no-fail-fast -- --test-threads 1

soak: fuzz      ## The long tests: fuzzing, a thousand kills, random runs beside a second interpreter
	@scripts/setup build
	@$(MAKE) --no-print-directory web
	LOOPLINE_KILLS=$${LOOPLINE_KILLS:-1000} $(CARGO) test -p loopline-tests crash -- --nocapture
	LOOPLINE_KILLS_PG=$${LOOPLINE_KILLS_PG:-200} $(CARGO) test -p loopline-tests servers -- --nocapture
	LOOPLINE_OPINIONS=$${LOOPLINE_OPINIONS:-200000} LOOPLINE_OPINIONS_SEED=$$RANDOM $(CARGO) test --profile soak -p loopline-tests second_opinion
	LOOPLINE_SEEDS=$${LOOPLINE_SEEDS:-30000} $(CARGO) test --profile soak -p loopline-tests deterministic::nothing
	LOOPLINE_VOLUME=$${LOOPLINE_VOLUME:-100} $(CARGO) test --release -p loopline-worker --test worker torture
	LOOPLINE_STEPS=$${LOOPLINE_STEPS:-100000} $(CARGO) run --release -p loopline-benches shell

web: web/dist/index.html

web/node_modules/.package-lock.json: web/package-lock.json
	@scripts/setup web

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	$(NPM) run build

clean:          ## Remove what was built
	rm -rf target web/dist web/node_modules .venv
