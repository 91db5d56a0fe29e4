#!/usr/bin/env bash
# Installs what the end-to-end tests drive from outside: a browser, Podman, and kubectl where there is none.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# Fonts, because a page without any is a page of boxes.
apt_install chromium fonts-dejavu-core
say "$(chromium --version 2>/dev/null)"

if ! command -v kubectl >/dev/null; then apt_install kubernetes-client; fi
say "kubectl $(kubectl version --client --output json 2>/dev/null | node -p 'JSON.parse(fs.readFileSync(0)).clientVersion.gitVersion')"
