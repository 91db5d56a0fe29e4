import assert from 'node:assert/strict';
import { filterListeners, tableOfListeners } from './listeners.ts';

const address = (port: number): object => ({
  socket_address: { address: '0.0.0.0', port_value: port },
});
const type = 'type.googleapis.com/envoy.extensions.filters.network';
const tcp = (target: object): object => ({
  filters: [
    { name: 'stats' },
    { name: 'tcp', typed_config: { '@type': `${type}.tcp_proxy.v3.TcpProxy`, ...target } },
  ],
});
const http = (routes: object): object => ({
  filters: [
    {
      name: 'http',
      typed_config: {
        '@type': `${type}.http_connection_manager.v3.HttpConnectionManager`,
        ...routes,
      },
    },
  ],
});

/** As other control planes write them: matches in the chains. */
const listeners = [
  {
    name: 'tls',
    state: 'active' as const,
    config: {
      address: address(443),
      filter_chains: [
        {
          filter_chain_match: { server_names: ['a.test', 'b.test'], transport_protocol: 'tls' },
          ...tcp({ cluster: 'outbound|443||a.test' }),
        },
        {
          filter_chain_match: { prefix_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] },
          ...tcp({
            weighted_clusters: {
              clusters: [
                { name: 'a', weight: 80 },
                { name: 'b', weight: 20 },
              ],
            },
          }),
        },
      ],
      default_filter_chain: tcp({ cluster: 'BlackHoleCluster' }),
    },
  },
  {
    name: 'metrics',
    state: 'static' as const,
    config: {
      address: address(90),
      filter_chains: [
        http({
          route_config: {
            virtual_hosts: [
              { routes: [{ match: { path: '/stats' } }, { match: { prefix: '/' } }] },
            ],
          },
        }),
        { filter_chain_match: { application_protocols: ['h2'] }, filters: [{ name: 'other' }] },
      ],
    },
  },
];

describe('the table of listeners', () => {
  it('has a line for each chain, in the words of istioctl', () => {
    assert.deepEqual(tableOfListeners(listeners).rows, [
      ['0.0.0.0', '90', 'ALL', 'Inline Route: /stats, /*'],
      ['0.0.0.0', '90', 'App: h2', 'Non-HTTP/Non-TCP'],
      ['0.0.0.0', '443', 'SNI: a.test,b.test; Trans: tls', 'Cluster: outbound|443||a.test'],
      ['0.0.0.0', '443', 'Addr: 10.0.0.0/8', 'Cluster: a (80), b (20)'],
      ['0.0.0.0', '443', 'ALL', 'BlackHoleCluster'],
    ]);
  });

  it('is filtered by address, port and kind of traffic', () => {
    const names = (filter: Parameters<typeof filterListeners>[1]): readonly string[] =>
      filterListeners(listeners, filter).map(({ name }) => name);
    assert.deepEqual(
      [
        names({ port: 443 }),
        names({ type: 'http' }),
        names({ type: 'TCP' }),
        names({ address: '::' }),
      ],
      [['tls'], ['metrics'], ['tls'], []],
    );
  });
});
