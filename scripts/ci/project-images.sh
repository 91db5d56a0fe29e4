#!/usr/bin/env bash
# Builds the images of our compose files beforehand, in the network of the host, which alone reaches
# the package registries here. Compose then uses them, because it builds only what does not exist.
# Arguments: compose files; without any, compose.yaml.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$tree_dir"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [ $# -eq 0 ]; then set -- compose.yaml; fi

# Each build is one line of base64 words: they may hold any character, the separator aside.
build_arguments() {
  docker compose --file "$1" --profile '*' config --format json |
    node scripts/ci/image-builds.mjs "$work"
}

for file in "$@"; do
  [ -f "$file" ] || fail "there is no $file"
  builds="$(build_arguments "$file")"
  while IFS= read -r line; do
    words=()
    for word in $line; do words+=("$(base64 --decode <<<"$word")"); done
    [ "${#words[@]}" -gt 0 ] || continue
    start=$SECONDS
    docker_build "${words[@]}"
    say "${words[0]} built in $((SECONDS - start)) s"
  done <<<"$builds"
done
