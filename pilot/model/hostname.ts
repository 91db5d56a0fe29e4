/**
 * Names under which a workload of `domain` may call `hostname`, the full name first. As in Istio's
 * alternative virtual hosts: what host and domain share at the end may be left out, or all but its first
 * label: for reviews.service.consul in service.consul these are reviews and reviews.service. What is short for
 * a wildcard would be a wildcard for names that it does not mean, so there is nothing short for it.
 */
export function namesOf(hostname: string, domain: string): readonly string[] {
  if (hostname.startsWith('*')) return [hostname];
  const host = hostname.split('.');
  const shared = sharedSuffix(host, domain.split('.'));
  const unique = host.slice(0, host.length - shared.length);
  if (shared.length < 2 || unique.length === 0) return [hostname];
  const short = unique.join('.');
  const whole = shared.length === domain.split('.').length;
  return [hostname, ...(whole ? [short] : []), `${short}.${shared[0] ?? ''}`];
}

function sharedSuffix(left: readonly string[], right: readonly string[]): readonly string[] {
  let length = 0;
  while (
    length < Math.min(left.length, right.length) &&
    left.at(-1 - length) === right.at(-1 - length)
  ) {
    length += 1;
  }
  return left.slice(left.length - length);
}

/** Whether `hostname` is covered by `pattern`: equal, or what follows the `*` is its end (as in Istio). */
export function coversHostname(pattern: string, hostname: string): boolean {
  if (pattern === hostname) return true;
  return pattern.startsWith('*') && hostname.endsWith(pattern.slice(1));
}

/** The form in which host names are compared: their case means nothing (RFC 4343), and Envoy lowers it. */
export function normalizeHostname(host: string): string {
  return host.toLowerCase();
}

/**
 * The full name that a rule means by `host`: itself when a service has that name, else the service whose
 * short name in `domain` it is, else itself. In lower case.
 */
export function resolveHostname(
  given: string,
  domain: string,
  isService: (hostname: string) => boolean,
): string {
  const host = normalizeHostname(given);
  if (isService(host)) return host;
  const labels = domain.split('.');
  for (let from = 0; from < labels.length; from += 1) {
    const candidate = [host, ...labels.slice(from)].join('.');
    if (isService(candidate)) return candidate;
  }
  return host;
}
