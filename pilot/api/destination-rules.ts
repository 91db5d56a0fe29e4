import type { FieldError } from './field-error.ts';
import { invalid } from './field-error.ts';
import { checkHost, checkPort, checkSubsetName } from './field-rules.ts';
import type { Destination } from './virtual-service-schema.ts';

/** Rules for the destinations of routes, which HTTP, TLS and TCP routes share. */

export function* checkDestination(path: string, destination: Destination): Iterable<FieldError> {
  if (destination.host === '*') {
    yield invalid(`${path}.host`, '*', 'must name one service');
  } else {
    yield* checkHost(`${path}.host`, destination.host);
  }
  yield* checkSubsetName(`${path}.subset`, destination.subset);
  if (destination.port !== undefined) {
    yield* checkPort(`${path}.port.number`, destination.port.number ?? 0);
  }
}

/** Weights are shares of their sum: none is negative and the sum is not 0 when there are several. */
export function* checkWeights(
  path: string,
  destinations: readonly { readonly weight?: number }[],
): Iterable<FieldError> {
  for (const [index, { weight }] of destinations.entries()) {
    if (weight !== undefined && weight < 0) {
      yield invalid(`${path}[${index}].weight`, weight, 'must not be negative');
    }
  }
  const total = destinations.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (destinations.length > 1 && total === 0) {
    yield invalid(path, total, 'the weights of several destinations must not add up to 0');
  }
  if (total > 4294967295) {
    yield invalid(path, total, 'the weights must not add up to more than 4294967295');
  }
}
