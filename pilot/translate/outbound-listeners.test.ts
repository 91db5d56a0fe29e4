import assert from 'node:assert/strict';
import { catalogOf, proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import { buildMesh } from '../model/build.ts';
import { viewOf } from '../model/proxy.ts';
import { SharedConfig } from '../push/shared-config.ts';

const catalog = catalogOf([
  { service: 'db', address: '10.0.0.1', port: 3306, protocol: 'tcp' },
  { service: 'copy', address: '10.0.0.2', port: 3306, protocol: 'tcp' },
]);

/** The cluster to which a sidecar sends a connection to db, under a rule that leads to copy. */
function targetUnder(gateways: string, match: string): string | undefined {
  const rule = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db, namespace: default }
spec:
  hosts: [db]
  gateways: ${gateways}
  tcp: [{ match: ${match}, route: [{ destination: { host: copy } }] }]
`;
  const mesh = buildMesh({ catalog, resources: resourcesOf(rule), domain: 'service.consul' });
  const view = viewOf(proxyAt('10.0.0.9', {}), undefined, new Set());
  const { listeners } = new SharedConfig(view, {}).translate(mesh);
  const address = mesh.services.get('db.service.consul')?.address;
  const listener = listeners.find(({ name }) => name === `${address ?? ''}_3306`);
  const handler = listener?.kind === 'socket' ? listener.defaultChain?.handler : undefined;
  return handler?.kind === 'tcp' ? handler.clusters[0]?.name : undefined;
}

describe('a tcp rule', () => {
  const itself = 'outbound|3306||db.service.consul';
  const copy = 'outbound|3306||copy.service.consul';

  it('is for sidecars when it names no gateway, or mesh among them', () => {
    assert.deepEqual(
      [targetUnder('[]', '[]'), targetUnder('[mesh]', '[]'), targetUnder('[edge, mesh]', '[]')],
      [copy, copy, copy],
    );
  });

  it('is not for sidecars when it names other gateways only, as a whole or in its match', () => {
    assert.deepEqual(
      [targetUnder('[edge]', '[]'), targetUnder('[edge, mesh]', '[{ gateways: [edge] }]')],
      [itself, itself],
    );
  });
});
