#!/bin/sh
# Like the official image: options are for envoy, and root gives way to the user envoy.
set -e
if [ "${1#-}" != "$1" ]; then
  set -- envoy "$@"
fi
if [ "$1" = envoy ] && [ -n "${loglevel:-}" ]; then
  set -- "$@" --log-level "$loglevel"
fi
if [ "$(id -u)" != 0 ] || [ "${ENVOY_UID:-}" = 0 ]; then
  exec "$@"
fi
uid="${ENVOY_UID:-101}"
gid="${ENVOY_GID:-101}"
chown "$uid:$gid" /dev/stdout /dev/stderr
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"
