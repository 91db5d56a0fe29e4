import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

function ofIngress(listener: object): readonly string[] {
  return findingsOf('Sidecar', { ingress: [listener] });
}

describe('Sidecar', () => {
  it('accepts the fields of ordinary ones', () => {
    const specs = [
      { egress: [{ hosts: ['./*', 'shop/reviews.service.consul', '~old/*'] }] },
      {
        workloadSelector: { labels: { app: 'a' } },
        ingress: [
          { port: { number: 9080, protocol: 'HTTP', name: 'http' }, defaultEndpoint: ':8080' },
          {
            port: { number: 9443, protocol: 'HTTPS' },
            defaultEndpoint: 'unix:///run/app.sock',
            tls: { mode: 'SIMPLE', serverCertificate: 'c', privateKey: 'k' },
          },
        ],
        egress: [
          { port: { number: 80 }, bind: '127.0.0.1', hosts: ['*/*'], captureMode: 'NONE' },
          { port: { number: 0 }, bind: 'unix:///run/db.sock', hosts: ['*/*'] },
          { hosts: ['istio-system/*'] },
        ],
        outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
        inboundConnectionPool: { http: { http1MaxPendingRequests: 1 } },
      },
      {
        outboundTrafficPolicy: {
          mode: 'ALLOW_ANY',
          egressProxy: { host: 'egress.service.consul', port: { number: 80 } },
        },
      },
    ];
    assert.deepEqual(
      specs.map((spec) => findingsOf('Sidecar', spec)),
      specs.map(() => []),
    );
  });

  it('checks what it takes', () => {
    const port = { number: 9080, protocol: 'HTTP' };
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [
        { port: { number: 0, protocol: 'SMTP', name: 'a_b', targetPort: 1 } },
        [
          'spec.ingress[0].port.targetPort: Forbidden: has no effect at a sidecar; remove it',
          'spec.ingress[0].port.name: Invalid value: "a_b": must be a port name: letters, digits and -, at most 62 of them',
          'spec.ingress[0].port.protocol: Unsupported value: "SMTP"',
          'spec.ingress[0].port.number: Invalid value: 0: must be between 1 and 65535',
        ],
      ],
      [
        { port, defaultEndpoint: '10.0.0.1:80' },
        [
          'spec.ingress[0].defaultEndpoint: Invalid value: "10.0.0.1:80": must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT or unix:///PATH',
        ],
      ],
      [
        { port, defaultEndpoint: '127.0.0.1:http' },
        [
          'spec.ingress[0].defaultEndpoint: Invalid value: "127.0.0.1:http": must end in a port number, such as 127.0.0.1:8080',
        ],
      ],
      [
        { port, tls: { mode: 'ISTIO_MUTUAL', subjectAltNames: ['a'], httpsRedirect: true } },
        [
          'spec.ingress[0].tls.subjectAltNames: Forbidden: is for gateways only; remove it',
          'spec.ingress[0].tls.httpsRedirect: Forbidden: is for gateways only; remove it',
          'spec.ingress[0].tls.mode: Invalid value: "ISTIO_MUTUAL": is not for sidecars; use SIMPLE or MUTUAL',
          'spec.ingress[0].port.protocol: Required value: with tls it must be HTTPS or TLS',
        ],
      ],
      [
        { port: { number: 1, protocol: 'TCP' }, connectionPool: { http: { maxRetries: -1 } } },
        [
          'spec.ingress[0].connectionPool.http.maxRetries: Invalid value: -1: must not be negative',
          'warning spec.ingress[0].connectionPool.http: Forbidden: has no effect, because the protocol of port 1 is not HTTP',
        ],
      ],
    ];
    assert.deepEqual(
      cases.map(([spec]) => ofIngress(spec).map((line) => line.split(': supported')[0])),
      cases.map(([, expected]) => expected),
    );
  });

  it('checks what it sends', () => {
    const egress = [
      { hosts: ['reviews'] },
      { port: { number: 80 }, hosts: ['./reviews', './a*.b', '-/a.b'] },
      { port: { number: 80 }, hosts: ['*/*', 'default/a.b'], bind: 'x' },
      { port: { number: 0 }, hosts: [], captureMode: 'IPTABLES' },
      { port: { number: 81 }, hosts: ['./a.b', 'default/a.b', './*'] },
    ];
    assert.deepEqual(findingsOf('Sidecar', { egress }), [
      'spec.egress[0].port: Required value: only the last listener may be without one',
      'spec.egress[2].port: Duplicate value: "80": give each one only once',
      'spec.egress[0].hosts[0]: Invalid value: "reviews": must be NAMESPACE/NAME, such as ./* or */reviews.service.consul',
      'spec.egress[1].hosts[0]: Invalid value: "reviews": must be a fully qualified name, with a dot, or *',
      'spec.egress[1].hosts[1]: Invalid value: "a*.b": must be a DNS name; only its first label may be *',
      'spec.egress[1].hosts[2]: Invalid value: "-/a.b": its namespace must be a DNS label, "." or "*"',
      'spec.egress[2].bind: Invalid value: "x": must be an IP address, or unix:// and a path',
      'warning spec.egress[2].hosts: Forbidden: "*/*" stands for everything; remove the other hosts',
      'spec.egress[3].port.number: Required value: write one, or bind to unix:///PATH',
      'spec.egress[3].captureMode: Forbidden: a unix socket cannot be captured; remove it',
      'spec.egress[3].hosts: Required value: write at least one host, such as */*',
      'warning spec.egress[4].hosts[1]: Duplicate value: "default/a.b": give each one only once',
      'warning spec.egress[4].hosts[2]: Duplicate value: "./*": give each one only once',
    ]);
  });

  it('checks the whole', () => {
    const egressProxy = { host: 'egress.a.b' };
    assert.deepEqual(
      [
        {},
        { egress: [], workloadSelector: { labels: { app: 'a*' } } },
        { ingress: [{ port: { number: 80 } }, { port: { number: 80 } }] },
        { outboundTrafficPolicy: { egressProxy } },
        { outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy } },
      ].map((spec) => findingsOf('Sidecar', spec)),
      [
        [
          'spec: Required value: write at least one of ingress, egress, outboundTrafficPolicy, inboundConnectionPool',
        ],
        [
          'spec.workloadSelector.labels: Invalid value: "app=a*": wildcards are not supported in a selector',
          'spec: Required value: write at least one of ingress, egress, outboundTrafficPolicy, inboundConnectionPool',
        ],
        ['spec.ingress[1].port.number: Duplicate value: 80: give each one only once'],
        ['spec.outboundTrafficPolicy.egressProxy: Forbidden: needs mode ALLOW_ANY; set it'],
        ['spec.outboundTrafficPolicy.egressProxy.port: Required value: write its number'],
      ],
    );
  });
});
