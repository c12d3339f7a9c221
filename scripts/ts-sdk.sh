#!/usr/bin/env bash
# Runs scripts/ts-sdk/session.mjs against bin/ledgerline, with the SDK that
# package-lock.json pins. A machine without Node.js is told so and passes, but in CI.
set -euo pipefail
cd "${0%/*}/ts-sdk"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "skipped: Oracle's TypeScript SDK was not tried, since Node.js and npm are missing"
  echo "install Node.js 20 or later with npm (apt-get install nodejs npm, or https://nodejs.org), then: make ts-sdk"
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
fi
node session.mjs ../../bin/ledgerline
