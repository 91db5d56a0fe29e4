import type { ConfigResource, ResourceSet } from '../../pilot/api/resource.ts';

/** A rule file with one thing changed. */
export interface Mutant {
  /** Says what was changed, such as `VirtualService reviews: http[0].route[1].weight 20 → 35`. */
  readonly name: string;
  readonly rules: ResourceSet;
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Fields = Record<string, Json>;

interface Change {
  readonly name: string;
  readonly apply: (spec: Fields) => void;
}

/** Other names that a mutant may use. */
export interface Names {
  readonly services: readonly string[];
  /** By host. */
  readonly subsets: ReadonlyMap<string, readonly string[]>;
}

/**
 * Every mutant of the rules of one file: each weight, subset, host, header, fault and label changed, routes in
 * reverse order, and each rule left out. `others` are the rules that are in force besides.
 */
export function mutate(own: ResourceSet, others: ResourceSet, names: Names): readonly Mutant[] {
  return own.flatMap((rule) => {
    const place = `${rule.kind} ${rule.key.name}`;
    const rest = [...others, ...own.filter((other) => other !== rule)];
    const changed = changesOf(rule, names).map(({ name, apply }) => {
      const spec = structuredClone(rule.spec) as unknown as Fields;
      apply(spec);
      const mutant = { ...rule, spec } as unknown as ConfigResource;
      return { name: `${place}: ${name}`, rules: [...rest, mutant] };
    });
    return [...changed, { name: `${place}: left out`, rules: rest }];
  });
}

function changesOf(rule: ConfigResource, names: Names): readonly Change[] {
  const spec = rule.spec as unknown as Fields;
  switch (rule.kind) {
    case 'VirtualService':
      return virtualServiceChanges(spec, names);
    case 'DestinationRule':
      return destinationRuleChanges(spec, names);
    case 'ServiceEntry':
    case 'WorkloadEntry':
      return serviceEntryChanges(spec);
  }
}

function virtualServiceChanges(spec: Fields, names: Names): readonly Change[] {
  const routes = listOf(spec, 'http');
  return [
    ...[routes]
      .filter(({ length }) => length > 1)
      .map(() => ({
        name: 'routes in reverse order',
        apply: (copy: Fields) => {
          listOf(copy, 'http').reverse();
        },
      })),
    ...textsOf(spec, 'hosts').map((host, index) => {
      const other = sibling(names.services, host);
      return set(['hosts', index], host, other);
    }),
    ...textsOf(spec, 'gateways')
      .slice(0, 1)
      .map(() => ({
        name: 'gateways removed',
        apply: (copy: Fields) => {
          delete copy['gateways'];
        },
      })),
    ...routes.flatMap((route, index) => [
      ...destinationChanges(route, ['http', index], names),
      ...matchChanges(route, ['http', index]),
      ...faultChanges(route, ['http', index]),
    ]),
  ];
}

type Path = readonly (string | number)[];

function destinationChanges(route: Fields, path: Path, names: Names): readonly Change[] {
  const targets = listOf(route, 'route');
  return [
    ...targets.flatMap((target, index) => {
      const { host, subset } = target['destination'] as { host: string; subset?: string };
      const place = [...path, 'route', index, 'destination'];
      const subsets = names.subsets.get(host) ?? [];
      return [
        set([...place, 'host'], host, sibling(names.services, host)),
        ...(subset === undefined || subsets.length < 2
          ? []
          : [set([...place, 'subset'], subset, sibling(subsets, subset))]),
      ];
    }),
    ...weightChanges(targets, path),
  ];
}

/** Weights moved by 15 points either way, exchanged, and each set to 0. */
function weightChanges(targets: readonly Fields[], path: Path): readonly Change[] {
  const [first, second] = targets.map(({ weight }) => weight);
  if (typeof first !== 'number' || typeof second !== 'number') return [];
  const pairs = [
    [first + 15, second - 15],
    [first - 15, second + 15],
    [second, first],
    [0, first + second],
    [first + second, 0],
  ].filter((pair) => pair.every((weight) => weight >= 0));
  return pairs.map((pair) => ({
    name: `${show(path)} weights ${first}, ${second} → ${pair.join(', ')}`,
    apply: (copy) => {
      for (const [index, weight] of pair.entries()) {
        assign(copy, [...path, 'route', index, 'weight'], weight);
      }
    },
  }));
}

function matchChanges(route: Fields, path: Path): readonly Change[] {
  const matches = listOf(route, 'match');
  const removed = {
    name: `${show(path)} match removed`,
    apply: (copy: Fields) => {
      delete at(copy, path)['match'];
    },
  };
  const changed = matches.flatMap((match, index) => {
    const place = [...path, 'match', index];
    const headers = (match['headers'] ?? {}) as Record<string, { exact?: string }>;
    const { exact: uri } = (match['uri'] ?? {}) as { exact?: string };
    return [
      ...(uri === undefined ? [] : [set([...place, 'uri', 'exact'], uri, `${uri}x`)]),
      ...Object.entries(headers).flatMap(([name, { exact = '' }]) => [
        set([...place, 'headers', name, 'exact'], exact, `${exact}x`),
        set([...place, 'headers', name], { exact }, { prefix: exact }),
        set([...place, 'headers', name], { exact }, {}),
        set([...place, 'headers'], { [name]: { exact } }, { [`x-${name}`]: { exact } }),
      ]),
    ];
  });
  return [...(matches.length === 0 ? [] : [removed]), ...changed];
}

function faultChanges(route: Fields, path: Path): readonly Change[] {
  const fault = route['fault'] as
    { delay?: { fixedDelay: string }; abort?: { httpStatus: number } } | undefined;
  if (fault === undefined) return [];
  const place = [...path, 'fault'];
  const kind = fault.delay === undefined ? 'abort' : 'delay';
  return [
    {
      name: `${show(place)} removed`,
      apply: (copy) => {
        delete at(copy, path)['fault'];
      },
    },
    set([...place, kind, 'percentage', 'value'], 100, 50),
    set([...place, kind, 'percentage', 'value'], 100, 0),
    ...(fault.abort === undefined
      ? []
      : [set([...place, 'abort', 'httpStatus'], fault.abort.httpStatus, 503)]),
    ...(fault.delay === undefined
      ? []
      : ['2s', '9s'].map((delay) =>
          set([...place, 'delay', 'fixedDelay'], fault.delay?.fixedDelay ?? '', delay),
        )),
  ];
}

function destinationRuleChanges(spec: Fields, names: Names): readonly Change[] {
  const subsets = listOf(spec, 'subsets');
  const host = spec['host'] as string;
  const versions = names.subsets.get(host) ?? [];
  return [
    set(['host'], host, sibling(names.services, host)),
    ...(spec['trafficPolicy'] === undefined
      ? []
      : [
          {
            name: 'trafficPolicy removed',
            apply: (copy: Fields) => {
              delete copy['trafficPolicy'];
            },
          },
        ]),
    ...subsets.flatMap((subset, index) => {
      const version = (subset['labels'] as Record<string, string>)['version'] ?? '';
      const path = ['subsets', index];
      return [
        set([...path, 'name'], subset['name'] ?? '', `${subset['name'] as string}x`),
        set([...path, 'labels', 'version'], version, `${version}x`),
        ...(versions.length < 2
          ? []
          : [set([...path, 'labels', 'version'], version, sibling(versions, version))]),
        {
          name: `${show(path)} labels removed`,
          apply: (copy: Fields) => {
            delete at(copy, path)['labels'];
          },
        },
      ];
    }),
  ];
}

function serviceEntryChanges(spec: Fields): readonly Change[] {
  return [
    ...textsOf(spec, 'hosts').map((host, index) => set(['hosts', index], host, `x${host}`)),
    ...listOf(spec, 'ports').map(({ number }, index) =>
      set(['ports', index, 'number'], number ?? 0, Number(number) + 1),
    ),
  ];
}

/** The next in the list. */
function sibling(names: readonly string[], name: string): string {
  return names[(names.indexOf(name) + 1) % names.length] ?? name;
}

function set(path: Path, from: Json, to: Json): Change {
  const shown = [from, to].map((value) => JSON.stringify(value)).join(' → ');
  return {
    name: `${show(path)} ${shown}`,
    apply: (copy) => {
      assign(copy, path, to);
    },
  };
}

function assign(copy: Fields, path: Path, value: Json): void {
  at(copy, path.slice(0, -1))[String(path.at(-1))] = value;
}

function at(copy: Fields, path: Path): Fields {
  let value: Json = copy;
  for (const key of path) value = (value as Fields)[key] ?? {};
  return value as Fields;
}

function listOf(fields: Fields, key: string): Fields[] {
  return (fields[key] ?? []) as Fields[];
}

function textsOf(fields: Fields, key: string): readonly string[] {
  return (fields[key] ?? []) as string[];
}

function show(path: Path): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`,
    '',
  );
}
