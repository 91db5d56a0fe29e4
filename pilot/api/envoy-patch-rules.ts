import { type JsonFault, findJsonFaults } from '../proto/json-faults.ts';
import type { ConfigPatch } from './envoy-filter-schema.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, invalid, required, unknownField } from './field-error.ts';

/** What a patch is made into: the protobuf message of Envoy that it adds to, replaces or merges with. */
const patched: Readonly<Partial<Record<NonNullable<ConfigPatch['applyTo']>, string>>> = {
  LISTENER: 'envoy.config.listener.v3.Listener',
  FILTER_CHAIN: 'envoy.config.listener.v3.FilterChain',
  NETWORK_FILTER: 'envoy.config.listener.v3.Filter',
  LISTENER_FILTER: 'envoy.config.listener.v3.ListenerFilter',
  HTTP_FILTER: 'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter',
  ROUTE_CONFIGURATION: 'envoy.config.route.v3.RouteConfiguration',
  VIRTUAL_HOST: 'envoy.config.route.v3.VirtualHost',
  HTTP_ROUTE: 'envoy.config.route.v3.Route',
  CLUSTER: 'envoy.config.cluster.v3.Cluster',
  EXTENSION_CONFIG: 'envoy.config.core.v3.TypedExtensionConfig',
  BOOTSTRAP: 'envoy.config.bootstrap.v3.Bootstrap',
};

const merging = ['MERGE', 'MERGE_AND_REPLACE_LIST'];

/**
 * Checks the value of a patch against the message that it is for. As in Istio what no message could be made of is
 * refused, and what would be left out is warned of.
 */
export function* checkPatchValue(
  path: string,
  { applyTo = 'INVALID', patch }: ConfigPatch,
): Iterable<FieldError> {
  const type = patched[applyTo];
  const { operation = 'INVALID', value } = patch ?? {};
  if (type === undefined || value === undefined || operation === 'REMOVE') return;
  for (const fault of findJsonFaults(type, value, path)) {
    // What is merged need not be whole.
    if (fault.kind === 'by-name' && merging.includes(operation)) continue;
    yield explain(fault);
  }
}

function explain(fault: JsonFault): FieldError {
  const { path } = fault;
  switch (fault.kind) {
    case 'unknown':
      return asWarning(unknownField(path, fault.siblings));
    case 'wrong':
      return invalid(path, fault.value, `must be ${fault.expected}`);
    case 'conflict':
      return forbidden(
        path,
        `only one of ${fault.fields.join(', ')} may be set; remove the others`,
      );
    case 'untyped':
      return required(path, 'write the type, as type.googleapis.com/envoy.…');
    case 'unknown-type':
      return explainType(path, fault.type, fault.nearest);
    case 'by-name':
      return asWarning(
        required(`${path}.typed_config`, 'Envoy finds an extension by the type of it, not by name'),
      );
  }
}

/** Pilot knows the types of the extensions that it can write; an Envoy may have been built with others. */
function explainType(path: string, type: string, nearest: string | undefined): FieldError {
  if (type.includes('.v2.') || type.includes('.v2alpha.')) {
    return invalid(path, type, 'is a type of the v2 API, which no Envoy knows; use the one of v3');
  }
  const advice =
    nearest === undefined ? 'see that your Envoy knows it' : `did you mean "${nearest}"?`;
  return asWarning(invalid(path, type, `is not a type that pilot knows; ${advice}`));
}
