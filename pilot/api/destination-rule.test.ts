import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

function ofPolicy(trafficPolicy: object): readonly string[] {
  return findingsOf('DestinationRule', { host: 'reviews', trafficPolicy });
}

describe('DestinationRule', () => {
  it('accepts the fields of an ordinary rule', () => {
    const warmup = { duration: '30s', minimumPercent: 5, aggression: 1 };
    const spec = {
      host: '*.service.consul',
      trafficPolicy: {
        loadBalancer: {
          consistentHash: { httpCookie: { name: 'user', ttl: '0s' }, ringHash: {} },
          localityLbSetting: { failover: [{ from: 'eu', to: 'us' }] },
        },
        connectionPool: {
          tcp: { maxConnections: 100, connectTimeout: '30ms', tcpKeepalive: { time: '7200s' } },
          http: { http2MaxRequests: 1000, maxRequestsPerConnection: 10 },
        },
        outlierDetection: { consecutive5xxErrors: 7, interval: '5m', maxEjectionPercent: 100 },
        tls: { mode: 'ISTIO_MUTUAL' },
        portLevelSettings: [
          { port: { number: 9080 }, loadBalancer: { simple: 'ROUND_ROBIN', warmup } },
        ],
      },
      subsets: [{ name: 'v1', labels: { version: 'v1' } }, { name: 'Blue-Green' }],
      exportTo: ['*'],
    };
    assert.deepEqual(findingsOf('DestinationRule', spec), []);
  });

  it('checks the host, the subsets and whom it is for', () => {
    const spec = {
      host: '',
      subsets: [
        { name: 'v1', labels: { 'bad key!': 'v1' } },
        { name: 'v1', trafficPolicy: {} },
        { name: '' },
        { labels: {} },
      ],
    };
    assert.deepEqual(findingsOf('DestinationRule', spec), [
      'spec.subsets[3].name: Required value: write it',
    ]);
    assert.deepEqual(
      findingsOf('DestinationRule', {
        ...spec,
        subsets: spec.subsets.slice(0, 3),
        exportTo: ['*', 'a'],
        workloadSelector: { matchLabels: { app: '*' } },
      }),
      [
        'spec.host: Required value: write the name of a service, such as reviews',
        'spec.subsets[0].labels: Invalid value: "bad key!": must be a label key: a name, or a DNS prefix, / and a name',
        'spec.subsets[1].name: Duplicate value: "v1": give each one only once',
        'spec.subsets[1].trafficPolicy: Required value: write at least one of loadBalancer, connectionPool, outlierDetection, tls, portLevelSettings, tunnel, proxyProtocol, retryBudget',
        'spec.subsets[2].name: Required value: write the name of a subset, such as v1',
        'spec.exportTo: Forbidden: "*" stands for itself; remove the other entries',
        'spec.workloadSelector.matchLabels: Invalid value: "app=*": wildcards are not supported in a selector',
        'spec.exportTo: Forbidden: a rule with a workloadSelector holds in its own namespace',
      ],
    );
  });

  it('checks how endpoints are chosen', () => {
    const policies = [
      { loadBalancer: { simple: 'FASTEST' } },
      { loadBalancer: { simple: 'RANDOM', consistentHash: { useSourceIp: true } } },
      { loadBalancer: { consistentHash: {} } },
      { loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 100 } } } },
      {
        loadBalancer: {
          localityLbSetting: {
            distribute: [{ from: 'a/*', to: { a: 60, b: 30 } }],
            failover: [{ from: 'a', to: 'a' }],
          },
        },
      },
      { loadBalancer: { warmup: { minimumPercent: 150 } } },
    ];
    assert.deepEqual(policies.map(ofPolicy), [
      [
        'spec.trafficPolicy.loadBalancer.simple: Unsupported value: "FASTEST": supported values: "UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"',
      ],
      [
        'spec.trafficPolicy.loadBalancer: Forbidden: only one of simple, consistentHash, backendUtilization may be set; it has simple and consistentHash',
      ],
      [
        'spec.trafficPolicy.loadBalancer.consistentHash: Required value: write one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName',
      ],
      [
        'spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize: Invalid value: 100: must be a prime below 5000011',
      ],
      [
        'spec.trafficPolicy.loadBalancer.localityLbSetting: Forbidden: only one of distribute, failover may be set; it has distribute and failover',
        'spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: Invalid value: 90: the shares must add up to 100',
        'spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0]: Forbidden: traffic cannot fail over from a to itself',
      ],
      [
        'spec.trafficPolicy.loadBalancer.warmup.duration: Required value: write it',
        'spec.trafficPolicy.loadBalancer.warmup.minimumPercent: Invalid value: 150: must be <= 100',
      ],
    ]);
  });

  it('warns of a warm-up where nothing warms up', () => {
    const warmup = { duration: '10s' };
    const idle = (choice: string): string =>
      `warning spec.trafficPolicy.loadBalancer.warmup: Forbidden: has no effect with ${choice}, only with ROUND_ROBIN and LEAST_REQUEST`;
    assert.deepEqual(
      [
        ofPolicy({ loadBalancer: { simple: 'RANDOM', warmup } }),
        ofPolicy({ loadBalancer: { consistentHash: { useSourceIp: true }, warmup } }),
        ofPolicy({ loadBalancer: { simple: 'ROUND_ROBIN', warmup } }),
        ofPolicy({ loadBalancer: { warmup } }),
      ],
      [[idle('simple RANDOM')], [idle('consistentHash')], [], []],
    );
  });

  it('checks limits, outlier detection, TLS and tunnels', () => {
    const policies = [
      { connectionPool: {} },
      { connectionPool: { tcp: { maxConnections: -1, connectTimeout: 'soon' } } },
      { connectionPool: { http: { h2UpgradePolicy: 'UPGRADE', useClientProtocol: true } } },
      { outlierDetection: { consecutiveLocalOriginFailures: 3, maxEjectionPercent: 120 } },
      { outlierDetection: { consecutiveErrors: 3 } },
      { tls: { mode: 'MUTUAL', privateKey: '/k.pem' } },
      { tls: { mode: 'ISTIO_MUTUAL', caCertificates: '/ca.pem' } },
      { tls: { mode: 'SIMPLE', credentialName: 'c', caCertificates: '/ca.pem' } },
      { tunnel: { targetHost: 'a b', targetPort: 0, protocol: 'PUT' } },
      { portLevelSettings: [{ port: { number: 80 } }, { port: { number: 80 }, tls: {} }, {}] },
    ];
    const shared = 'loadBalancer, connectionPool, outlierDetection, tls';
    assert.deepEqual(policies.map(ofPolicy), [
      ['spec.trafficPolicy.connectionPool: Required value: write tcp, http or both'],
      [
        'spec.trafficPolicy.connectionPool.tcp.maxConnections: Invalid value: -1: must not be negative',
        'spec.trafficPolicy.connectionPool.tcp.connectTimeout: Invalid value: "soon": must be a duration such as 1.5s, 200ms or 1h',
      ],
      [
        'spec.trafficPolicy.connectionPool.http.useClientProtocol: Forbidden: contradicts h2UpgradePolicy UPGRADE; use one',
      ],
      [
        'spec.trafficPolicy.outlierDetection.maxEjectionPercent: Invalid value: 120: must be a percentage between 0 and 100',
        'spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures: Forbidden: is only counted when splitExternalLocalOriginErrors is true; set it',
      ],
      [
        'warning spec.trafficPolicy.outlierDetection.consecutiveErrors: Invalid value: 3: is deprecated; use consecutive5xxErrors or consecutiveGatewayErrors',
      ],
      ['spec.trafficPolicy.tls.clientCertificate: Required value: mode MUTUAL needs it'],
      [
        'spec.trafficPolicy.tls.caCertificates: Forbidden: the mesh has its own certificates in mode ISTIO_MUTUAL',
      ],
      [
        'spec.trafficPolicy.tls.credentialName: Forbidden: replaces caCertificates; use one of the two',
      ],
      [
        'spec.trafficPolicy.tunnel.protocol: Unsupported value: "PUT": supported values: "CONNECT", "POST"',
        'spec.trafficPolicy.tunnel.targetHost: Invalid value: "a b": must be a DNS name or an address',
        'spec.trafficPolicy.tunnel.targetPort: Invalid value: 0: must be between 1 and 65535',
      ],
      [
        `spec.trafficPolicy.portLevelSettings[0]: Required value: write at least one of ${shared}`,
        'spec.trafficPolicy.portLevelSettings[1].port.number: Duplicate value: 80: give each one only once',
        'spec.trafficPolicy.portLevelSettings[2].port.number: Required value: write the port it is for',
        `spec.trafficPolicy.portLevelSettings[2]: Required value: write at least one of ${shared}`,
      ],
    ]);
  });

  it('refuses what Envoy would refuse a cluster or a route table for', () => {
    const hashes = [
      { httpHeaderName: '' },
      { httpQueryParameterName: '' },
      { useSourceIp: true, ringHash: { minimumRingSize: 8_388_609 } },
      { useSourceIp: true, ringHash: { minimumRingSize: 8_388_608 } },
    ];
    const path = 'spec.trafficPolicy.loadBalancer.consistentHash';
    assert.deepEqual(
      hashes.map((consistentHash) => ofPolicy({ loadBalancer: { consistentHash } })),
      [
        [`${path}.httpHeaderName: Required value: write a name`],
        [`${path}.httpQueryParameterName: Required value: write a name`],
        [`${path}.ringHash.minimumRingSize: Invalid value: 8388609: must be at most 8388608`],
        [],
      ],
    );
  });
});
