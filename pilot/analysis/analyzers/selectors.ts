import { findNearest } from '../../../kit/nearest.ts';
import { type Finding, defineAnalyzer, listSome } from '../analyzer.ts';
import { rootNamespace } from '../../api/namespace.ts';
import type { Facts, Labels, ResourceOf } from '../facts.ts';

const kinds = [
  'Gateway',
  'Sidecar',
  'EnvoyFilter',
  'ProxyConfig',
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'Telemetry',
  'WasmPlugin',
  'DestinationRule',
] as const;

type Selecting = ResourceOf<(typeof kinds)[number]>;

/** Selectors that select nobody: what they are for does nothing. */
export const selectors = defineAnalyzer({
  name: 'workload.selectors',
  description: 'Finds selectors that match no workload',
  codes: ['CM0501'],
  kinds,
  analyze: function* (resource, facts): Iterable<Finding> {
    const found = selectorOf(resource);
    if (!facts.knowsServices || found === undefined) return;
    const { path, labels } = found;
    // Gateways serve all namespaces, whatever theirs is.
    const namespace = resource.kind === 'Gateway' ? rootNamespace : resource.key.namespace;
    if (Object.keys(labels).length === 0 || facts.selects(namespace, labels)) return;
    const where = namespace === rootNamespace ? 'the mesh' : `namespace ${namespace}`;
    const wanted = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const message = `no workload of ${where} has the labels ${listSome(wanted)}. ${adviceOn(wanted, namespace, facts)}`;
    // No gateway of the mesh runs a Gateway yet, and the warning that the kind is not in force says so.
    const severity = resource.kind === 'Gateway' ? { severity: 'info' as const } : {};
    yield { code: 'CM0501', path, message, ...severity };
  },
});

interface Selector {
  readonly path: string;
  readonly labels: Labels;
}

/** Where the kind keeps its selector; undefined when the object has none. */
export function selectorOf(resource: Selecting): Selector | undefined {
  if (resource.kind === 'Gateway') return given('spec.selector', resource.spec.selector);
  if (resource.kind === 'Sidecar' || resource.kind === 'EnvoyFilter') {
    return given('spec.workloadSelector.labels', resource.spec.workloadSelector?.labels);
  }
  if (resource.kind === 'DestinationRule') {
    const labels = resource.spec.workloadSelector?.matchLabels;
    return given('spec.workloadSelector.matchLabels', labels);
  }
  return given('spec.selector.matchLabels', resource.spec.selector?.matchLabels);
}

function given(path: string, labels: Labels | undefined): Selector | undefined {
  return labels === undefined ? undefined : { path, labels };
}

function adviceOn(wanted: readonly string[], namespace: string, facts: Facts): string {
  const present = new Set(
    facts
      .workloads(namespace)
      .flatMap(({ labels }) => Object.entries(labels).map(([name, value]) => `${name}=${value}`)),
  );
  const missing = wanted.find((pair) => !present.has(pair));
  const nearest = missing === undefined ? undefined : findNearest(missing, [...present]);
  return nearest === undefined
    ? 'Correct the labels or the namespace, or start the workload'
    : `Did you mean ${nearest}?`;
}
