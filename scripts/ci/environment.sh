#!/usr/bin/env bash
# What every step here shares: where things are kept, how it speaks, how it installs Debian packages.
# Sourced by the others; does nothing by itself.

# A failure inside $(...) ends the script too.
shopt -s inherit_errexit

tree_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
cache_dir="${XDG_CACHE_HOME:-$HOME/.cache}/composemesh"
export tree_dir cache_dir

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Runs a command that talks a lot; what it said is shown only when it fails.
quietly() {
  local log
  log="$(mktemp)"
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    fail "failed: $*"
  fi
  rm -f "$log"
}

# Installs Debian packages unless all of them are there; refreshes the lists first,
# because a bare machine has none.
apt_install() {
  if installed "$@"; then return; fi
  say "installing $*"
  quietly apt-get update
  quietly apt-get install --yes --no-install-recommends "$@"
}
export DEBIAN_FRONTEND=noninteractive

installed() {
  # shellcheck disable=SC2016 # dpkg's placeholder, not the shell's
  dpkg-query --show --showformat='${db:Status-Status}\n' "$@" 2>/dev/null |
    awk -v wanted="$#" '$1 == "installed" { n++ } END { exit n < wanted }'
}

image_present() { docker image inspect "$1" >/dev/null 2>&1; }

image_pulled() { timeout "${PULL_TIMEOUT:-120}" docker pull --quiet "$1" >/dev/null 2>&1; }

# provide_image IMAGE COMMAND...: the command builds the image when it is neither here nor to be pulled.
provide_image() {
  local image="$1"
  shift
  if image_present "$image"; then
    say "$image is there"
  elif image_pulled "$image"; then
    say "$image pulled"
  else
    "$@"
    say "$image built"
  fi
}

# docker_build IMAGE CONTEXT [OPTION...]: in the network of the host, which reaches the registries.
docker_build() {
  quietly docker build --network host --tag "$1" "${@:3}" "$2"
}
