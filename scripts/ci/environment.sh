#!/usr/bin/env bash
# What every step here shares: where things are kept, how it speaks, how it installs Debian packages.
# Sourced by the others; does nothing by itself.

tree_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cache_dir="${XDG_CACHE_HOME:-$HOME/.cache}/composemesh"
export tree_dir cache_dir

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Installs Debian packages unless all of them are there; refreshes the lists first,
# because a bare machine has none.
apt_install() {
  dpkg-query --show --showformat='${db:Status-Status}\n' "$@" 2>/dev/null |
    { [ "$(grep -c '^installed$')" -eq $# ]; } && return
  say "installing $*"
  local log
  log="$(mktemp)"
  if ! { apt-get update && apt-get install --yes --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    fail "apt-get could not install $*"
  fi
  rm -f "$log"
}
export DEBIAN_FRONTEND=noninteractive

# True when the Engine has the image or can pull it soon; says which.
image_present() {
  docker image inspect "$1" >/dev/null 2>&1
}

image_pulled() {
  timeout "${PULL_TIMEOUT:-60}" docker pull --quiet "$1" >/dev/null 2>&1
}
