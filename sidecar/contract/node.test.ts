import assert from 'node:assert/strict';
import { type NodeMetadata, formatNodeMetadata, parseNodeMetadata } from './node.ts';

describe('node metadata', () => {
  it('is read as it was written', () => {
    const metadata: NodeMetadata = {
      namespace: 'shop',
      labels: { app: 'reviews', version: 'v2' },
      generator: 'grpc',
      interceptionMode: 'NONE',
      httpProxyPort: 15_002,
      appPorts: { 9080: 31_000 },
      ingress: [{ bind: '127.0.0.1', port: 80, host: 'web.service.consul', servicePort: 9080 }],
      agentVersion: '0.1.0',
    };
    // As it travels: through JSON.
    const sent = JSON.parse(JSON.stringify(formatNodeMetadata(metadata))) as Record<
      string,
      unknown
    >;
    assert.deepEqual(parseNodeMetadata(sent), metadata);
  });

  it('is read without what makes no sense', () => {
    const fields = {
      LABELS: { app: 1 },
      APP_PORTS: { 9080: 'x', 99999: 1, 80: 8080 },
      INGRESS: [null, { port: 80 }, { bind: '127.0.0.1', host: 'web', port: 0, servicePort: 1 }],
      HTTP_PROXY_PORT: 'none',
    };
    assert.deepEqual(parseNodeMetadata(fields), {
      namespace: 'default',
      labels: {},
      appPorts: { 80: 8080 },
      ingress: [],
    });
  });
});
