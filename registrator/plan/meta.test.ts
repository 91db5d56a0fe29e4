import assert from 'node:assert/strict';
import { codes, plan } from '../../test/support/service-plan.ts';
import { type PlanOptions } from './desired.ts';

describe('planServices', () => {
  describe('Meta', () => {
    const metaOf = (
      env: string[],
    ): { meta: Record<string, string>; problems: readonly string[] } => {
      const state = plan([{ name: 'c', exposed: ['80/tcp'], env }]);
      const meta = Object.fromEntries(
        Object.entries(state.records[0]!.meta).filter(([key]) => !key.startsWith('composemesh-')),
      );
      return { meta, problems: codes(state) };
    };
    const long = 'x'.repeat(513);
    const cases: readonly (readonly [string, string[], object, string[]])[] = [
      [
        'has SERVICE_VERSION',
        ['SERVICE_VERSION=v2', 'SERVICE_TAGS=version|v1'],
        { version: 'v2' },
        [],
      ],
      ['has the version of the tags', ['SERVICE_TAGS=a,version|v1'], { version: 'v1' }, []],
      [
        'has no protocol that is unknown',
        ['SERVICE_PROTOCOL=htpp'],
        {},
        ['E_PROTOCOL SERVICE_PROTOCOL'],
      ],
      [
        'has no UDP for a TCP port',
        ['SERVICE_PROTOCOL=udp'],
        {},
        ['E_PROTOCOL_CONFLICT port 80/tcp'],
      ],
      ['has the keys of the user', ['SERVICE_REGION=eu'], { region: 'eu' }, []],
      [
        'has no key that Consul refuses',
        ['SERVICE_A.B=1', 'SERVICE_CONSUL-X=1', 'SERVICE_OK=1'],
        { ok: '1' },
        ['E_META_KEY SERVICE_A.B', 'E_META_KEY SERVICE_CONSUL-X'],
      ],
      [
        'has no key in place of ours',
        ['SERVICE_COMPOSEMESH-OWNER=me'],
        {},
        ['E_META_KEY SERVICE_COMPOSEMESH-OWNER'],
      ],
      ['has no long value', [`SERVICE_A=${long}`], {}, ['E_META_VALUE SERVICE_A']],
      ['has no long version', [`SERVICE_VERSION=${long}`], {}, ['E_META_VALUE port 80/tcp']],
      [
        'counts bytes, not letters',
        [`SERVICE_A=${'é'.repeat(257)}`],
        {},
        ['E_META_VALUE SERVICE_A'],
      ],
    ];
    for (const [what, env, meta, problems] of cases) {
      it(what, () => {
        assert.deepEqual(metaOf(env), { meta, problems });
      });
    }

    it('has at most 64 pairs, ours first', () => {
      const env = Array.from(
        { length: 70 },
        (_, index) => `SERVICE_K${String(index).padStart(2, '0')}=v`,
      );
      const { records, problems } = plan([{ name: 'c', exposed: ['80/tcp'], env }]);
      const keys = Object.keys(records[0]!.meta);
      assert.deepEqual(
        [keys.length, keys.slice(0, 3), problems.length, problems[0]!.path],
        [64, ['composemesh-owner', 'composemesh-container', 'k00'], 8, 'SERVICE_K62'],
      );
    });
  });

  it('infers protocols from well-known ports only when it is told to', () => {
    const sketch = { name: 'c', exposed: ['80/tcp', '81/tcp', '443/tcp', '6379/tcp', '6379/udp'] };
    const protocols = (overrides: Partial<PlanOptions>): unknown =>
      plan([{ ...sketch, env: ['SERVICE_443_PROTOCOL=https'] }], overrides).records.map(
        ({ meta }) => meta['protocol'],
      );
    assert.deepEqual(
      [protocols({}), protocols({ inferProtocol: true })],
      [
        [undefined, undefined, 'https', undefined, 'udp'],
        ['http', undefined, 'https', 'redis', 'udp'],
      ],
    );
  });

  it('says which replica of a Compose service an instance is', () => {
    const labels = {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '3',
    };
    const { records } = plan([{ name: 'shop-web-3', exposed: ['80/tcp'], labels }]);
    const { meta } = records[0]!;
    assert.deepEqual(
      [meta['compose-project'], meta['compose-service'], meta['compose-number']],
      ['shop', 'web', '3'],
    );
  });
});
