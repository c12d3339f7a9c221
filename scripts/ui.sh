#!/usr/bin/env bash
# Builds web/ into internal/api/ui/dist, where go build embeds it. Does nothing when
# no source is newer than the last build. When it cannot it says so; in CI that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/ui-lib.sh
dist=internal/api/ui/dist/index.html
if [ -f "$dist" ] && [ -z "$(find web internal/api/ui/openapi.json -newer "$dist" -not -path '*/node_modules/*' -not -path 'web/test/*' -type f -print -quit)" ]; then
  exit 0
fi
node_fits || missing "ui: Node.js 20.19 or newer with npm is not here, so the program is built WITHOUT its web application"
cd web
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error ||
    missing "ui: npm could not fetch the libraries of web/, so the program is built WITHOUT its web application"
fi
npm run --silent build -- --logLevel warn
echo "ui: built into internal/api/ui/dist"
