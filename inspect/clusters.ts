import type { Table } from './table.ts';
import { type DumpedResource, textAt } from './dump-sections.ts';

export interface ClusterFilter {
  readonly fqdn?: string;
  readonly port?: number;
  readonly direction?: string;
  readonly subset?: string;
}

/** What the name of a cluster says (pilot/ir/names.ts). */
export interface ClusterName {
  readonly direction: string;
  readonly port?: number;
  readonly subset: string;
  readonly fqdn: string;
}

/** `outbound|9080|v1|reviews.service.consul`; a name of another form is all of it the name of a service. */
export function parseClusterName(name: string): ClusterName {
  const [direction, port, subset, fqdn, ...rest] = name.split('|');
  if (direction === undefined || fqdn === undefined || rest.length > 0) {
    return { direction: '', subset: '', fqdn: name };
  }
  return { direction, port: Number(port), subset: subset ?? '', fqdn };
}

/** The clusters that meet all conditions, as istioctl filters them. */
export function filterClusters(
  clusters: readonly DumpedResource[],
  { fqdn, port, direction, subset }: ClusterFilter,
): readonly DumpedResource[] {
  return clusters.filter(({ name }) => {
    const parsed = parseClusterName(name);
    return (
      (fqdn === undefined || parsed.fqdn.includes(fqdn)) &&
      (port === undefined || parsed.port === port) &&
      (direction === undefined || parsed.direction === direction.toLowerCase()) &&
      (subset === undefined || parsed.subset === subset)
    );
  });
}

/** `ruleOf`: NAME.NAMESPACE of the DestinationRule of a host, where that is known. */
export function tableOfClusters(
  clusters: readonly DumpedResource[],
  ruleOf: (hostname: string) => string | undefined,
): Table {
  return {
    columns: ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'],
    rows: [...clusters]
      .map((cluster) => ({ cluster, parsed: parseClusterName(cluster.name) }))
      .sort((left, right) => compare(keyOf(left.parsed), keyOf(right.parsed)))
      .map(({ cluster, parsed: { fqdn, port, subset, direction } }) => [
        fqdn,
        port === undefined ? '-' : String(port),
        subset === '' ? '-' : subset,
        direction === '' ? '-' : direction,
        typeOf(cluster),
        (direction === 'outbound' ? ruleOf(fqdn) : undefined) ?? '',
      ]),
  };
}

function keyOf({ fqdn, port = 0, subset, direction }: ClusterName): readonly (number | string)[] {
  return [fqdn, port, subset, direction];
}

/** Orders keys part by part. */
export function compare(
  left: readonly (number | string)[],
  right: readonly (number | string)[],
): number {
  for (const [index, own] of left.entries()) {
    const other = right[index] ?? '';
    if (own !== other) return own < other ? -1 : 1;
  }
  return 0;
}

/** STATIC is the default, which JSON leaves out; what has a type of its own is called after it. */
function typeOf({ config }: DumpedResource): string {
  const custom = textAt(config, 'cluster_type', 'name');
  if (custom === undefined) return textAt(config, 'type') ?? 'STATIC';
  return custom.replace(/^envoy\.clusters?\./, '').toUpperCase();
}
