import { formatAge } from '../kit/age.ts';
import type { Paint } from '../kit/terminal.ts';
import type { Nack, ProxySync, TypeSync } from '../pilot/debug/sync-status.ts';
import type { XdsType } from '../pilot/xds/resource.ts';
import type { Table } from './table.ts';

/** The services of xDS in the order in which istioctl shows them. */
const columns: readonly { readonly name: string; readonly type?: XdsType }[] = [
  { name: 'CDS', type: 'cluster' },
  { name: 'LDS', type: 'listener' },
  { name: 'EDS', type: 'endpoint' },
  { name: 'RDS', type: 'route' },
  // Nothing is configured by ECDS yet.
  { name: 'ECDS' },
];

export interface SyncTableOptions {
  /** Version of pilot. */
  readonly pilot: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly paint: Paint;
  readonly wide: boolean;
}

/** One line for each proxy: what it has of what it is to have, and since when. */
export function tableOfSyncs(proxies: readonly ProxySync[], options: SyncTableOptions): Table {
  const { pilot, now, paint, wide } = options;
  return {
    columns: [
      ...['NAME', 'NAMESPACE', ...columns.map(({ name }) => name), 'PILOT', 'VERSION'],
      ...(wide ? ['CLIENT', 'ADDRESS', 'CONNECTED'] : []),
    ],
    rows: proxies.map((proxy) => [
      proxy.proxy,
      proxy.namespace,
      ...columns.map(({ type }) =>
        formatState(type === undefined ? undefined : proxy.types[type], now, paint),
      ),
      pilot,
      proxy.agentVersion ?? '-',
      ...(wide
        ? [
            [proxy.client?.name ?? '-', proxy.client?.version ?? ''].join(' ').trim(),
            proxy.address,
            formatAge(now - Date.parse(proxy.connectedAt)),
          ]
        : []),
    ]),
  };
}

function formatState(sync: TypeSync | undefined, now: number, paint: Paint): string {
  if (sync === undefined || sync.state === 'not sent') return 'NOT SENT';
  const text = `${sync.state.toUpperCase()} (${formatAge(now - Date.parse(sync.since))})`;
  switch (sync.state) {
    case 'synced':
      return text;
    case 'stale':
      return paint('yellow', text);
    case 'nack':
      return paint('red', text);
  }
}

/** What the proxies refuse, in Envoy's words, and what of the users' resources that comes from; '' when nothing. */
export function describeNacks(proxies: readonly ProxySync[], paint: Paint): string {
  return proxies
    .flatMap(({ proxy, types }) =>
      columns.flatMap(({ name, type }) => {
        const nack = type === undefined ? undefined : types[type]?.nack;
        return nack === undefined ? [] : [describeNack(proxy, name, nack, paint)];
      }),
    )
    .join('\n');
}

function describeNack(proxy: string, service: string, nack: Nack, paint: Paint): string {
  const { text, names, causes, certain } = nack;
  const places = causes.map(({ resource, path }) =>
    path === undefined ? resource : `${resource}: ${path}`,
  );
  const from =
    places.length === 0
      ? 'it comes from nothing that a user wrote: please report it, with `cmesh bug-report`'
      : `${certain ? 'it comes from' : 'it comes from one of'}\n${places.map((place) => `    ${place}`).join('\n')}`;
  return [
    `${paint('red', 'NACK')} ${proxy} refuses ${service} ${names.join(', ')} and keeps what it had`,
    `  Envoy says: ${text}`,
    `  ${from}`,
    '',
  ].join('\n');
}

/** Whether a proxy refuses anything. */
export function hasNack({ types }: ProxySync): boolean {
  return Object.values(types).some(({ nack }) => nack !== undefined);
}
