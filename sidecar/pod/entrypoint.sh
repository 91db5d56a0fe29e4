#!/bin/sh
# The pod: holds the network namespace that the application and its sidecar join, so that either can restart
# without losing the network or the rules. Puts the capture rules into force, gives up all rights and waits.
set -eu

/usr/local/lib/cmesh/capture.sh apply

# /dev/shm is new at every start of a container: a file of an earlier run cannot say that the rules are in
# force in this namespace. The health check looks for this file.
: >/dev/shm/cmesh-captured

# The first process of a container ignores signals it has no handler for, hence the trap. Nothing is left to
# do for nobody: no capability, no way to regain one.
exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
  sh -c 'trap "exit 0" TERM INT; sleep infinity & wait'
