import type { FieldError } from './field-error.ts';
import { forbidden, invalid, required } from './field-error.ts';
import { checkOneOf } from './field-rules.ts';
import type { LocalityLb, ZoneAwareLb } from './traffic-policy.ts';

/** Rules for balancing by region, zone and subzone. */

export function* checkLocality(
  path: string,
  locality: LocalityLb | undefined,
): Iterable<FieldError> {
  if (locality === undefined) return;
  yield* checkOneOf(path, locality, ['distribute', 'failover']);
  const { distribute = [], failover = [], failoverPriority = [] } = locality;
  yield* checkApart(
    distribute.map(({ from = '' }, index) => [`${path}.distribute[${index}].from`, from]),
  );
  for (const [index, { to = {} }] of distribute.entries()) {
    yield* checkShares(`${path}.distribute[${index}].to`, to);
  }
  for (const [index, row] of failover.entries()) {
    yield* checkFailover(`${path}.failover[${index}]`, row);
  }
  if (failover.length > 0) {
    yield* checkPriority(path, failoverPriority, 'contradicts failover; use one of the two');
  }
}

export function* checkZoneAware(
  path: string,
  setting: ZoneAwareLb | undefined,
): Iterable<FieldError> {
  if (setting === undefined) return;
  for (const [index, row] of (setting.failover ?? []).entries()) {
    yield* checkFailover(`${path}.failover[${index}]`, row);
  }
  const detail = 'is regarded by itself; name other labels';
  yield* checkPriority(path, setting.failoverPriority ?? [], detail);
}

function* checkShares(path: string, to: Readonly<Record<string, number>>): Iterable<FieldError> {
  for (const [locality, share] of Object.entries(to)) {
    if (share < 1 || share > 100) {
      yield invalid(`${path}[${locality}]`, share, 'must be between 1 and 100');
    }
  }
  const total = Object.values(to).reduce((sum, share) => sum + share, 0);
  if (total !== 100) yield invalid(path, total, 'the shares must add up to 100');
  yield* checkApart(Object.keys(to).map((locality) => [path, locality]));
}

/**
 * That each is region/zone/subzone, with * at the end only, and that none overlaps with one before it. A wildcard for
 * the rest may come after what it would hold too.
 */
function* checkApart(
  localities: readonly (readonly [path: string, locality: string])[],
): Iterable<FieldError> {
  for (const [index, [path, locality]] of localities.entries()) {
    if (/\*./.test(locality)) {
      yield invalid(path, locality, 'may have one * only, at its end');
    } else if (locality.split('/').includes('')) {
      yield invalid(path, locality, 'must be region, region/zone or region/zone/subzone');
    } else {
      const before = localities.slice(0, index).map(([, other]) => other);
      const isRest = locality.includes('*');
      const other = before.find((one) => holds(one, locality) || (!isRest && holds(locality, one)));
      if (other !== undefined) {
        yield invalid(path, locality, `overlaps with "${other}"; keep one of the two`);
      }
    }
  }
}

/** Whether `outer` is `inner` or a region or zone around it. */
function holds(outer: string, inner: string): boolean {
  const parts = outer.split('/').filter((part) => part !== '*');
  return parts.every((part, index) => inner.split('/')[index] === part);
}

const topology = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
];

function* checkPriority(
  path: string,
  labels: readonly string[],
  detail: string,
): Iterable<FieldError> {
  for (const [index, label] of labels.entries()) {
    if (topology.includes(label)) {
      yield invalid(`${path}.failoverPriority[${index}]`, label, detail);
    }
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
