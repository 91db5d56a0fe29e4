#!/usr/bin/dumb-init /bin/sh
# shellcheck shell=dash
# Like the official image: sub-commands and options are for consul, an agent keeps its state under
# /consul, and root gives way to the user consul.
set -e
ulimit -c 0

# address_option OPTION INTERFACE: the option that binds consul to an interface's address.
address_option() {
  [ -n "$2" ] || return 0
  address="$(ip -o -4 addr show dev "$2" | awk '{ sub("/.*", "", $4); print $4; exit }')"
  if [ -z "$address" ]; then
    echo "no IPv4 address on the interface $2" >&2
    exit 1
  fi
  echo "-$1=$address"
}

if [ -n "${CONSUL_LOCAL_CONFIG:-}" ]; then
  echo "$CONSUL_LOCAL_CONFIG" >/consul/config/local.json
fi

case "$1" in
  -*) set -- consul "$@" ;;
  agent)
    shift
    bind="$(address_option bind "${CONSUL_BIND_INTERFACE:-}")"
    client="$(address_option client "${CONSUL_CLIENT_INTERFACE:-}")"
    # shellcheck disable=SC2086 # no word when the variable is empty
    set -- consul agent -data-dir=/consul/data -config-dir=/consul/config $bind $client "$@"
    ;;
  *) if consul "$1" --help 2>&1 | grep -q "^Usage: consul $1"; then set -- consul "$@"; fi ;;
esac

if [ "$1" = consul ] && [ "$(id -u)" = 0 ] && [ -z "${CONSUL_DISABLE_PERM_MGMT+set}" ]; then
  for folder in /consul/data /consul/config; do
    if [ "$(stat -c %u "$folder")" != 100 ]; then chown consul:consul "$folder"; fi
  done
  if [ -n "${CONSUL_ALLOW_PRIVILEGED_PORTS+set}" ]; then
    setcap cap_net_bind_service=+ep /bin/consul
  fi
  set -- setpriv --reuid consul --regid consul --init-groups "$@"
fi
exec "$@"
