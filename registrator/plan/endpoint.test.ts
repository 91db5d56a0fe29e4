import assert from 'node:assert/strict';
import { idOf, type ContainerSketch } from '../../test/fakes/containers.ts';
import { codes, plan, summarize } from '../../test/support/service-plan.ts';
import { type PlanOptions } from './desired.ts';

describe('planServices', () => {
  describe('without -internal', () => {
    const external = { internal: false, hostAddress: '192.0.2.1' };
    const published = { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] };
    const cases: readonly (readonly [
      string,
      Omit<ContainerSketch, 'name'>,
      Partial<PlanOptions>,
      string[],
    ])[] = [
      [
        'what is published',
        { exposed: ['80/tcp', '81/tcp'], published },
        {},
        ['web host:c:80 192.0.2.1:8080'],
      ],
      ['-ip', { published }, { ip: '198.51.100.1' }, ['web host:c:80 198.51.100.1:8080']],
      [
        'the one address it is published on',
        { published: { '80/tcp': [{ HostIp: '192.0.2.7', HostPort: '8080' }] } },
        {},
        ['web host:c:80 192.0.2.7:8080'],
      ],
      [
        'the exposed ports of a container on the network of the host',
        { exposed: ['80/tcp'], network: 'host' },
        {},
        ['web host:c:80 192.0.2.1:80'],
      ],
      [
        'SERVICE_IP before -ip',
        { published, env: ['SERVICE_IP=10.9.9.9'] },
        { ip: '198.51.100.1' },
        ['web host:c:80 10.9.9.9:8080'],
      ],
    ];
    for (const [what, sketch, overrides, expected] of cases) {
      it(`registers ${what}`, () => {
        const state = plan([{ name: 'c', ...sketch }], { ...external, ...overrides });
        assert.deepEqual([summarize(state), codes(state)], [expected, []]);
      });
    }

    it('takes the ports of the network owner for a service that exposes none', () => {
      const pod = { name: 'pod', exposed: ['8000/tcp'], labels: { 'composemesh.role': 'pod' } };
      const network = `container:${idOf('pod')}`;
      const bare = { exposed: [], network };
      const state = plan([
        pod,
        { name: 'app', ...bare, env: ['SERVICE_NAME=web', 'SERVICE_8000_VERSION=v1'] },
        { name: 'debugger', ...bare },
      ]);
      assert.deepEqual(
        [state.records.map(({ name, port, meta }) => [name, port, meta['version']]), codes(state)],
        [[['web', 8000, 'v1']], []],
      );
    });

    it('says where to name the port of a service that has none', () => {
      const pod = { name: 'pod', exposed: [], labels: { 'composemesh.role': 'pod' } };
      const app = { name: 'app', exposed: [], network: `container:${idOf('pod')}` };
      const { problems } = plan([pod, { ...app, env: ['SERVICE_NAME=web'] }]);
      assert.deepEqual(
        problems.map(({ message }) => message),
        [
          'is not registered: it exposes no port; add EXPOSE to its image, ' +
            'or `expose:` to the Compose service whose network it joined',
        ],
      );
    });

    it('tells who wrote settings for a port that is not published', () => {
      const sketch = { name: 'c', exposed: ['80/tcp'], env: ['SERVICE_NAME=web'] };
      assert.deepEqual(codes(plan([sketch], external)), ['E_NO_PORT']);
    });

    it('needs the address of the host', () => {
      const state = plan([{ name: 'c', published }], { internal: false });
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_ADDRESS port 80/tcp']]);
    });
  });

  describe('addresses', () => {
    const networks = { zoo: '10.1.0.2', ant: '10.2.0.2' };
    const cases: readonly (readonly [
      string,
      Omit<ContainerSketch, 'name'>,
      Partial<PlanOptions>,
      string[],
      string[],
    ])[] = [
      ['the primary network', { networks, network: 'zoo' }, {}, ['10.1.0.2'], []],
      [
        'the network of SERVICE_NETWORK',
        { networks, network: 'zoo', env: ['SERVICE_NETWORK=ant'] },
        {},
        ['10.2.0.2'],
        [],
      ],
      [
        'the network of -network',
        { networks, network: 'zoo' },
        { network: 'ant' },
        ['10.2.0.2'],
        [],
      ],
      [
        'the network of SERVICE_NETWORK before that of -network',
        { networks, network: 'zoo', env: ['SERVICE_NETWORK=zoo'] },
        { network: 'ant' },
        ['10.1.0.2'],
        [],
      ],
      [
        'nothing for a network it is not on',
        { networks, network: 'zoo', env: ['SERVICE_NETWORK=bee'] },
        {},
        [],
        ['E_NETWORK port 80/tcp'],
      ],
      ['nothing without a network', { network: 'none' }, {}, [], ['E_ADDRESS port 80/tcp']],
      ['a label', { labels: { ip: '10.3.0.2/24' } }, { ipLabel: 'ip' }, ['10.3.0.2'], []],
      [
        'its own address without the label',
        {},
        { ipLabel: 'ip' },
        ['10.0.0.2'],
        ['W_IP_LABEL port 80/tcp'],
      ],
      [
        'its own address when the label is none',
        { labels: { ip: '::' } },
        { ipLabel: 'ip' },
        ['10.0.0.2'],
        ['W_IP_LABEL port 80/tcp'],
      ],
    ];
    for (const [what, sketch, overrides, addresses, problems] of cases) {
      it(`are ${what}`, () => {
        const state = plan([{ name: 'c', exposed: ['80/tcp'], ...sketch }], overrides);
        assert.deepEqual(
          [state.records.map(({ address }) => address), codes(state)],
          [addresses, problems],
        );
      });
    }
  });
});
