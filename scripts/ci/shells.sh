#!/usr/bin/env bash
# Installs the shells in which the end-to-end tests press Tab; bash is there already.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

apt_install zsh fish
say "$(zsh --version), $(fish --version)"
