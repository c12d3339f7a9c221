#!/usr/bin/env bash
# Tests of the web application: its logic, and with Chromium its pages against a
# demo. What is missing on this machine is named and left out.
set -euo pipefail
cd "$(dirname "$0")/../web"
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/') || true
if [ -z "${major:-}" ] || [ "$major" -lt 20 ] || [ ! -d node_modules ]; then
  echo "ui-test: SKIPPED, Node.js 20 or newer with npm is not here" >&2
  exit 0
fi
npm test --silent
[ "${1:-}" = logic ] && exit 0
if [ ! -x /usr/bin/chromium ]; then
  echo "ui-test: the pages are SKIPPED, /usr/bin/chromium is not here" >&2
  exit 0
fi
npm run --silent browser
