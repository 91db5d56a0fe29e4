#!/usr/bin/env bash
# Makes `docker compose` work: does nothing when it does, else builds the plugin with Go.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

version=v2.40.3
cached="$cache_dir/docker-compose-$version-$(go env GOOS GOARCH | paste -sd-)/docker-compose"
plugin="${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins/docker-compose"

works() { "$1" version >/dev/null 2>&1; }

# A Go module of its own: the Go client then fetches the tool and what it needs, checksums included.
build() {
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  say "building Compose $version, some minutes for the first time"
  cd "$work"
  printf 'module composemesh.invalid/compose\n\ngo 1.24\n' >go.mod
  quietly go get -tool "github.com/docker/compose/v2/cmd@$version"
  quietly go mod tidy
  CGO_ENABLED=0 quietly go build -trimpath -o docker-compose \
    -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$version" \
    github.com/docker/compose/v2/cmd
  install_program docker-compose "$cached"
}

# Written aside and renamed, so that nobody ever runs half a file.
install_program() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.$$"
  mv "$2.$$" "$2"
}

if docker compose version >/dev/null 2>&1; then
  say "$(docker compose version) is there"
  exit
fi
works "$cached" || build
install_program "$cached" "$plugin"
say "$(docker compose version) installed"
