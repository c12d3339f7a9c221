#!/usr/bin/env bash
# Builds web/ into internal/api/ui/dist, where go build embeds it. Does nothing when
# no source is newer than the last build, and says so when it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
dist=internal/api/ui/dist/index.html
if [ -f "$dist" ] && [ -z "$(find web internal/api/ui/openapi.json -newer "$dist" -not -path '*/node_modules/*' -type f -print -quit)" ]; then
  exit 0
fi
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/') || true
if [ -z "${major:-}" ] || [ "$major" -lt 20 ] || ! command -v npm >/dev/null; then
  echo "ui: Node.js 20 or newer with npm is not here, so the program is built WITHOUT its web application" >&2
  exit 0
fi
cd web
if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error || {
    echo "ui: npm could not fetch the libraries of web/, so the program is built WITHOUT its web application" >&2
    exit 0
  }
fi
npm run --silent build -- --logLevel warn
echo "ui: built into internal/api/ui/dist"
