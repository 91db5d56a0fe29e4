import type { AuthorizationPolicySpec } from './authorization-policy-schema.ts';
import type { DestinationRuleSpec } from './destination-rule-schema.ts';
import type { EnvoyFilterSpec } from './envoy-filter-schema.ts';
import type { GatewaySpec } from './gateway-schema.ts';
import type { NamespaceFields } from './namespace-schema.ts';
import type { PeerAuthenticationSpec } from './peer-authentication-schema.ts';
import type { ProxyConfigSpec } from './proxy-config-schema.ts';
import type { RequestAuthenticationSpec } from './request-authentication-schema.ts';
import type { ConfigMapFields, SecretFields } from './secret-schema.ts';
import type { ServiceEntrySpec } from './service-entry-schema.ts';
import type { SidecarSpec } from './sidecar-schema.ts';
import type { TelemetrySpec } from './telemetry-schema.ts';
import type { VirtualServiceSpec } from './virtual-service-schema.ts';
import type { WasmPluginSpec } from './wasm-plugin-schema.ts';
import type { WorkloadEntrySpec } from './workload-entry-schema.ts';
import type { WorkloadGroupSpec } from './workload-group-schema.ts';

/**
 * Configuration objects: the wire form that the HTTP API and the stores handle, and the decoded form that
 * the model reads. Wire objects follow the Kubernetes API conventions.
 */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface ObjectMeta {
  readonly name: string;
  /** Missing in kinds that are in no namespace. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  /** Decimal; grows with every write to the store. */
  readonly resourceVersion?: string;
  /** Grows with every change of spec. */
  readonly generation?: number;
  /** RFC 3339, seconds. */
  readonly creationTimestamp?: string;
  /** RFC 3339, seconds; of a namespace since its deletion began. */
  readonly deletionTimestamp?: string;
  readonly managedFields?: Json;
}

/** What of the metadata people write; the rest is the store's. */
export function writtenOf({ name, namespace, labels, annotations }: ObjectMeta): ObjectMeta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** An object as it is stored and served. */
export interface ConfigObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  /** Missing in the kinds of the core group, whose fields stand beside the metadata. */
  readonly spec?: Json;
  readonly status?: Json;
  readonly type?: Json;
  readonly data?: Json;
  readonly binaryData?: Json;
  readonly immutable?: Json;
}

/** Where the content of an object stands, whatever its kind. */
export const bodyFields = ['spec', 'type', 'data', 'binaryData', 'immutable'] as const;

/** The content of an object: what it has beside its name, its metadata and its status. */
export function bodyOf(object: ConfigObject): Readonly<Record<string, Json>> {
  const entries = bodyFields.map((name) => [name, object[name]] as const);
  return Object.fromEntries(
    entries.filter((entry): entry is [(typeof bodyFields)[number], Json] => entry[1] !== undefined),
  );
}

/** What identifies an object whatever API version it was written in. */
export interface ObjectKey {
  readonly group: string;
  readonly kind: string;
  /** '' for an object that is in none. */
  readonly namespace: string;
  readonly name: string;
}

interface Resource<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly metadata: ObjectMeta;
  /** Valid by schema and rules; without unknown fields and nulls. Durations are text (see duration.ts). */
  readonly spec: Spec;
}

export type VirtualService = Resource<'VirtualService', VirtualServiceSpec>;
export type DestinationRule = Resource<'DestinationRule', DestinationRuleSpec>;
export type ServiceEntry = Resource<'ServiceEntry', ServiceEntrySpec>;
export type WorkloadEntry = Resource<'WorkloadEntry', WorkloadEntrySpec>;

export type Gateway = Resource<'Gateway', GatewaySpec>;
export type Sidecar = Resource<'Sidecar', SidecarSpec>;
export type WorkloadGroup = Resource<'WorkloadGroup', WorkloadGroupSpec>;
export type EnvoyFilter = Resource<'EnvoyFilter', EnvoyFilterSpec>;
export type ProxyConfig = Resource<'ProxyConfig', ProxyConfigSpec>;
export type AuthorizationPolicy = Resource<'AuthorizationPolicy', AuthorizationPolicySpec>;
export type PeerAuthentication = Resource<'PeerAuthentication', PeerAuthenticationSpec>;
export type RequestAuthentication = Resource<'RequestAuthentication', RequestAuthenticationSpec>;
export type Telemetry = Resource<'Telemetry', TelemetrySpec>;
export type WasmPlugin = Resource<'WasmPlugin', WasmPluginSpec>;

/** For the core group, spec holds the fields beside the metadata. */
export type Secret = Resource<'Secret', SecretFields>;
export type ConfigMap = Resource<'ConfigMap', ConfigMapFields>;
export type Namespace = Resource<'Namespace', NamespaceFields>;

/** A decoded object of any kind. */
export type ConfigResource =
  | VirtualService
  | DestinationRule
  | ServiceEntry
  | WorkloadEntry
  | Gateway
  | Sidecar
  | WorkloadGroup
  | EnvoyFilter
  | ProxyConfig
  | AuthorizationPolicy
  | PeerAuthentication
  | RequestAuthentication
  | Telemetry
  | WasmPlugin
  | Secret
  | ConfigMap
  | Namespace;

/**
 * All objects of the kinds that the model reads (see in-force.ts), sorted by kind, namespace and name. An unchanged object is the same value in the
 * next set, so that what is derived from it can be kept.
 */
export type ResourceSet = readonly ConfigResource[];
