# `make` alone lists what there is. Everything works as root or not, with nothing configured; see CONTRIBUTING.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The state of a checkout is not built in: a checkout that belongs to another user would stop the build.
export GOFLAGS := -buildvcs=false $(filter-out -buildvcs%,$(GOFLAGS))

TOOL := go tool -modfile=internal/tools/go.mod
SOURCES := $(wildcard cmd internal migrations web)
# Collecting garbage less often saves a fifth of a test's processor time, and costs it at most a gigabyte. The race detector lets each
# program linger a second before it exits; what races by then is rarely told there.
GOTEST := GOGC=400 GOMEMLIMIT=1GiB GORACE=atexit_sleep_ms=50 go test -race -shuffle=on -count=1 -vet=off

# The packages that the identity provider is made of.
PROVIDER := oidc dpop idp idp/details idp/pushed client clientauth outward signingkey apitoken decision receipt receipt/format backchannel

.PHONY: help run build test check fmt fmt-check lint bench bench-large soak fuzz mutate screenshots docs certs reset needs vulnerabilities

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## the whole story on this machine: PostgreSQL, stand-ins of FranceConnect and ProConnect, the site
	@exec bin/mandat demo $(ARGS)

build: ## the program, as bin/mandat, and the check of a journal alone, as bin/mandat-verify
	@[ -x bin/mandat ] || echo "Building (the first time takes a minute or two)"
	@go build -o bin/ ./cmd/mandat ./cmd/mandat-verify

test: needs ## every test, with the race detector, PostgreSQL and a browser; installs what is missing
	$(GOTEST) -p 2 -timeout 40m ./...

check: fmt-check ## what a change must pass: gofmt, vet, linters, every test
	go vet ./...
	$(TOOL) golangci-lint run ./...
	@$(MAKE) test

fmt: ## format the Go files
	gofmt -w $(SOURCES)

fmt-check:
	@files=$$(gofmt -l $(SOURCES)); [ -z "$$files" ] || { echo "gofmt would change:"; echo "$$files"; exit 1; }

lint: ## the linters alone; the first time builds them, a minute or two
	$(TOOL) golangci-lint run ./...

bench: ## rates and latencies beside their rivals, in minutes; BENCH=Sign runs one
	go test -run '^$$' -bench '$(or $(BENCH),.)' -benchtime 1x -timeout 30m ./internal/bench/... ./internal/certification

bench-large: ## the budgets with ten million mandates beside ten thousand: needs 60 GB, and an hour; MANDAT_LARGE=100000 for a quick look
	MANDAT_LARGE=$(or $(MANDAT_LARGE),10000000) go test -run '^$$' -bench '^BenchmarkLarge$$' -benchtime 1x -timeout 6h ./internal/bench

soak: needs ## the long runs: fifty kills, ten minutes of two servers whose leaders are killed (MANDAT_SOAK_FOR=90s for less), then fuzzing of every parser; FUZZ=10m for longer
	MANDAT_SOAK=1 $(GOTEST) -p 1 -timeout 6h $(or $(PACKAGES),./...)
	@for file in $$(grep -rl '^func Fuzz' internal); do for name in $$(sed -n 's/^func \(Fuzz[A-Za-z_0-9]*\)(.*/\1/p' $$file); do \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZ),30s) ./$$(dirname $$file) || exit; done; done

fuzz: needs ## what strangers send to the identity provider, made up for a while for each reader; FUZZ=10m for longer
	@for file in $$(grep -l '^func Fuzz' $(patsubst %,internal/%/*_test.go,$(PROVIDER))); do for name in $$(sed -n 's/^func \(Fuzz[A-Za-z_0-9]*\)(.*/\1/p' $$file); do \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(or $(FUZZ),30s) ./$$(dirname $$file) || exit; done; done

mutate: needs ## turn over each condition of the identity provider, and list what no test notices; RUN='^token.go' for some, PACKAGES=oidc for one; hours
	go run ./internal/mutate/mutants $(if $(RUN),-run '$(RUN)') $(or $(PACKAGES),$(PROVIDER))

screenshots: needs ## a picture of every step of the story, in screenshots/
	MANDAT_SCREENSHOTS=1 MANDAT_SOAK=1 go test -count=1 -timeout 20m ./internal/e2e
	@ls screenshots

docs: ## write what is made from the code: the settings in docs/operations.md
	@go run ./internal/config/docs

certs: ## development certificates in certs/; FORCE=1 replaces those that are there
	@go run ./internal/certs/makecerts -dir certs $(if $(FORCE),-force)

reset: ## forget the demo's data; what was fetched stays
	@.ci/reset

vulnerabilities: ## known vulnerabilities in what the program uses (needs the network)
	$(TOOL) govulncheck ./...

needs:
	@.ci/install
