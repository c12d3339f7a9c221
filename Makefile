.PHONY: build
build:
	go build -o bin/ledgerline ./cmd/ledgerline
