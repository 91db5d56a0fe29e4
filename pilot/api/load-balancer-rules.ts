import type { FieldError } from './field-error.ts';
import { deprecated, forbidden, invalid, required } from './field-error.ts';
import { checkDuration, checkOneOf } from './field-rules.ts';
import type { ConsistentHash, LoadBalancer, LocalityLb } from './traffic-policy.ts';

/** Envoy's limit for the table of Maglev. */
const maxTableSize = 5_000_011;

export function* checkLoadBalancer(
  path: string,
  balancer: LoadBalancer | undefined,
): Iterable<FieldError> {
  if (balancer === undefined) return;
  yield* checkOneOf(path, balancer, ['simple', 'consistentHash']);
  if (balancer.simple === 'LEAST_CONN') {
    yield deprecated(`${path}.simple`, balancer.simple, 'use LEAST_REQUEST');
  }
  yield* checkConsistentHash(`${path}.consistentHash`, balancer.consistentHash);
  yield* checkLocality(`${path}.localityLbSetting`, balancer.localityLbSetting);
  yield* checkDuration(`${path}.warmup.duration`, balancer.warmup?.duration);
  yield* checkDuration(`${path}.warmupDurationSecs`, balancer.warmupDurationSecs);
  if (balancer.warmupDurationSecs !== undefined) {
    const value = balancer.warmupDurationSecs;
    yield deprecated(`${path}.warmupDurationSecs`, value, 'use warmup.duration');
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
  yield* checkOneOf(path, hash, ['ringHash', 'maglev', 'minimumRingSize']);
  if (hash.httpCookie?.name === '') {
    yield required(`${path}.httpCookie.name`, 'write the name of the cookie');
  }
  yield* checkDuration(`${path}.httpCookie.ttl`, hash.httpCookie?.ttl, 0);
  if (hash.minimumRingSize !== undefined) {
    const value = hash.minimumRingSize;
    yield deprecated(`${path}.minimumRingSize`, value, 'use ringHash.minimumRingSize');
  }
  const size = hash.maglev?.tableSize;
  if (size !== undefined && (size >= maxTableSize || !isPrime(size))) {
    yield invalid(`${path}.maglev.tableSize`, size, `must be a prime below ${maxTableSize}`);
  }
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let factor = 2; factor * factor <= value; factor += 1) {
    if (value % factor === 0) return false;
  }
  return true;
}

function* checkLocality(path: string, locality: LocalityLb | undefined): Iterable<FieldError> {
  if (locality === undefined) return;
  yield* checkOneOf(path, locality, ['distribute', 'failover']);
  for (const [index, { to = {} }] of (locality.distribute ?? []).entries()) {
    const total = Object.values(to).reduce((sum, share) => sum + share, 0);
    if (total !== 100) {
      yield invalid(`${path}.distribute[${index}].to`, total, 'the shares must add up to 100');
    }
  }
  for (const [index, failover] of (locality.failover ?? []).entries()) {
    yield* checkFailover(`${path}.failover[${index}]`, failover);
  }
}

function* checkFailover(
  place: string,
  { from = '', to = '' }: NonNullable<LocalityLb['failover']>[number],
): Iterable<FieldError> {
  if (from === '' || to === '') yield required(place, 'write both from and to');
  else if (from === to) yield forbidden(place, `traffic cannot fail over from ${from} to itself`);
  else if ([from, to].some((region) => region.includes('/') || region.includes('*'))) {
    yield invalid(place, `${from} → ${to}`, 'must name regions only, without / and *');
  }
}
