import assert from 'node:assert/strict';
import { catalogOf, proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import { buildMesh } from '../model/build.ts';
import { viewOf } from '../model/proxy.ts';
import { SharedConfig } from '../push/shared-config.ts';

const catalog = catalogOf([
  { service: 'db', address: '10.0.0.1', port: 3306, protocol: 'tcp' },
  { service: 'copy', address: '10.0.0.2', port: 3306, protocol: 'tcp' },
]);

/** A rule, as lines of YAML; the younger the later. */
function ruleOf(created: number, spec: string): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: rule-${created}, namespace: default, creationTimestamp: '2026-01-0${created}T00:00:00Z' }
spec: ${spec}
`;
}

/** The cluster to which a sidecar sends a connection to db under these rules. */
function targetOf(...specs: readonly string[]): string | undefined {
  const resources = resourcesOf(specs.map((spec, index) => ruleOf(index + 1, spec)).join(''));
  const mesh = buildMesh({ catalog, resources, domain: 'service.consul' });
  const view = viewOf(proxyAt('10.0.0.9', {}), undefined, new Set());
  const { listeners } = new SharedConfig(view, {}).translate(mesh);
  const address = mesh.services.get('db.service.consul')?.address;
  const listener = listeners.find(({ name }) => name === `${address ?? ''}_3306`);
  const handler = listener?.kind === 'socket' ? listener.defaultChain?.handler : undefined;
  return handler?.kind === 'tcp' ? handler.clusters[0]?.name : undefined;
}

/** The same under a rule that leads to copy. */
function targetUnder(gateways: string, match: string): string | undefined {
  return targetOf(
    `{ hosts: [db], gateways: ${gateways}, tcp: [{ match: ${match}, route: [{ destination: { host: copy } }] }] }`,
  );
}

function toHost(host: string, hosts: string, match = '[]'): string {
  return `{ hosts: [${hosts}], tcp: [{ match: ${match}, route: [{ destination: { host: ${host} } }] }] }`;
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

  it('is for every host that its wildcards cover', () => {
    assert.deepEqual(
      [`'*.service.consul'`, `'*.consul'`, `'*b.service.consul'`, `'*.example.com'`].map((hosts) =>
        targetOf(toHost('copy', hosts)),
      ),
      [copy, copy, copy, itself],
    );
  });

  it('comes after those of older rules, be their hosts wildcards or not', () => {
    const [wild, named] = [toHost('copy', `'*.service.consul'`), toHost('db', 'db')];
    assert.deepEqual([targetOf(wild, named), targetOf(named, wild)], [copy, itself]);
  });

  it('leaves what it does not match to the next rule', () => {
    const other = toHost('db', 'db', '[{ port: 1 }]');
    assert.equal(targetOf(other, toHost('copy', `'*.service.consul'`)), copy);
  });
});
