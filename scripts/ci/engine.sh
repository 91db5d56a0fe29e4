#!/usr/bin/env bash
# Makes a Docker Engine answer: does nothing when one does, else installs Debian's and starts it.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

log=/var/log/composemesh-dockerd.log

answers() { timeout 10 docker info >/dev/null 2>&1; }

# Gives up early when the daemon has ended.
wait_until_answers() {
  local seconds
  for ((seconds = 0; seconds < 60; seconds++)); do
    if answers; then return; fi
    sleep 1
    pgrep -x dockerd >/dev/null || return 1
  done
  return 1
}

if answers; then
  say "an Engine already answers"
  exit
fi

# The command line client stays the machine's own when it has one; Debian's comes with the package.
apt_install docker.io iptables iproute2 ca-certificates procps

# Where the package may start services (systemd), it does so itself: one dockerd is enough.
if pgrep -x dockerd >/dev/null; then
  wait_until_answers || fail "a dockerd runs but does not answer"
  say "the Engine answers"
  exit
fi

# A pid file of a machine that was stopped hard would make dockerd refuse to start.
rm -f /var/run/docker.pid
say "starting dockerd, log in $log"
setsid --fork dockerd >"$log" 2>&1 </dev/null
if ! wait_until_answers; then
  tail -n 30 "$log" >&2
  fail "dockerd does not answer"
fi
say "the Engine answers: $(docker version --format '{{.Server.Version}}')"
