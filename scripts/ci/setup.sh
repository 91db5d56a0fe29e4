#!/usr/bin/env bash
# Gets a bare Debian machine ready for the end-to-end tests. Every step does only what is missing.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

steps="$tree_dir/scripts/ci"

step() {
  local start=$SECONDS
  "$steps/$1.sh"
  say "$1 took $((SECONDS - start)) s"
}

step engine
# A Go build needs the processor, the others mostly the network and the disk. It is waited for even
# when another step fails, so that nothing goes on after this script.
step compose &
compose=$!
trap wait EXIT
step base-images
step upstream-images
step browser
step shells
step podman
wait "$compose"
step project-images
say "ready after $SECONDS s"
