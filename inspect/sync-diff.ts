import { stringify } from 'yaml';
import { unifiedDiff } from '../kit/unified-diff.ts';
import { type DumpSections, type DumpedResource, isObject } from './dump-sections.ts';
import { placesOf } from './endpoints.ts';

/** How what a proxy runs differs from what pilot wants it to run, of one type. */
export interface TypeComparison {
  /** Clusters, Listeners, Routes or Endpoints. */
  readonly title: string;
  /** How many resources pilot wants. */
  readonly count: number;
  /** What pilot wants and Envoy has not. */
  readonly missing: readonly string[];
  /** What Envoy has from pilot, and pilot no longer wants. */
  readonly extra: readonly string[];
  /** What Envoy has and does not use yet. */
  readonly warming: readonly string[];
  readonly changed: readonly { readonly name: string; readonly diff: string }[];
  /** When the newest of them came to Envoy. RFC 3339. */
  readonly lastUpdated?: string;
}

/** Compares resource by resource. What an Envoy has of its own bootstrap does not count. */
export function compareDumps(
  wanted: DumpSections,
  running: DumpSections,
): readonly TypeComparison[] {
  const known = new Set(wanted.endpoints.map(({ name }) => name));
  return [
    compareType('Clusters', wanted.clusters, running.clusters, showConfig),
    compareType('Listeners', wanted.listeners, running.listeners, showConfig),
    compareType('Routes', wanted.routes, running.routes, showConfig),
    compareType(
      'Endpoints',
      wanted.endpoints,
      // Envoy lists members of every cluster here, also of those that pilot gives none for.
      running.endpoints.filter(({ name }) => known.has(name)),
      (resource) =>
        placesOf(resource)
          .map((place) => `${place}\n`)
          .join(''),
    ),
  ];
}

export function isMatch({ missing, extra, warming, changed }: TypeComparison): boolean {
  return [missing, extra, warming, changed].every((list) => list.length === 0);
}

function compareType(
  title: string,
  wanted: readonly DumpedResource[],
  running: readonly DumpedResource[],
  show: (resource: DumpedResource) => string,
): TypeComparison {
  const active = new Map(
    running.filter(({ state }) => state === 'active').map((resource) => [resource.name, resource]),
  );
  const names = new Set(wanted.map(({ name }) => name));
  const times = [...active.values()].flatMap(({ lastUpdated }) => lastUpdated ?? []).sort();
  const lastUpdated = times.at(-1);
  return {
    title,
    count: wanted.length,
    missing: wanted.map(({ name }) => name).filter((name) => !active.has(name)),
    extra: [...active.keys()].filter((name) => !names.has(name)).sort(),
    warming: running.filter(({ state }) => state === 'warming').map(({ name }) => name),
    changed: wanted.flatMap((resource) => {
      const other = active.get(resource.name);
      if (other === undefined) return [];
      const label = `${title.slice(0, -1).toLowerCase()} ${resource.name}`;
      const diff = unifiedDiff(
        { label: `pilot ${label}`, text: show(resource) },
        { label: `Envoy ${label}`, text: show(other) },
      );
      return diff === '' ? [] : [{ name: resource.name, diff }];
    }),
    ...(lastUpdated === undefined ? {} : { lastUpdated }),
  };
}

/** Equal for equal messages: the order of fields says nothing. */
function showConfig({ config }: DumpedResource): string {
  return stringify(sortKeys(config), { lineWidth: 0, aliasDuplicateObjects: false });
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}

/** What istioctl says of each type, and what differs. */
export function formatComparison(comparison: TypeComparison): string {
  const { title, count, missing, extra, warming, changed, lastUpdated } = comparison;
  const time = lastUpdated === undefined ? '' : `, last changed at ${lastUpdated}`;
  if (isMatch(comparison)) return `${title} Match (${count}${time})\n`;
  const list = (names: readonly string[], words: string): string =>
    names.map((name) => `  ${name}: ${words}\n`).join('');
  return [
    `${title} Don't Match${time}\n`,
    list(missing, 'pilot wants it, Envoy has not got it'),
    list(extra, 'Envoy has it, pilot no longer wants it'),
    list(warming, 'Envoy has it and does not use it yet: it waits for something'),
    ...changed.map(({ diff }) => diff),
  ].join('');
}
