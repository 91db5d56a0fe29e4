#!/bin/sh
# Transparent capture: sends the TCP traffic of a network namespace, and the DNS queries of its programs,
# through the sidecar. The pod's entrypoint runs it, later also the start script of a virtual machine.
#
#   capture.sh plan [4|6]   prints the input of iptables-restore; a pure function of the variables below
#   capture.sh apply        puts it into force: atomic, and the same however often it runs
#
# The rules are Istio's (tools/istio-iptables), but for three things: they are inserted before other rules,
# because Docker's own rule for 127.0.0.11 would take the DNS queries first; only queries to that address are
# captured, because Docker's resolver forwards unknown names from a socket inside this very namespace, and
# capturing those too would make a loop; and a call to oneself through a virtual address passes the list of
# excluded inbound ports like every other inbound call.
# -f: no value is a file name pattern.
set -euf

proxy_uid=${CMESH_PROXY_UID:-1337}
outbound_port=${CMESH_OUTBOUND_PORT:-15001}
inbound_port=${CMESH_INBOUND_PORT:-15006}
dns_port=${CMESH_DNS_PORT:-15053}
# The resolver whose queries are captured; empty: none.
dns_address=${CMESH_DNS_ADDRESS-127.0.0.11}
# Where pilot allocates virtual addresses.
virtual_cidr=${CMESH_VIRTUAL_CIDR:-240.240.0.0/16}
# Lists, separated by commas. The sidecar's own ports are always excluded from inbound capture.
exclude_inbound_ports=15008,15020,15021,15090,${CMESH_EXCLUDE_INBOUND_PORTS:-}
exclude_outbound_ports=${CMESH_EXCLUDE_OUTBOUND_PORTS:-}
exclude_outbound_cidrs=${CMESH_EXCLUDE_OUTBOUND_CIDRS:-}

fail() {
  echo "cmesh capture: $1" >&2
  exit 1
}

# --- reading the variables ---

# The items of a comma-separated list, one a word; spaces around them do not count.
items() {
  echo "$1" | tr ',' ' '
}

# $1 is a whole number from $2 to $3, without leading zeros.
is_number() {
  case $1 in
    '' | *[!0-9]* | 0?* | ???????????*) return 1 ;;
  esac
  [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

is_ipv4() {
  case $1 in
    *[!0-9.]* | .* | *.) return 1 ;;
  esac
  # shellcheck disable=SC2046 # splitting is the point; the check above leaves nothing to expand
  set -- $(echo "$1" | sed 's/\./ . /g')
  [ $# -eq 7 ] || return 1
  for octet in "$1" "$3" "$5" "$7"; do
    is_number "$octet" 0 255 || return 1
  done
}

# Only the alphabet and the shape are checked here; ip6tables-restore refuses the rest, and applies nothing.
is_ipv6() {
  case $1 in
    *[!0-9a-fA-F:.]* | *:::* | *::*::*) return 1 ;;
    *:*:*) return 0 ;;
  esac
  return 1
}

is_cidr() {
  address=${1%%/*}
  case $1 in
    */*) length=${1#*/} ;;
    *) length='' ;;
  esac
  if is_ipv4 "$address"; then
    [ "$1" = "$address" ] || is_number "$length" 0 32
  else
    is_ipv6 "$address" && { [ "$1" = "$address" ] || is_number "$length" 0 128; }
  fi
}

check_port() {
  is_number "$2" 1 65535 || fail "$1: '$2' is not a port number (1 to 65535)"
}

check_ports() {
  for port in $(items "$2"); do
    check_port "$1" "$port"
  done
}

