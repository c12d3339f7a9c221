# Sourced by what builds and tests the web application.

# node_fits tells whether Node.js and npm are here, as new as Vite needs them.
node_fits() {
  command -v npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1);' 2>/dev/null
}

# missing says what is left out for want of something, and ends the script: well on a
# developer's machine, as a failure in CI, where nothing that is skipped may be green.
missing() {
  echo "$1" >&2
  if [ -n "${CI:-}" ]; then
    exit 1
  fi
  exit 0
}
