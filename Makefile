# The commands of this project; the README needs only `demo` and `test`.

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME    ?= 1m
DEMO_DIR    ?= ledgerline-demo

.PHONY: ui ui-test build demo test lint unit fuzz campaign-short campaign ts-sdk bench bench-ui vuln clean

build: ui
	$(GO) build -o bin/ledgerline ./cmd/ledgerline

# The web application, embedded by the next go build. Without Node.js the program
# serves a page that says so.
ui:
	@./scripts/ui.sh

# Tests of the web application: its logic, and its pages in Chromium against a demo.
# What is missing on the machine is named and left out; with CI set it is an error.
ui-test: build
	@./scripts/ui-test.sh

demo: build
	bin/ledgerline demo --data $(DEMO_DIR)

# Everything the project is checked by.
test: lint unit campaign-short ts-sdk ui-test

lint:
	@test -z "$$(gofmt -l cmd internal)" || { echo "run gofmt on:"; gofmt -l cmd internal; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

unit:
	$(GO) test -race -timeout 15m ./...

# Each fuzz target for a time, or a number of inputs (FUZZTIME=500x). `unit` runs
# the seeds and the committed finds; new finds are for whoever looks for them, not
# for whoever happens to change something else.
fuzz:
	@./scripts/fuzz.sh $(FUZZTIME)

# SIGKILL at random moments, with faults; a short form, and the long one.
campaign-short: build
	LEDGERLINE_CAMPAIGN=short $(GO) test -count=1 -run '^TestCampaign' -v -timeout 10m ./cmd/ledgerline

campaign: build
	LEDGERLINE_CAMPAIGN=long $(GO) test -count=1 -run '^TestCampaign' -v -timeout 60m ./cmd/ledgerline

# Oracle's unmodified TypeScript SDK against a server of its own.
ts-sdk: build
	@./scripts/ts-sdk.sh

# Writes docs/benchmarks.md.
bench: build
	$(GO) run ./cmd/bench -out docs/benchmarks.md

# The web application in Chromium over mixed records; writes its section of
# docs/benchmarks.md. UI_RECORDS=1000000 takes a tenth of the time.
UI_RECORDS ?= 10000000
bench-ui: build
	$(GO) run ./cmd/bench -browser $(UI_RECORDS) -out docs/benchmarks.md

vuln:
	$(GO) run $(GOVULNCHECK) ./...

clean:
	rm -rf bin $(DEMO_DIR)
