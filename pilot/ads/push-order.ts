import type { XdsType } from '../xds/resource.ts';

export interface PushRule {
  readonly type: XdsType;
  /** New and changed resources are sent when these types are acknowledged. */
  readonly after: readonly XdsType[];
  /** Removals are sent when these types are acknowledged without a rejection. */
  readonly removalsAfter: readonly XdsType[];
  readonly reason: string;
}

/**
 * Make before break, in the order in which a push goes through the types (xDS protocol, "Eventual consistency
 * considerations"). Envoy warms clusters and listeners but not routes: a route that names a cluster Envoy does not
 * have answers 503, so everything a route needs is there before it, and goes after it.
 */
export const pushOrder: readonly PushRule[] = [
  {
    type: 'cluster',
    after: [],
    removalsAfter: ['listener', 'route'],
    reason: 'listeners and routes name clusters: clusters come first and go last',
  },
  {
    type: 'endpoint',
    // Not after the acknowledgement of clusters: Envoy gives it when they are warm, that is, have endpoints.
    after: [],
    removalsAfter: ['cluster'],
    reason: 'a cluster warms until it has its endpoints, again after each change of the cluster',
  },
  {
    type: 'listener',
    after: ['cluster', 'endpoint'],
    removalsAfter: [],
    reason: 'a listener may name a cluster; nothing names a listener',
  },
  {
    type: 'route',
    after: ['cluster', 'endpoint'],
    removalsAfter: ['listener'],
    reason: 'a route names clusters; a listener asks for its routes, so it is sent before them',
  },
];
