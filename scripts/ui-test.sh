#!/usr/bin/env bash
# Tests of the web application: its logic, and with Chromium its pages against a
# demo. What is missing on this machine is named and left out; in CI it is an error.
set -euo pipefail
cd "$(dirname "$0")/../web"
. ../scripts/ui-lib.sh
node_fits && [ -d node_modules ] || missing "ui-test: SKIPPED, the web application is not tested: Node.js 20.19 or newer with npm is not here"
npm test --silent
[ -x /usr/bin/chromium ] || missing "ui-test: the pages are SKIPPED, only their logic is tested: /usr/bin/chromium is not here"
npm run --silent browser
