import assert from 'node:assert/strict';
import { idOf, inspectReply } from '../../test/fakes/containers.ts';
import { codes, plan, planOptions, summarize } from '../../test/support/service-plan.ts';
import { parseContainer, type Container } from '../docker/container.ts';
import { planServices } from './desired.ts';

describe('planServices', () => {
  it("registers Bookinfo's reviews as Istio expects it", () => {
    const { records, problems } = plan([
      {
        name: 'consul_reviews-v1_1',
        image: 'istio/examples-bookinfo-reviews-v1:1.8.0',
        exposed: ['9080/tcp', '9443/tcp'],
        ip: '172.28.0.5',
        env: [
          'SERVICE_9080_NAME=reviews',
          'SERVICE_TAGS=version|v1',
          'SERVICE_PROTOCOL=http',
          'SERVICE_9443_IGNORE=1',
        ],
        labels: {
          'com.docker.compose.project': 'consul',
          'com.docker.compose.service': 'reviews-v1',
        },
      },
    ]);
    assert.deepEqual(
      { records, problems },
      {
        records: [
          {
            id: 'host:consul_reviews-v1_1:9080',
            name: 'reviews',
            tags: ['version|v1'],
            meta: {
              protocol: 'http',
              version: 'v1',
              'composemesh-owner': 'ENGI:NE',
              'composemesh-container': idOf('consul_reviews-v1_1'),
              'compose-project': 'consul',
              'compose-service': 'reviews-v1',
            },
            address: '172.28.0.5',
            port: 9080,
            weight: 1,
            checks: [],
            health: { status: 'passing', output: 'container consul_reviews-v1_1 is running' },
          },
        ],
        problems: [],
      },
    );
  });

  it('adds -tags, and obeys -explicit', () => {
    const state = plan(
      [
        { name: 'a', exposed: ['80/tcp'] },
        { name: 'b', exposed: ['80/tcp'], env: ['SERVICE_NAME=b', 'SERVICE_TAGS=own'] },
      ],
      { explicit: true, tags: ['all'] },
    );
    assert.deepEqual(
      state.records.map(({ name, tags }) => ({ name, tags })),
      [{ name: 'b', tags: ['own', 'all'] }],
    );
  });

  it('keeps a port in maintenance registered, as critical', () => {
    const env = ['SERVICE_80_MAINTENANCE=new disk'];
    const { records } = plan([{ name: 'c', exposed: ['80/tcp', '81/tcp'], env }]);
    assert.deepEqual(
      records.map(({ port, health }) => [port, health.status, health.output]),
      [
        [80, 'critical', 'container c is in maintenance: new disk'],
        [81, 'passing', 'container c is running'],
      ],
    );
  });

  it('leaves out what is no instance', () => {
    const exposed = ['80/tcp'];
    const state = plan([
      { name: 'ended', exposed, state: 'exited' },
      { name: 'restarting', exposed, state: 'restarting' },
      { name: 'run', exposed, labels: { 'com.docker.compose.oneoff': 'True' } },
      { name: 'silent' },
      { name: 'ignored', env: ['SERVICE_IGNORE=1'] },
    ]);
    assert.deepEqual([summarize(state), codes(state)], [[], []]);
  });

  it('retains what failed with -deregister on-success', () => {
    const ends = [0, 1, 127, 137, 143].map((exitCode) => ({
      name: `exit${exitCode}`,
      state: 'exited' as const,
      exitCode,
    }));
    assert.deepEqual(
      [...plan(ends, { keepFailed: true }).retained],
      [
        [idOf('exit1'), { status: 'critical', output: 'container exit1 ended with exit code 1' }],
        [
          idOf('exit127'),
          { status: 'critical', output: 'container exit127 ended with exit code 127' },
        ],
      ],
    );
  });

  it('retains what has ended with a code that is not known yet, and not what has never run', () => {
    const ended = (name: string): Container => {
      const container = parseContainer(inspectReply({ name }));
      return { ...container, state: 'stopped' };
    };
    const created: { startedAt?: unknown } & Container = { ...ended('created') };
    delete created.startedAt;
    const observation = {
      containers: [ended('web'), created],
      stopping: new Set<string>(),
      unknown: new Set<string>(),
    };
    assert.deepEqual(
      [...planServices(observation, { ...planOptions, keepFailed: true }).retained],
      [[idOf('web'), { status: 'critical', output: 'container web has ended' }]],
    );
  });

  it('says each mistake once, however many ports it touches', () => {
    const state = plan([
      {
        name: 'c',
        exposed: ['80/tcp', '81/tcp'],
        env: ['SERVICE_PROTOCOL=htpp', 'SERVICE_99_NAME=x'],
      },
    ]);
    assert.deepEqual(codes(state), [
      'E_PORT_UNKNOWN SERVICE_99_NAME',
      'E_PROTOCOL SERVICE_PROTOCOL',
    ]);
  });
});
