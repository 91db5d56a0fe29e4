import assert from 'node:assert/strict';
import { idOf, type ContainerSketch } from '../../test/fakes/containers.ts';
import { codes, plan, summarize } from '../../test/support/service-plan.ts';

describe('planServices', () => {
  describe('in a pod', () => {
    const pod: ContainerSketch = {
      name: 'pod',
      labels: { 'composemesh.role': 'pod' },
      ip: '10.0.0.9',
    };
    const app: ContainerSketch = {
      name: 'app',
      exposed: ['9080/tcp'],
      network: `container:${idOf('pod')}`,
      env: ['SERVICE_NAME=reviews'],
      startedAt: 2,
    };
    const sidecar: ContainerSketch = {
      name: 'envoy',
      exposed: ['15001/tcp'],
      network: `container:${idOf('pod')}`,
      labels: { 'composemesh.role': 'sidecar' },
      startedAt: 2,
    };

    it('makes one service of pod, app and sidecar, at the address of the pod', () => {
      const state = plan([sidecar, app, pod]);
      assert.deepEqual(
        [summarize(state), codes(state)],
        [['reviews host:app:9080 10.0.0.9:9080'], []],
      );
    });

    it('takes the published port of the pod', () => {
      const published = { '9080/tcp': [{ HostIp: '0.0.0.0', HostPort: '80' }] };
      const state = plan([sidecar, app, { ...pod, published }], {
        internal: false,
        hostAddress: '192.0.2.1',
      });
      assert.deepEqual(summarize(state), ['reviews host:app:9080 192.0.2.1:80']);
    });

    it('has no instance while the pod does not run', () => {
      const state = plan([sidecar, app, { ...pod, state: 'exited' }]);
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_NETWORK_OWNER']]);
    });

    it('has no instance when the pod was re-created', () => {
      const state = plan([app, { ...pod, name: 'pod2' }]);
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_NETWORK_OWNER']]);
    });

    it('concludes nothing about an app whose pod could not be read', () => {
      const state = plan([app], {}, { unknown: ['pod'] });
      assert.deepEqual(
        [summarize(state), codes(state), [...state.unknown].sort()],
        [[], [], [idOf('app'), idOf('pod')].sort()],
      );
    });

    it('concludes nothing about a pod without a sidecar while a container could not be read', () => {
      const state = plan([pod, app], {}, { unknown: ['envoy'] });
      assert.deepEqual(
        [summarize(state), codes(state), [...state.unknown].sort()],
        [[], [], [idOf('app'), idOf('envoy')].sort()],
      );
    });

    const stranded = (name: string): string =>
      `container ${name} lost its network, because pod started again after it; run: docker restart ${name}`;
    type HealthCase = readonly [
      what: string,
      containers: readonly ContainerSketch[],
      output: string | undefined,
      stopping?: readonly string[],
    ];
    const cases: readonly HealthCase[] = [
      ['all run', [pod, app, sidecar], undefined],
      ['the app is healthy', [pod, { ...app, health: 'healthy' }, sidecar], undefined],
      [
        'the app is starting',
        [pod, { ...app, health: 'starting' }, sidecar],
        'container app is starting: its HEALTHCHECK has not passed yet',
      ],
      [
        'the app is unhealthy',
        [pod, { ...app, health: 'unhealthy', healthOutput: 'no database' }, sidecar],
        'container app is unhealthy: no database',
      ],
      [
        'the app is paused',
        [pod, { ...app, state: 'paused' }, sidecar],
        'container app is paused; run: docker unpause app',
      ],
      ['the app is stopping', [pod, app, sidecar], 'container app is stopping', ['app']],
      [
        'the sidecar is stopping',
        [pod, app, sidecar],
        'sidecar: container envoy is stopping',
        ['envoy'],
      ],
      [
        'the pod is stopping',
        [pod, app, sidecar],
        "the network's owner: container pod is stopping",
        ['pod'],
      ],
      [
        'the sidecar does not run',
        [pod, app, { ...sidecar, state: 'exited' }],
        'sidecar envoy is not running, so calls would fail; run: docker start envoy',
      ],
      [
        'the sidecar was removed',
        [pod, app],
        'pod pod has no sidecar, so calls would fail; start the sidecar',
      ],
      [
        'the sidecar is unhealthy',
        [pod, app, { ...sidecar, health: 'unhealthy' }],
        'sidecar: container envoy is unhealthy',
      ],
      [
        'the sidecar is paused',
        [pod, app, { ...sidecar, state: 'paused' }],
        'sidecar: container envoy is paused; run: docker unpause envoy',
      ],
      ['the pod started after the app', [{ ...pod, startedAt: 3 }, app, sidecar], stranded('app')],
      [
        'the pod started after the sidecar',
        [{ ...pod, startedAt: 3 }, { ...app, startedAt: 4 }, sidecar],
        `sidecar: ${stranded('envoy')}`,
      ],
      [
        'an old sidecar was left behind by a new one',
        [pod, app, sidecar, { ...sidecar, name: 'old', state: 'exited' }],
        undefined,
      ],
    ];
    for (const [what, containers, output, stopping = []] of cases) {
      it(`is ${output === undefined ? 'passing' : 'critical'} when ${what}`, () => {
        const { records } = plan(containers, {}, { stopping });
        const { status, output: text } = records[0]!.health;
        const expected = output === undefined ? ['passing'] : ['critical', output];
        assert.deepEqual(status === 'passing' ? [status] : [status, text], expected);
      });
    }

    it("is on the networks of the pod, and another registrator's when they are not the one of -network", () => {
      const stopped: ContainerSketch = { ...pod, state: 'exited' };
      const plans = [
        plan([pod, app, sidecar], { network: 'mesh' }),
        plan([pod, app, sidecar], { network: 'other' }),
        plan([stopped, app, sidecar], { network: 'mesh' }),
        plan([stopped, app, sidecar], { network: 'other' }),
        plan([{ name: 'host', exposed: ['80/tcp'], network: 'host' }], { network: 'mesh' }),
      ];
      assert.deepEqual(
        plans.map((state) => [summarize(state), codes(state)]),
        [
          [['reviews host:app:9080 10.0.0.9:9080'], []],
          [[], []],
          [[], ['E_NETWORK_OWNER']],
          [[], []],
          [[], []],
        ],
      );
    });

    it('lets a sidecar join the app itself', () => {
      const alone = { ...app, network: 'mesh' };
      const joined = { ...sidecar, network: `container:${idOf('app')}`, state: 'exited' as const };
      assert.deepEqual(
        plan([alone, joined]).records.map(({ health }) => health.status),
        ['critical'],
      );
    });
  });
});
