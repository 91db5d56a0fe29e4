import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

type Case = readonly [spec: object, findings: readonly string[]];

function check(kind: string, cases: readonly Case[]): void {
  assert.deepEqual(
    cases.map(([spec]) => findingsOf(kind, spec)),
    cases.map(([, findings]) => findings),
  );
}

describe('WorkloadGroup', () => {
  it('checks the template and the probe', () => {
    const template = { serviceAccount: 'sa', network: 'net' };
    check('WorkloadGroup', [
      [{ template: {} }, []],
      [{ template, metadata: { labels: { app: 'a' } }, probe: { grpc: { port: 1 } } }, []],
      [{ template, probe: { httpGet: { port: 80, scheme: 'HTTPS', path: '/' } } }, []],
      [{}, ['spec.template: Required value: write it']],
      [
        { template, probe: {} },
        ['spec.probe: Required value: write one of httpGet, tcpSocket, exec, grpc'],
      ],
      [
        { template, probe: { tcpSocket: { port: 65536 }, exec: { command: [] } } },
        [
          'spec.probe: Forbidden: only one of httpGet, tcpSocket, exec, grpc may be set; it has tcpSocket and exec',
          'spec.probe.tcpSocket.port: Invalid value: 65536: must be between 1 and 65535',
          'spec.probe.exec.command: Required value: write a command',
        ],
      ],
      [
        { template, probe: { httpGet: { port: 1, httpHeaders: [{ name: '**' }] } } },
        [
          'spec.probe.httpGet.httpHeaders[0].name: Invalid value: "**": must match pattern "^[-_A-Za-z0-9]+$"',
        ],
      ],
      [
        {
          template: { address: 'unix:///a', ports: { a: 1 } },
          metadata: { labels: { 'a b': '' } },
        },
        [
          'spec.metadata.labels: Invalid value: "a b": must be a label key: a name, or a DNS prefix, / and a name',
          'spec.template.ports: Forbidden: a unix socket has no ports; remove them',
        ],
      ],
    ]);
  });
});

describe('ProxyConfig', () => {
  it('checks the selector and the threads', () => {
    check('ProxyConfig', [
      [{ concurrency: 0, image: { imageType: 'debug' }, environmentVariables: { A: 'b' } }, []],
      [{ concurrency: -1 }, ['spec.concurrency: Invalid value: -1: must be >= 0']],
      [
        { selector: { matchLabels: { '': 'a' } } },
        ['spec.selector.matchLabels: Invalid value: "=a": must not have an empty key'],
      ],
    ]);
  });
});

describe('EnvoyFilter', () => {
  it('checks that patches are whole', () => {
    const patch = { operation: 'MERGE', value: { connect_timeout: '1s', metadata: null } };
    const at = 'spec.configPatches[0]';
    const ofPatch = (configPatch: object): readonly string[] =>
      findingsOf('EnvoyFilter', { configPatches: [configPatch] });
    const cases: readonly Case[] = [
      [{ applyTo: 'CLUSTER', match: { cluster: { service: 'a.b' } }, patch }, []],
      [{ applyTo: 'BOOTSTRAP', patch: { operation: 'REMOVE' } }, []],
      [
        {},
        [
          `${at}.applyTo: Required value: write what is patched`,
          `${at}.patch: Required value: write operation and value`,
        ],
      ],
      [
        { applyTo: 'CLUSTER', patch: { operation: 'ADD' }, match: { listener: {} } },
        [
          `${at}.patch.value: Required value: operation ADD needs it`,
          `${at}.match.listener: Forbidden: applyTo CLUSTER is matched by cluster; use that`,
        ],
      ],
      [
        { applyTo: 'CLUSTER', patch, match: { context: 'GATEWAY', waypoint: { portNumber: 0 } } },
        [
          `${at}.match.waypoint: Forbidden: only with context WAYPOINT; set it`,
          `${at}.match.waypoint.portNumber: Invalid value: 0: must be between 1 and 65535`,
          `${at}.match.waypoint: Forbidden: applyTo CLUSTER is matched by cluster; use that`,
        ],
      ],
      [
        { applyTo: 'CLUSTER', patch, match: { context: 'WAYPOINT', cluster: {} } },
        [`${at}.match.waypoint: Required value: context WAYPOINT needs it`],
      ],
      [
        { applyTo: 'CLUSTER', patch, match: { proxy: { proxyVersion: '1(' } } },
        [
          `${at}.match.proxy.proxyVersion: Invalid value: "1(": has an opening ( without ); write it in RE2 syntax`,
        ],
      ],
    ];
    assert.deepEqual(
      cases.map(([configPatch]) => ofPatch(configPatch)),
      cases.map(([, findings]) => findings),
    );
  });

  it('checks which filters are matched', () => {
    const filters: readonly (readonly [string, object, string])[] = [
      ['HTTP_FILTER', {}, '.name: Required value: write the name of the filter'],
      [
        'NETWORK_FILTER',
        { name: 'a', subFilter: { name: 'b' } },
        '.subFilter: Forbidden: only with applyTo HTTP_FILTER; remove it',
      ],
      [
        'HTTP_FILTER',
        { name: 'a', subFilter: { name: 'b' } },
        '.name: Invalid value: "a": must be envoy.filters.network.http_connection_manager for a subFilter',
      ],
      [
        'HTTP_FILTER',
        { name: 'envoy.filters.network.http_connection_manager', subFilter: {} },
        '.subFilter.name: Required value: write the name of the HTTP filter',
      ],
    ];
    const path = 'spec.configPatches[0].match.listener.filterChain.filter';
    assert.deepEqual(
      filters.map(([applyTo, filter]) => {
        const match = { listener: { filterChain: { filter } } };
        return findingsOf('EnvoyFilter', {
          configPatches: [{ applyTo, match, patch: { operation: 'REMOVE' } }],
        });
      }),
      filters.map(([, , finding]) => [`${path}${finding}`]),
    );
  });

  it('checks what it holds for', () => {
    const targetRefs = [
      { kind: 'Service', name: 'a' },
      { group: 'networking.istio.io', kind: 'VirtualService', name: 'b', namespace: 'shop' },
    ];
    check('EnvoyFilter', [
      [{ workloadSelector: {} }, selectsAll],
      [
        { workloadSelector: { labels: { a: 'b' } }, targetRefs },
        [
          'spec: Forbidden: only one of workloadSelector, targetRefs may be set; it has workloadSelector and targetRefs',
          'spec.targetRefs[1].namespace: Forbidden: only objects of the same namespace; leave it out',
          'spec.targetRefs[1]: Invalid value: "networking.istio.io/VirtualService": must refer to one of Service, networking.istio.io/ServiceEntry, gateway.networking.k8s.io/Gateway, gateway.networking.k8s.io/GatewayClass',
        ],
      ],
    ]);
  });
});

const selectsAll = [
  'warning spec.workloadSelector.labels: Invalid value: {}: selects every workload of the namespace; name labels',
];
