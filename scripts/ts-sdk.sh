#!/usr/bin/env bash
# Runs scripts/ts-sdk/session.mjs against bin/ledgerline, with the SDK that
# package-lock.json pins. A machine without Node.js is told so and passes.
set -euo pipefail
cd "$(dirname "$0")/ts-sdk"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "ts-sdk: SKIPPED, Node.js and npm are not installed: Oracle's TypeScript SDK was not tried"
  exit 0
fi
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
fi
node session.mjs ../../bin/ledgerline
