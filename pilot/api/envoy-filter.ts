import type { ConfigPatch, EnvoyFilterSpec } from './envoy-filter-schema.ts';
import { envoyFilterSchema } from './envoy-filter-schema.ts';
import { checkPatchValue } from './envoy-patch-rules.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, invalid, required } from './field-error.ts';
import { checkOneOf, checkPort, checkRegex, checkSelector } from './field-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import { checkTargetRefs } from './policy-target-rules.ts';

export const envoyFilter = defineKind({
  ...istioNetworking,
  versions: ['v1alpha3'],
  kind: 'EnvoyFilter',
  plural: 'envoyfilters',
  singular: 'envoyfilter',
  shortNames: [],
  description: 'Changes of what is sent to Envoy.',
  columns: [ageColumn],
  schema: envoyFilterSchema,
  validate: checkEnvoyFilter,
});

function* checkEnvoyFilter(spec: EnvoyFilterSpec): Iterable<FieldError> {
  yield* checkOneOf('spec', spec, ['workloadSelector', 'targetRefs']);
  if (spec.workloadSelector !== undefined) {
    yield* checkSelector('spec.workloadSelector.labels', spec.workloadSelector.labels);
  }
  yield* checkTargetRefs('spec.targetRefs', spec.targetRefs);
  for (const [index, patch] of (spec.configPatches ?? []).entries()) {
    yield* checkConfigPatch(`spec.configPatches[${index}]`, patch);
  }
}

function* checkConfigPatch(path: string, patch: ConfigPatch): Iterable<FieldError> {
  yield* checkMatch(`${path}.match`, patch.match);
  if (patch.match?.context === 'WAYPOINT') return;
  const { applyTo = 'INVALID' } = patch;
  if (applyTo === 'INVALID') yield required(`${path}.applyTo`, 'write what is patched');
  yield* checkPatch(`${path}.patch`, patch.patch);
  yield* checkPatchValue(`${path}.patch.value`, patch);
  yield* checkMatchedObject(`${path}.match`, patch, applyTo);
}

const objects = ['listener', 'routeConfiguration', 'cluster', 'waypoint'] as const;

function* checkMatch(path: string, match: ConfigPatch['match']): Iterable<FieldError> {
  if (match === undefined) return;
  yield* checkOneOf(path, match, objects);
  const isWaypoint = match.context === 'WAYPOINT';
  if (isWaypoint && match.waypoint === undefined) {
    yield required(`${path}.waypoint`, 'context WAYPOINT needs it');
  }
  if (!isWaypoint && match.waypoint !== undefined) {
    yield forbidden(`${path}.waypoint`, 'only with context WAYPOINT; set it');
  }
  yield* checkPort(`${path}.waypoint.portNumber`, match.waypoint?.portNumber);
  const version = match.proxy?.proxyVersion ?? '';
  // Istio does not refuse a version of any length, and looks at none that is too long.
  if (version.length > 1024) {
    const detail = 'is longer than 1024 characters and matches nothing; shorten it';
    yield asWarning(invalid(`${path}.proxy.proxyVersion`, version, detail));
  } else if (version !== '') yield* checkRegex(`${path}.proxy.proxyVersion`, version);
}

function* checkPatch(path: string, patch: ConfigPatch['patch']): Iterable<FieldError> {
  if (patch === undefined) {
    yield required(path, 'write operation and value');
    return;
  }
  const { operation = 'INVALID', value } = patch;
  if (operation === 'INVALID') yield required(`${path}.operation`, 'write what is done');
  else if (operation !== 'REMOVE' && value === undefined) {
    yield required(`${path}.value`, `operation ${operation} needs it`);
  }
}

type Target = (typeof objects)[number];
type ApplyTo = NonNullable<ConfigPatch['applyTo']>;

/** What each kind of configuration is found by (istio/istio pkg/config/validation/envoyfilter). */
const matchedBy: Readonly<Partial<Record<ApplyTo, Target>>> = {
  LISTENER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
  CLUSTER: 'cluster',
};

function* checkMatchedObject(
  path: string,
  { match }: ConfigPatch,
  applyTo: ApplyTo,
): Iterable<FieldError> {
  const wanted = matchedBy[applyTo];
  if (match === undefined || wanted === undefined) return;
  const given = objects.find((name) => match[name] !== undefined);
  if (given !== undefined && given !== wanted) {
    yield forbidden(`${path}.${given}`, `applyTo ${applyTo} is matched by ${wanted}; use that`);
  } else if (wanted === 'listener') {
    const filter = match.listener?.filterChain?.filter;
    if (filter !== undefined) {
      yield* checkFilter(`${path}.listener.filterChain.filter`, filter, applyTo);
    }
  }
}

type Filter = NonNullable<
  NonNullable<NonNullable<NonNullable<ConfigPatch['match']>['listener']>['filterChain']>['filter']
>;

const httpManagers = [
  'envoy.filters.network.http_connection_manager',
  'envoy.http_connection_manager',
];

function* checkFilter(path: string, filter: Filter, applyTo: ApplyTo): Iterable<FieldError> {
  const { name = '', subFilter } = filter;
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN') {
    yield asWarning(forbidden(path, `has no effect with applyTo ${applyTo}; remove it`));
  }
  if (name === '') yield required(`${path}.name`, 'write the name of the filter');
  else if (subFilter !== undefined) {
    if (applyTo !== 'HTTP_FILTER') {
      yield forbidden(`${path}.subFilter`, 'only with applyTo HTTP_FILTER; remove it');
    } else if (!httpManagers.includes(name)) {
      yield invalid(`${path}.name`, name, `must be ${httpManagers[0] ?? ''} for a subFilter`);
    } else if ((subFilter.name ?? '') === '') {
      yield required(`${path}.subFilter.name`, 'write the name of the HTTP filter');
    }
  }
}
