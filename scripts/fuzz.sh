#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for a number of inputs
# (500x) or a time (1m). Where a time ends in the middle of an input, the Go tool
# reports the deadline ("context deadline exceeded") as a failure of the target.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-500x}
grep -rlE --include='*_test.go' '^func Fuzz' cmd internal | sort | while read -r file; do
  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | awk '{print $2}' | while read -r target; do
    echo "fuzz $target in $(dirname "$file")"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "./$(dirname "$file")"
  done
done
