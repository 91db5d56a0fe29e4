import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { formatApiVersion, kinds } from '../pilot/api/kinds.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import type { MeshView } from './mesh-view.ts';
import type { ProxyAccess } from './proxy-access.ts';
import { dumpPath } from './proxy-source.ts';
import { describeNacks, tableOfSyncs } from './sync-table.ts';
import { formatTable } from './table.ts';
import { paintNothing } from '../kit/terminal.ts';

/** One file of a report. */
export interface ReportItem {
  /** Its path in the archive. */
  readonly path: string;
  /** Where it comes from, for people. */
  readonly source: string;
  /** Throws when it cannot be had, which is noted in the report. */
  readonly read: () => Promise<ReportContent>;
}

export type ReportContent =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'yaml'; readonly value: unknown }
  /** Written by programs of anyone. */
  | { readonly kind: 'log'; readonly text: string }
  /** Names and numbers: what looks like a secret in it is none. */
  | { readonly kind: 'plain'; readonly text: string };

/** How much of the end of a log is taken, in bytes. */
export const logTail = 512 * 1024;

const pilotViews = [
  'services',
  'endpoints',
  'workloads',
  'rules',
  'problems',
  'proxies',
  'counters',
];

/** What pilot knows, and what users have written. */
export function pilotItems(mesh: MeshView, now: number): readonly ReportItem[] {
  return [
    {
      path: 'proxy-status.txt',
      source: 'pilot /debug/syncz',
      read: async () => ({ kind: 'plain', text: await describeProxies(mesh, now) }),
    },
    {
      path: 'proxy-status.json',
      source: 'pilot /debug/syncz',
      read: async () => ({ kind: 'json', value: await mesh.syncs() }),
    },
    ...pilotViews.map((name): ReportItem => ({
      path: `pilot/${name}.json`,
      source: `pilot /debug/${name}`,
      read: async () => ({ kind: 'json', value: await mesh.ask(`/debug/${name}`) }),
    })),
    ...kinds.map(({ group, versions, plural, kind }): ReportItem => {
      const apiVersion = formatApiVersion(group, versions[0] ?? 'v1');
      const path = `${group === '' ? '/api/' : '/apis/'}${apiVersion}/${plural}`;
      return {
        path: `resources/${plural}.yaml`,
        source: `pilot ${path}`,
        read: async () => {
          const list = (await mesh.ask(path)) as { readonly items?: readonly object[] } | undefined;
          // Items of a list do not say their kind, which tells a Secret from others.
          const items = (list?.items ?? []).map((item) => ({ apiVersion, kind, ...item }));
          return { kind: 'yaml', value: { apiVersion: 'v1', kind: 'List', items } };
        },
      };
    }),
  ];
}

async function describeProxies(mesh: MeshView, now: number): Promise<string> {
  const [proxies, pilot = 'unknown'] = await Promise.all([mesh.syncs(), mesh.version()]);
  const table = tableOfSyncs(proxies, { pilot, now, paint: paintNothing, wide: true });
  return `${formatTable(table)}\n${describeNacks(proxies, paintNothing)}`;
}

const proxyPages = [
  { file: 'config_dump.json', path: dumpPath, kind: 'json' },
  { file: 'clusters.json', path: '/clusters?format=json', kind: 'json' },
  { file: 'server_info.json', path: '/server_info', kind: 'json' },
  { file: 'certs.json', path: '/certs', kind: 'json' },
  { file: 'listeners.txt', path: '/listeners', kind: 'plain' },
  { file: 'memory.json', path: '/memory', kind: 'json' },
  { file: 'stats.txt', path: '/stats', kind: 'plain' },
] as const;

/** What the Envoys say of themselves, and what pilot wants of them. */
export function proxyItems(
  proxies: readonly ProxySync[],
  mesh: MeshView,
  access: ProxyAccess,
): readonly ReportItem[] {
  return proxies.flatMap((proxy): readonly ReportItem[] => [
    {
      path: `proxies/${proxy.proxy}/wanted.json`,
      source: 'pilot /debug/config_dump',
      read: async () => ({ kind: 'json', value: await mesh.wanted(proxy.node) }),
    },
    ...proxyPages.map(({ file, path, kind }): ReportItem => ({
      path: `proxies/${proxy.proxy}/${file}`,
      source: `Envoy ${path}`,
      read: async () => {
        const text = await (await access.adminOf(proxy)).get(path);
        return kind === 'json' ? { kind, value: JSON.parse(text) as unknown } : { kind, text };
      },
    })),
  ]);
}

/** The logs of a mesh on this machine: pilot's, the applications' and their Envoys'. */
export async function localItems(mesh: MeshView): Promise<readonly ReportItem[]> {
  const view = await mesh.local();
  if (view === undefined) return [];
  const names = await readdir(view.logs).catch(() => []);
  const logs = names.filter((name) => name.endsWith('.log')).sort();
  return [
    {
      path: 'local/mesh.json',
      source: 'pilot /debug/local',
      read: () => Promise.resolve({ kind: 'json', value: view }),
    },
    {
      path: 'local/mesh.yaml',
      source: view.file,
      // Without its comments: what is in them nobody can judge.
      read: async () => ({
        kind: 'yaml',
        value: parse(await readFile(view.file, 'utf8')) as unknown,
      }),
    },
    ...logs.map((name): ReportItem => ({
      path: `local/logs/${name}`,
      source: join(view.logs, name),
      read: async () => ({ kind: 'log', text: await readTail(join(view.logs, name)) }),
    })),
  ];
}

async function readTail(path: string): Promise<string> {
  return cutTail(await readFile(path));
}

/** The end of a log, from the beginning of a line on. */
export function cutTail(bytes: Buffer): string {
  if (bytes.length <= logTail) return bytes.toString('utf8');
  const tail = bytes.subarray(bytes.length - logTail).toString('utf8');
  return `[${bytes.length - logTail} bytes before this are left out]\n${tail.slice(tail.indexOf('\n') + 1)}`;
}

/** The text of a file in the archive. */
export function renderContent(content: ReportContent, redact: Redactor): string {
  switch (content.kind) {
    case 'json':
      return `${JSON.stringify(redact.json(content.value) ?? null, null, 2)}\n`;
    case 'yaml':
      return stringify(redact.json(content.value), { lineWidth: 0, aliasDuplicateObjects: false });
    case 'log':
      return redact.text(content.text);
    case 'plain':
      return content.text;
  }
}

interface Redactor {
  readonly json: (value: unknown) => unknown;
  readonly text: (text: string) => string;
}

/** Those whose path is chosen; a pattern names a file, or a folder with all in it, and `*` any part of a name. */
export function chooseItems<T extends { readonly path: string }>(
  items: readonly T[],
  include: readonly string[],
  exclude: readonly string[],
): readonly T[] {
  const matches = (path: string, patterns: readonly string[]): boolean =>
    patterns.some((pattern) => toExpression(pattern).test(path));
  return items.filter(
    ({ path }) => (include.length === 0 || matches(path, include)) && !matches(path, exclude),
  );
}

function toExpression(pattern: string): RegExp {
  const escaped = pattern
    .replace(/\/$/, '')
    .replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*');
  return new RegExp(`^${escaped}(?:/|$)`);
}
