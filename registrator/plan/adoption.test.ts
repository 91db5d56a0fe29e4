import assert from 'node:assert/strict';
import { plan } from '../../test/support/service-plan.ts';
import { selectAdopted } from './adoption.ts';

describe('selectAdopted', () => {
  const desired = plan(
    [
      { name: 'web', exposed: ['80/tcp'] },
      { name: 'dns', image: 'dns', exposed: ['53/udp'] },
      { name: 'own', exposed: ['80/tcp'], env: ['SERVICE_ID=mine'] },
      { name: 'silent', exposed: [] },
      { name: 'ended', exposed: ['80/tcp'], state: 'exited' },
    ],
    {},
  );
  const ids = [
    'host:web:80',
    'host:dns:53:udp',
    'mine',
    'f00:web:80',
    'f00:web:81',
    'f00:silent:80',
    'f00:ended:80',
    'f00:gone:80',
    'elsewhere:web:80',
    'elsewhere:gone:80',
    'gone',
    'consul',
  ];
  const select = (cleanup: boolean, unknown: readonly string[] = []): readonly string[] =>
    selectAdopted(
      { ...desired, unknown: new Set(unknown) },
      ids.map((id) => ({ id, name: 'x', address: '', port: 1 })),
      { hosts: ['host', 'f00'], cleanup },
    ).map(({ id }) => id);

  it('takes over our ids, and our instances under the host names of the old registrator', () => {
    assert.deepEqual(select(false), ['host:web:80', 'host:dns:53:udp', 'mine', 'f00:web:80']);
  });

  it('takes over with -cleanup what has no running container, and belongs to no other host', () => {
    assert.deepEqual(select(true).slice(4), ['f00:ended:80', 'f00:gone:80']);
  });

  it('concludes nothing about containers that are gone while one could not be read', () => {
    assert.deepEqual(select(true, ['c0ffee']), select(false));
  });

  it("leaves another registrator's services alone", () => {
    const other = { id: 'host:web:80', name: 'web', address: '', port: 80, owner: 'OTHER' };
    assert.deepEqual(selectAdopted(desired, [other], { hosts: ['host'], cleanup: true }), []);
  });
});