check_input() {
  is_number "$proxy_uid" 1 4294967294 || fail "CMESH_PROXY_UID: '$proxy_uid' is not a user id other than root's"
  check_port CMESH_OUTBOUND_PORT "$outbound_port"
  check_port CMESH_INBOUND_PORT "$inbound_port"
  check_port CMESH_DNS_PORT "$dns_port"
  check_ports CMESH_EXCLUDE_INBOUND_PORTS "$exclude_inbound_ports"
  check_ports CMESH_EXCLUDE_OUTBOUND_PORTS "$exclude_outbound_ports"
  [ -z "$dns_address" ] || is_ipv4 "$dns_address" || fail "CMESH_DNS_ADDRESS: '$dns_address' is not an IPv4 address"
  { is_cidr "$virtual_cidr" && is_ipv4 "${virtual_cidr%%/*}"; } ||
    fail "CMESH_VIRTUAL_CIDR: '$virtual_cidr' is not an IPv4 network such as 240.240.0.0/16"
  for cidr in $(items "$exclude_outbound_cidrs"); do
    is_cidr "$cidr" || fail "CMESH_EXCLUDE_OUTBOUND_CIDRS: '$cidr' is not a network such as 10.0.0.0/8 or 2001:db8::/32"
  done
}

# --- the plan ---

# The excluded networks of IP version $1.
excluded_cidrs() {
  for cidr in $(items "$exclude_outbound_cidrs"); do
    case $cidr in
      *:*) [ "$1" = 4 ] || echo "$cidr" ;;
      *) [ "$1" = 6 ] || echo "$cidr" ;;
    esac
  done
}

plan_inbound() {
  for port in $(items "$exclude_inbound_ports"); do
    echo "-A CMESH_INBOUND -p tcp --dport $port -j RETURN"
  done
  echo "-A CMESH_INBOUND -p tcp -j REDIRECT --to-ports $inbound_port"
}

# $1: IP version; $2: loopback network; $3: what Envoy binds to when it passes an inbound call on.
plan_outbound() {
  # An inbound call on its way from Envoy to the application.
  echo "-A CMESH_OUTPUT -o lo -s $3 -j RETURN"
  # The workload calls itself through a virtual address: Envoy's call to the own address is inbound again.
  echo "-A CMESH_OUTPUT -o lo ! -d $2 -p tcp -m owner --uid-owner $proxy_uid -j CMESH_INBOUND"
  echo "-A CMESH_OUTPUT -m owner --uid-owner $proxy_uid -j RETURN"
  if [ "$1" = 4 ]; then
    [ -z "$dns_address" ] || plan_dns
    # Programs of the workload among themselves. Without a default route virtual addresses leave by lo too.
    echo "-A CMESH_OUTPUT -o lo ! -d $virtual_cidr -j RETURN"
  else
    echo "-A CMESH_OUTPUT -o lo -j RETURN"
  fi
  for port in $(items "$exclude_outbound_ports"); do
    echo "-A CMESH_OUTPUT -p tcp --dport $port -j RETURN"
  done
  for cidr in $(excluded_cidrs "$1"); do
    echo "-A CMESH_OUTPUT -d $cidr -j RETURN"
  done
  echo "-A CMESH_OUTPUT -p tcp -j REDIRECT --to-ports $outbound_port"
}

plan_dns() {
  for protocol in udp tcp; do
    echo "-A CMESH_OUTPUT -d $dns_address/32 -p $protocol --dport 53 -j REDIRECT --to-ports $dns_port"
  done
}

# $1: IP version; $2: lines that take the jumps of an earlier run out, none on a fresh namespace.
print_nat() {
  echo '*nat'
  # Declaring a chain empties it if it is there.
  echo ':CMESH_INBOUND - [0:0]'
  echo ':CMESH_OUTPUT - [0:0]'
  [ -z "$2" ] || echo "$2"
  plan_inbound
  case $1 in
    4) plan_outbound 4 127.0.0.0/8 127.0.0.6/32 ;;
    6) plan_outbound 6 ::1/128 ::6/128 ;;
  esac
  echo '-I PREROUTING 1 -p tcp -j CMESH_INBOUND'
  echo '-I OUTPUT 1 -j CMESH_OUTPUT'
  echo 'COMMIT'
}

