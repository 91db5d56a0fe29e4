import assert from 'node:assert/strict';
import { formatProblem } from '../../kit/problem.ts';
import { type ContainerSketch } from '../../test/fakes/containers.ts';
import { codes, plan, summarize } from '../../test/support/service-plan.ts';

describe('planServices', () => {
  describe('names', () => {
    const compose = {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'front',
    };
    const cases: readonly (readonly [string, Omit<ContainerSketch, 'name'>, string[]])[] = [
      ['the image', { exposed: ['80/tcp'] }, ['web']],
      [
        'an image with registry and digest',
        { exposed: ['80/tcp'], image: 'r:5000/t/api@sha256:ab' },
        ['api'],
      ],
      ['the Compose service before the image', { exposed: ['80/tcp'], labels: compose }, ['front']],
      [
        'SERVICE_NAME before the Compose service',
        { exposed: ['80/tcp'], labels: compose, env: ['SERVICE_NAME=own'] },
        ['own'],
      ],
      ['the port as a suffix of several', { exposed: ['80/tcp', '81/tcp'] }, ['web-80', 'web-81']],
      [
        'no suffix where the port has its own name',
        { exposed: ['80/tcp', '81/tcp'], env: ['SERVICE_80_NAME=own'] },
        ['own', 'web-81'],
      ],
      [
        'a suffix to a name for all ports',
        { exposed: ['80/tcp', '81/tcp'], env: ['SERVICE_NAME=own'] },
        ['own-80', 'own-81'],
      ],
      [
        'no suffix when the other ports are ignored',
        { exposed: ['80/tcp', '81/tcp'], env: ['SERVICE_81_IGNORE=yes'] },
        ['web'],
      ],
      ['an underscore', { exposed: ['80/tcp'], env: ['SERVICE_NAME=a_b'] }, ['a_b']],
    ];
    for (const [what, sketch, expected] of cases) {
      it(`uses ${what}`, () => {
        const { records, problems } = plan([{ name: 'c', ...sketch }]);
        assert.deepEqual(
          { names: records.map(({ name }) => name), problems },
          { names: expected, problems: [] },
        );
      });
    }

    const refused: readonly (readonly [string, string, string])[] = [
      ['a dot', 'a.b', '"a.b" is no host name, such as "a-b"'],
      ['a space', 'my web', '"my web" is no host name, such as "my-web"'],
      ['a dash at the end', 'web-', '"web-" is no host name, such as "web"'],
      ['only other letters', '日本', '"日本" is no host name'],
      ['64 letters', 'a'.repeat(64), `"${'a'.repeat(64)}" has 64 letters`],
    ];
    for (const [what, name, message] of refused) {
      it(`refuses ${what}, and says what to write`, () => {
        const state = plan([{ name: 'c', exposed: ['80/tcp'], env: [`SERVICE_NAME=${name}`] }]);
        assert.deepEqual(summarize(state), []);
        assert.deepEqual(state.problems.map(formatProblem), [
          `E_NAME container c: SERVICE_NAME: is not registered: ${message}; ` +
            'set SERVICE_NAME to at most 63 letters, digits and "-", with a letter or digit at both ends',
        ]);
      });
    }

    it('refuses an image that is only a digest', () => {
      const state = plan([{ name: 'c', exposed: ['80/tcp'], image: `sha256:${'ab'.repeat(32)}` }]);
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_NAME SERVICE_NAME']]);
    });
  });

  describe('ids', () => {
    it('are host, container and port, with the transport if it is UDP', () => {
      const state = plan([{ name: 'dns', image: 'dns', exposed: ['53/tcp', '53/udp'] }]);
      assert.deepEqual(
        state.records.map(({ id, name, tags, meta }) => ({
          id,
          name,
          tags,
          protocol: meta['protocol'],
        })),
        [
          { id: 'host:dns:53', name: 'dns-53', tags: [], protocol: undefined },
          { id: 'host:dns:53:udp', name: 'dns-53', tags: ['udp'], protocol: 'udp' },
        ],
      );
    });

    it('stay with the older container when two have the same', () => {
      const env = ['SERVICE_ID=same'];
      const state = plan([
        { name: 'young', exposed: ['80/tcp'], env, createdAt: 20, ip: '10.0.0.3' },
        { name: 'old', exposed: ['80/tcp'], env, createdAt: 10 },
      ]);
      assert.deepEqual(
        { records: summarize(state), problems: state.problems.map(formatProblem) },
        {
          records: ['web same 10.0.0.2:80'],
          problems: [
            'E_ID_DUPLICATE container young: SERVICE_ID: port 80 is not registered: its id "same" is ' +
              'that of port 80 of container old; give each port its own SERVICE_ID',
          ],
        },
      );
    });
  });
});
