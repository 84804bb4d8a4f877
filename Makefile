# Everything a developer runs. `make help` prints the targets from their comments.
#
# The two that matter, each installing what it needs on a fresh Debian machine
# with Go, Node and git: `make demo` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Tests run with the Go that is installed, never with one fetched on the way.
export GOTOOLCHAIN := local

ADDR       ?= 127.0.0.1:8080
DEMO_FLAGS ?=
FUZZTIME   ?= 5000x
CASES      ?= 1000000
SEED       ?=
GOLANGCI   ?= go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The Go modules: the root, and those that need what the root must not.
MODULES := . hybrid/otel examples examples/mounting integration tools

# SQLite in Go is translated C, whose pointers checkptr takes a multiple of the time to
# follow. The race detector brings it along, and looks for races without it, too.
RACE := -race -gcflags='modernc.org/...=-d=checkptr=0'

# Where make interop installs Ollama, in a folder named after the version, and once.
OLLAMA_VERSION := v0.6.5
OLLAMA         := .cache/ollama-$(OLLAMA_VERSION)/ollama

# npm scripts run under the Node that package.json pins, whatever the machine has.
NPM := PATH="$(CURDIR)/jsclient/node_modules/.bin:$$PATH" npm --prefix jsclient
STAMP := jsclient/node_modules/.installed

# Vite, webpack, Next and an old TypeScript, for the apps that the package is tried in.
APPS_STAMP := jsclient/test/apps/node_modules/.installed

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(STAMP) ## Build the client and start the demo (ADDR=127.0.0.1:8080, DEMO_FLAGS='-backend URL -model NAME -key-env VAR')
	$(NPM) run --silent build
	@# Not by go run, which would end and leave the demo running when it is told to stop.
	go build -C examples -o ../bin/demo ./demo
	cd examples && exec ../bin/demo -addr '$(ADDR)' $(DEMO_FLAGS)

.PHONY: pack
pack: $(STAMP) ## Build the client, types included, and pack it into bin/ for npm install
	mkdir -p bin
	$(NPM) run --silent build
	cd jsclient && npm pack --silent --ignore-scripts --pack-destination ../bin

.PHONY: test
test: system $(STAMP) vet test-js test-go fuzz ## Run every test, those in a real browser included

.PHONY: check
check: lint test ## Run what must pass before a change lands: every linter and every test

.PHONY: test-go
test-go: system ## Run the Go tests with the race detector, and without it those that count allocations
	for module in $(MODULES); do go test -C $$module $(RACE) ./...; done
	go test -run AllocatesNothing ./backend/... ./hybrid ./policy

.PHONY: test-js
test-js: system $(STAMP) $(APPS_STAMP) ## Build the client, then lint, type-check and test it, in Node and in Chromium
	$(NPM) run --silent build
	git diff --exit-code --stat -- jsclient/dist || { echo 'jsclient/dist is not what the sources build: commit the rebuilt files.'; exit 1; }
	$(NPM) run --silent lint
	$(NPM) run --silent typecheck
	$(NPM) test

.PHONY: test-apps
test-apps: system $(STAMP) $(APPS_STAMP) ## Build the client, pack it, and try it in apps made with Vite, webpack, Next and no bundler
	$(NPM) run --silent build
	$(NPM) run --silent test-apps

.PHONY: fuzz
fuzz: ## Run every fuzz target, FUZZTIME (5000x, or 1m) each
	tools/fuzz.sh '$(FUZZTIME)' $(MODULES)

.PHONY: differential
differential: $(STAMP) ## Compare random decisions of Go and TypeScript, CASES (1000000) of them, from SEED (a new one each time)
	seed='$(SEED)'; EDGEWISE_CASES='$(CASES)' EDGEWISE_SEED="$${seed:-$$(date +%s)}" \
		PATH="$(CURDIR)/jsclient/node_modules/.bin:$$PATH" node --test jsclient/test/policy/differential.test.ts

.PHONY: vet
vet: ## Run go vet and gofmt over every module
	for module in $(MODULES); do go vet -C $$module ./...; done
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'run make fmt: these files are not formatted:'; gofmt -l $$(git ls-files '*.go'); exit 1; }

.PHONY: lint
lint: $(STAMP) $(APPS_STAMP) vet ## Run the linters: go vet (for 32 bits too), golangci-lint, Biome and tsc
	GOARCH=386 go vet ./...
	for module in $(MODULES); do (cd $$module && $(GOLANGCI) run ./...); done
	$(NPM) run --silent lint
	$(NPM) run --silent typecheck

.PHONY: fmt
fmt: $(STAMP) ## Format Go and TypeScript
	gofmt -w $$(git ls-files '*.go')
	$(NPM) run --silent format

.PHONY: generate
generate: $(STAMP) $(APPS_STAMP) ## Write anew what is generated: the built client, its lists, golden files and README snippets
	$(NPM) run --silent build
	$(NPM) run --silent list
	go test ./policy ./hybrid -run 'Golden|Vectors|FaultMatrix' -update
	go test -C hybrid/otel -update
	go test -C examples ./explain ./calibrate -update
	go test ./internal/docs -update

.PHONY: catalogue
catalogue: $(STAMP) ## Bring the catalogue's WebLLM models up to the installed package
	jsclient/node_modules/.bin/node jsclient/tools/catalogue.mjs

.PHONY: model
model: ## Train and export the tiny model anew (needs Python with PyTorch; see examples/tinymodel)
	python3 examples/tinymodel/training/make.py --out examples/tinymodel/files/edgewise-tiny-v1

.PHONY: interop
interop: $(OLLAMA) ## Serve the tiny model by a real Ollama and run it behind our adapter (installs Ollama 0.6.5)
	go run -C tools ./interop -ollama '$(CURDIR)/$(OLLAMA)'

.PHONY: bench
bench: $(STAMP) ## Run the benchmarks, in Go and in Node, and print what the client weighs, beside its budgets
	@# One package after the other, so that nothing is compiled while something is measured.
	for module in . hybrid/otel examples integration; do go test -C $$module -p 1 -run '^$$' -bench . -benchmem ./...; done
	$(NPM) run --silent bench
	$(NPM) run --silent size

.PHONY: bench-browser
bench-browser: system $(STAMP) ## Compare engines through the client with the bare ones in Chromium, and print what the client weighs
	$(NPM) run --silent build
	$(NPM) run --silent bench-browser
	$(NPM) run --silent size

.PHONY: proxybench
proxybench: ## Compare the chat relay with httputil.ReverseProxy: CPU, latency, memory
	go run -C tools ./proxybench

.PHONY: system
system: ## Install the Debian packages that tests need and the machine lacks
	@tools/debian-packages.sh

$(STAMP): jsclient/package.json jsclient/package-lock.json
	cd jsclient && npm ci --ignore-scripts --no-audit --no-fund && npm rebuild node
	@touch $@

$(APPS_STAMP): jsclient/test/apps/package.json jsclient/test/apps/package-lock.json
	cd jsclient/test/apps && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(OLLAMA):
	@command -v g++ >/dev/null || { echo 'Ollama takes a C++ compiler to build: install g++.'; exit 1; }
	GOBIN='$(CURDIR)/$(@D)' go install github.com/ollama/ollama@$(OLLAMA_VERSION)
