#!/usr/bin/env bash
# Makes the base images of our Dockerfiles present: pulls them, or builds them under the same tags
# from Debian's and npm's packages where no container registry can be reached.
# A locally built one also knows this machine's way to the package registries (certificates, mirrors),
# so that the Dockerfiles themselves stay free of it.
set -euo pipefail
# shellcheck source=scripts/ci/environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

debian_image=debian:bookworm-slim
node_image=node:24-bookworm-slim
node_version=24.21.0
npm_version=11.21.2
bundle=/etc/ssl/certs/ca-certificates.crt
# Raise the number when what goes into the file system changes.
rootfs="$cache_dir/rootfs/debian-bookworm-$(dpkg --print-architecture)-1.tar"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

rootfs_whole() { [ -f "$rootfs.sha256" ] && sha256sum --check --status "$rootfs.sha256" 2>/dev/null; }

apt_targets() { apt-get indextargets --format "$1" 'Identifier: Packages' | sort -u; }

# The machine's own mirrors and its rules for them.
write_apt_settings() {
  # shellcheck disable=SC2016 # apt's placeholders, not the shell's
  apt_targets 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' | grep bookworm >"$1/etc/apt/sources.list"
  apt-config dump Acquire | grep -E '^Acquire::(Check-|https?::Proxy)' >"$1/etc/apt/apt.conf.d/90machine" || true
  echo 'APT::Install-Recommends "false";' >"$1/etc/apt/apt.conf.d/90slim"
  echo 'force-unsafe-io' >"$1/etc/dpkg/dpkg.cfg.d/fast"
}

# Also as a local certificate, so that update-ca-certificates in a Dockerfile keeps it.
write_certificates() {
  cp "$bundle" "$1$bundle"
  cp "$bundle" "$1/usr/local/share/ca-certificates/machine.crt"
}

build_rootfs() {
  apt_install debootstrap ca-certificates
  local mirror root="$work/root"
  # shellcheck disable=SC2016 # apt's placeholders, not the shell's
  mirror="$(apt_targets '$(RELEASE) $(REPO_URI)' | awk '$1 == "bookworm" { print $2; exit }')"
  say "bootstrapping Debian, about half a minute"
  quietly debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${mirror:+"$mirror"}
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/*
  rm -rf "$root"/usr/share/{doc,man,info,locale}/*
  write_apt_settings "$root"
  write_certificates "$root"
  mkdir -p "$(dirname "$rootfs")"
  tar --numeric-owner -C "$root" -cf "$rootfs.$$" .
  mv "$rootfs.$$" "$rootfs"
  sha256sum "$rootfs" >"$rootfs.sha256"
}

build_debian() {
  rootfs_whole || build_rootfs
  docker import --change 'CMD ["bash"]' "$rootfs" "$debian_image" >/dev/null
}

# npm's own packages hold the same node program and the same npm as the official image.
unpack_npm() {
  local tarball
  tarball="$(cd "$work" && npm pack --silent --pack-destination "$work" "$1")"
  mkdir -p "$2"
  tar -xzf "$work/$tarball" -C "$2" --strip-components=1
}

build_node() {
  local context="$work/node" arch
  arch="$(node -p process.arch)"
  say "assembling Node $node_version"
  cp -r "$tree_dir/scripts/ci/images/node" "$context"
  unpack_npm "node-linux-$arch@$node_version" "$work/node-package"
  unpack_npm "npm@$npm_version" "$context/npm"
  chmod +x "$context"/npm/bin/*.js
  cp "$work/node-package/bin/node" "$context/node"
  printf 'cafile=%s\nregistry=%s\n' "$bundle" "$(npm config get registry --loglevel=error)" >"$context/npmrc"
  docker_build "$node_image" "$context"
}

provide_image "$debian_image" build_debian
provide_image "$node_image" build_node
