import type { FieldError } from './field-error.ts';
import { asWarning, deprecated, duplicate, forbidden, invalid, required } from './field-error.ts';
import { checkDuration, checkOneOf } from './field-rules.ts';
import { checkLocality, checkZoneAware } from './locality-rules.ts';
import type { ConsistentHash, LoadBalancer } from './traffic-policy.ts';

/** Envoy's limit for the table of Maglev. */
const maxTableSize = 5_000_011;

/** Envoy's limit for the ring of hashes (RingHashLbConfig.minimum_ring_size). */
const maxRingSize = 8_388_608;

export function* checkLoadBalancer(
  path: string,
  balancer: LoadBalancer | undefined,
): Iterable<FieldError> {
  if (balancer === undefined) return;
  yield* checkOneOf(path, balancer, ['simple', 'consistentHash', 'backendUtilization']);
  if (balancer.simple === 'LEAST_CONN') {
    yield deprecated(`${path}.simple`, balancer.simple, 'use LEAST_REQUEST');
  }
  yield* checkConsistentHash(`${path}.consistentHash`, balancer.consistentHash);
  yield* checkOneOf(path, balancer, ['localityLbSetting', 'zoneAwareLbSetting']);
  yield* checkLocality(`${path}.localityLbSetting`, balancer.localityLbSetting);
  yield* checkZoneAware(`${path}.zoneAwareLbSetting`, balancer.zoneAwareLbSetting);
  yield* checkWarmup(path, balancer);
  yield* checkDuration(`${path}.warmup.duration`, balancer.warmup?.duration);
  if (balancer.warmup?.aggression === 0) {
    yield invalid(`${path}.warmup.aggression`, 0, 'must be more than 0; 1 is linear');
  }
  yield* checkDuration(`${path}.warmupDurationSecs`, balancer.warmupDurationSecs);
  if (balancer.warmupDurationSecs !== undefined) {
    const value = balancer.warmupDurationSecs;
    yield deprecated(`${path}.warmupDurationSecs`, value, 'use warmup.duration');
  }
}

/** Only two of Envoy's algorithms have a slow start; Istio sets it for no others, without a word. */
function* checkWarmup(path: string, balancer: LoadBalancer): Iterable<FieldError> {
  const { simple = '', consistentHash } = balancer;
  const others = ['RANDOM', 'PASSTHROUGH'].includes(simple) ? `simple ${simple}` : undefined;
  const choice = consistentHash === undefined ? others : 'consistentHash';
  for (const name of ['warmup', 'warmupDurationSecs'] as const) {
    if (choice === undefined || balancer[name] === undefined) continue;
    const why = `has no effect with ${choice}, only with ROUND_ROBIN and LEAST_REQUEST`;
    yield asWarning(forbidden(`${path}.${name}`, why));
  }
}

const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;

function* checkConsistentHash(
  path: string,
  hash: ConsistentHash | undefined,
): Iterable<FieldError> {
  if (hash === undefined) return;
  yield* checkOneOf(path, hash, keys);
  if (keys.every((name) => hash[name] === undefined)) {
    yield required(path, `write one of ${keys.join(', ')}`);
  }
  for (const name of ['httpHeaderName', 'httpQueryParameterName'] as const) {
    if (hash[name] === '') yield required(`${path}.${name}`, 'write a name');
  }
  yield* checkOneOf(path, hash, ['ringHash', 'maglev', 'minimumRingSize']);
  if (hash.httpCookie?.name === '') {
    yield required(`${path}.httpCookie.name`, 'write the name of the cookie');
  }
  yield* checkDuration(`${path}.httpCookie.ttl`, hash.httpCookie?.ttl, 0);
  yield* checkCookieAttributes(`${path}.httpCookie.attributes`, hash.httpCookie?.attributes);
  if (hash.minimumRingSize !== undefined) {
    const value = hash.minimumRingSize;
    yield deprecated(`${path}.minimumRingSize`, value, 'use ringHash.minimumRingSize');
  }
  yield* checkRingSize(`${path}.minimumRingSize`, hash.minimumRingSize);
  yield* checkRingSize(`${path}.ringHash.minimumRingSize`, hash.ringHash?.minimumRingSize);
  if (hash.maglev !== undefined) {
    yield* checkTableSize(`${path}.maglev.tableSize`, hash.maglev.tableSize);
  }
}

function* checkCookieAttributes(
  path: string,
  attributes: readonly { readonly name: string }[] = [],
): Iterable<FieldError> {
  const names = attributes.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (name === '') yield required(`${path}[${index}].name`, 'write a name, such as SameSite');
    else if (names.indexOf(name) !== index) yield duplicate(`${path}[${index}].name`, name);
  }
}

function* checkTableSize(path: string, size: number | undefined): Iterable<FieldError> {
  if (size === undefined) yield required(path, 'write a prime, such as 65537');
  else if (size >= maxTableSize || !isPrime(size)) {
    yield invalid(path, size, `must be a prime below ${maxTableSize}`);
  }
}

function* checkRingSize(path: string, size: number | undefined): Iterable<FieldError> {
  if (size !== undefined && size > maxRingSize) {
    yield invalid(path, size, `must be at most ${maxRingSize}`);
  }
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let factor = 2; factor * factor <= value; factor += 1) {
    if (value % factor === 0) return false;
  }
  return true;
}