# Captured queries are tracked apart, in conntrack zone 2, from those of the agent and Envoy to the same
# resolver. The kernel remembers for 30 s where a datagram from a source port to the resolver went; without
# zones a program that gets a port the agent has just used would reach the wrong resolver.
# $1: lines that take the jump of an earlier run out.
print_raw() {
  echo '*raw'
  echo ':CMESH_DNS - [0:0]'
  [ -z "$1" ] || echo "$1"
  echo "-A CMESH_DNS -d $dns_address/32 -p udp --dport 53 -m owner ! --uid-owner $proxy_uid -j CT --zone 2"
  echo "-A CMESH_DNS -s 127.0.0.1/32 -p udp --sport $dns_port -m owner --uid-owner $proxy_uid -j CT --zone 2"
  echo '-I OUTPUT 1 -p udp -j CMESH_DNS'
  echo 'COMMIT'
}

# $1: IP version.
print_plan() {
  print_nat "$1" ''
  if [ "$1" = 4 ] && [ -n "$dns_address" ]; then
    print_raw ''
  fi
}

# --- putting it into force ---

# CAP_NET_ADMIN is bit 12 of the effective set (capabilities(7)).
require_net_admin() {
  effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
  [ $(((0x$effective >> 12) & 1)) -eq 1 ] ||
    fail 'the capability NET_ADMIN is missing; give it to the pod container (Compose: cap_add: [NET_ADMIN])'
}

# Prints the variant of tool $1 (iptables, ip6tables) whose tables are in use here: the one that holds
# Docker's rule for its resolver, or ours, else the one that holds any rule, else the first that works.
choose_backend() {
  for pattern in "-d 127\.0\.0\.11\(/32\)\? .*DOCKER_OUTPUT\|CMESH_OUTPUT" '^-A '; do
    for variant in nft legacy; do
      if "$1-$variant-save" 2>/dev/null | grep -q -e "$pattern"; then
        echo "$1-$variant"
        return
      fi
    done
  done
  for tool in "$1-nft" "$1-legacy" "$1"; do
    if "$tool" -w 5 -t nat -S OUTPUT >/dev/null 2>&1; then
      echo "$tool"
      return
    fi
  done
  fail "no working $1 (tried $1-nft, $1-legacy, $1): is it installed, and does the kernel have nat tables?"
}

# Lines that delete the jumps into our chains that table $2 of backend $1 holds.
removals() {
  "$1" -w 5 -t "$2" -S 2>/dev/null | sed -n 's/^-A\( [A-Z]* .*-j CMESH_[A-Z]*\)$/-D\1/p'
}

# $1: backend; $2: rules. Prints why they were refused.
restore() {
  echo "$2" | "$1-restore" --noflush -w 5 2>&1
}

# $1: IP version; $2: tool.
apply_version() {
  backend=$(choose_backend "$2") || exit 1
  message=$(restore "$backend" "$(print_nat "$1" "$(removals "$backend" nat)")") ||
    fail "$backend-restore refused the rules: $(first_line "$message")"
  if [ "$1" = 4 ] && [ -n "$dns_address" ]; then
    message=$(restore "$backend" "$(print_raw "$(removals "$backend" raw)")") ||
      echo "cmesh capture: no conntrack zones, so a DNS query may miss the mesh at times: $(first_line "$message")" >&2
  fi
  echo "cmesh capture: IPv$1 rules are in force ($backend)"
}

first_line() {
  echo "$1" | head -n 1
}

own_address() {
  ip -4 -o address show scope global | sed -n '1s|.* inet \([0-9.]*\)/.*|\1|p'
}

# Without a default route a connect to a virtual address fails before the rules see it.
add_virtual_route() {
  [ -z "$(ip -4 route show default)" ] || return 0
  address=$(own_address)
  [ -n "$address" ] || return 0
  ip -4 route replace "$virtual_cidr" dev lo src "$address" ||
    fail "cannot add the route $virtual_cidr dev lo"
  echo "cmesh capture: no default route, so $virtual_cidr is routed to lo"
}

apply() {
  require_net_admin
  apply_version 4 iptables
  add_virtual_route
  if ip -6 -o address show scope global 2>/dev/null | grep -q .; then
    apply_version 6 ip6tables
  fi
}

usage() {
  echo 'usage: capture.sh plan [4|6] | apply' >&2
  exit 2
}

check_input
case ${1:-} in
  plan)
    case ${2:-4} in
      4 | 6) print_plan "${2:-4}" ;;
      *) usage ;;
    esac
    ;;
  apply) apply ;;
  *) usage ;;
esac
