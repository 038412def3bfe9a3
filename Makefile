# Rebound. Targets: demo run build test acceptance bench fuzz lint lab
SHELL      := /bin/bash
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME   ?= 60s
export CGO_ENABLED := 1

.DEFAULT_GOAL := help
.PHONY: help tools demo run build test acceptance bench bench-suppression fuzz lint lab

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

tools:
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 or later (https://go.dev/dl) and put it on the PATH" >&2; exit 1; }
	@command -v $${CC:-cc} >/dev/null || { echo "a C compiler is missing: apt-get install gcc libc6-dev (or set CC)" >&2; exit 1; }

demo: build ## see it work: a mail of every kind in a temporary folder, 20 seconds at most
	@./bin/rebound demo

run: build ## run it on this machine, data in ./data
	./bin/rebound serve

build: tools ## build bin/rebound
	@go build -trimpath -o bin/rebound ./cmd/rebound

test: tools ## all tests that need only Go and a C compiler, with the race detector
	go test -race -shuffle=on ./...

acceptance: build ## against real parts: Postfix, npm's SNS validators, django-anymail, kill -9 (root on Debian)
	go test -count=1 -timeout 30m -tags acceptance -v ./cmd/rebound/acceptance/...

bench: tools ## durable accepts, reports to webhooks and CPU a stage, beside their bounds (2 minutes); MAILS=FOLDER reads those mails only
	@go run ./cmd/bench $(if $(MAILS),-mails $(MAILS))

bench-suppression: tools ## the suppression lists at 10 million + 10 million addresses, beside PostgreSQL where it is installed (6 GB, 10 minutes)
	@go run ./cmd/bench -only suppression -lists 10000000

fuzz: tools ## each fuzz target for FUZZTIME (60s), two at a time
	@FUZZTIME=$(FUZZTIME) .ci/fuzz

lint: tools ## gofmt, vet, staticcheck, and a tidy go.mod
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not gofmt'ed: $$unformatted" >&2; exit 1; }
	go vet -tags acceptance ./...
	go run $(STATICCHECK) -tags acceptance ./...
	go mod tidy -diff

lab: ## record mails from real MTAs into testdata/recordings-new, MTAS="postfix dma …" for some (root on Debian, 6 GB, 15 minutes)
	@testdata/lab/record $(MTAS)
