import type { FieldError } from './field-error.ts';
import { duplicate, forbidden, invalid, required } from './field-error.ts';
import { checkExportTo, checkGateways, isIpAddress, isWildcardDomain } from './field-rules.ts';
import { checkHttpRoute } from './http-route-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import { checkTcpRoute, checkTlsRoute, covers } from './l4-route-rules.ts';
import type { ObjectMeta } from './resource.ts';
import type { VirtualServiceSpec } from './virtual-service-schema.ts';
import { virtualServiceSchema } from './virtual-service-schema.ts';

export const virtualService = defineKind({
  ...istioNetworking,
  kind: 'VirtualService',
  plural: 'virtualservices',
  singular: 'virtualservice',
  shortNames: ['vs'],
  description: 'Rules for the traffic to a set of hosts.',
  columns: [
    {
      name: 'Gateways',
      type: 'string',
      description: 'Gateways and sidecars that apply the rules.',
      path: 'spec.gateways',
    },
    {
      name: 'Hosts',
      type: 'string',
      description: 'Hosts the rules hold for.',
      path: 'spec.hosts',
    },
    ageColumn,
  ],
  schema: virtualServiceSchema,
  validate: checkVirtualService,
});

function* checkVirtualService(
  spec: VirtualServiceSpec,
  metadata: ObjectMeta,
): Iterable<FieldError> {
  const hosts = spec.hosts ?? [];
  const isDelegate = hosts.length === 0;
  yield* isDelegate ? checkDelegate(spec) : checkHosts(hosts, !isForGateways(spec));
  yield* checkGateways('spec.gateways', spec.gateways);
  if ([spec.http, spec.tls, spec.tcp].every((rules) => (rules ?? []).length === 0)) {
    yield required('spec', 'write rules under http, tls or tcp');
  }
  for (const [index, route] of (spec.http ?? []).entries()) {
    yield* checkHttpRoute(`spec.http[${index}]`, route, {
      isDelegate,
      isForGateways: isForGateways(spec),
    });
  }
  for (const [index, route] of (spec.tls ?? []).entries()) {
    yield* checkTlsRoute(`spec.tls[${index}]`, route, hosts);
  }
  for (const [index, route] of (spec.tcp ?? []).entries()) {
    yield* checkTcpRoute(`spec.tcp[${index}]`, route);
  }
  yield* checkExportTo('spec.exportTo', spec.exportTo, metadata);
}

/** Whether it is for a Gateway, be it for sidecars too: other rules hold then for its hosts and its matches. */
function isForGateways({ gateways = [] }: VirtualServiceSpec): boolean {
  return gateways.some((gateway) => gateway !== 'mesh');
}

/** Without hosts it only lends its HTTP rules to others. */
function* checkDelegate(spec: VirtualServiceSpec): Iterable<FieldError> {
  if (spec.http === undefined) {
    yield required('spec.hosts', 'write the names that the rules hold for');
  }
  if ((spec.gateways ?? []).length > 0) {
    yield forbidden('spec.gateways', 'a delegate (without hosts) takes the gateways of its root');
  }
  if (spec.tls !== undefined || spec.tcp !== undefined) {
    yield forbidden('spec', 'a delegate (without hosts) may only have http rules');
  }
}

function* checkHosts(hosts: readonly string[], onlyInMesh: boolean): Iterable<FieldError> {
  for (const [index, host] of hosts.entries()) {
    const path = `spec.hosts[${index}]`;
    if (!isIpAddress(host) && !isWildcardDomain(host)) {
      yield invalid(path, host, 'must be a DNS name or an address; only its first label may be *');
    } else if (host === '*' && onlyInMesh) {
      yield invalid(path, host, 'is only allowed with gateways other than mesh; name the hosts');
    }
    if (hosts.indexOf(host) !== index) yield duplicate(path, host);
    const wider = hosts.find((other) => other !== host && covers(other, host));
    if (wider !== undefined) {
      yield invalid(path, host, `is covered by "${wider}", another one of its hosts; keep one`);
    }
  }
}
