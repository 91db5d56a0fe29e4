/**
 * What the short and the full names of a service have in common: `reviews`, `reviews.service` and
 * `reviews.service.consul` in the domain service.consul are all `reviews`. Names that mean the same service have the
 * same key; the reverse is for resolveHostname to say.
 */
export function hostKey(host: string, domain: string): string {
  const labels = domain.split('.');
  // DNS names are compared without regard to case (RFC 4343).
  const name = host.toLowerCase();
  for (let length = labels.length; length > 0; length -= 1) {
    const suffix = `.${labels.slice(0, length).join('.')}`;
    if (name.endsWith(suffix)) return name.slice(0, -suffix.length);
  }
  return name;
}

/** The wildcards that cover a host name, the longest first: `*.b.c`, `*.c` and `*` for a.b.c. */
export function wildcardsOver(hostname: string): readonly string[] {
  const labels = hostname.split('.');
  return labels.map((_, index) => ['*', ...labels.slice(index + 1)].join('.'));
}
