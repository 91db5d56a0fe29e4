#!/usr/bin/env bash
# Makes the images of other projects present under the tags our compose files name: pulls them, or
# builds stand-ins from the same programs where no container registry can be reached.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

zipkin_version=3.5.1
zipkin_sha256=7ac633a6832647e71e50012a5e3e91fbc7054414955261724526030faf271d8d

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# tool_path NAME: where toolchain/main.ts has the program.
tool_path() {
  (cd "$tree_dir" && node --import tsx toolchain/main.ts "$1") |
    node -p "JSON.parse(fs.readFileSync(0, 'utf8'))['$1']"
}

zipkin_whole() { echo "$zipkin_sha256  $1" | sha256sum --check --status 2>/dev/null; }

zipkin_jar() {
  local cached="$cache_dir/zipkin/zipkin-server-$zipkin_version-exec.jar"
  if ! zipkin_whole "$cached"; then
    quietly mvn --batch-mode --quiet dependency:get -Dtransitive=false \
      "-Dartifact=io.zipkin:zipkin-server:$zipkin_version:jar:exec"
    mkdir -p "$(dirname "$cached")"
    cp "$HOME/.m2/repository/io/zipkin/zipkin-server/$zipkin_version/$(basename "$cached")" "$cached.$$"
    mv "$cached.$$" "$cached"
    zipkin_whole "$cached" || fail "$cached is not the pinned file"
  fi
  echo "$cached"
}

# build IMAGE NAME FILE: builds images/NAME with the program's file beside the Dockerfile.
build() {
  local context="$work/$2"
  cp -r "$tree_dir/scripts/ci/images/$2" "$context"
  cp "$3" "$context/"
  docker_build "$1" "$context"
}

build_envoy() {
  local program
  program="$(tool_path envoy)"
  build "$1" envoy "$program"
}

build_consul() {
  local program
  program="$(tool_path consul)"
  build "$1" consul "$program"
}

build_zipkin() {
  local jar
  jar="$(zipkin_jar)"
  build "$1" zipkin "$jar"
}

for image in envoyproxy/envoy:v1.40.0 hashicorp/consul:1.19 openzipkin/zipkin:3.5; do
  name="${image##*/}"
  provide_image "$image" "build_${name%:*}" "$image"
done
