#!/usr/bin/env bash
# Installs Podman, which the registrator follows in the end-to-end tests as it follows Docker.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

apt_install podman containernetworking-plugins
say "$(podman --version)"
