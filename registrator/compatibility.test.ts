/** What gliderlabs/registrator's own documentation shows, run as it stands against a real Consul. */
import assert from 'node:assert/strict';
import { inspectReply, publish, type ContainerSketch } from '../test/fakes/containers.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

describe("gliderlabs/registrator's documented examples", () => {
  const bench = useRegistratorBench({ flags: ['-ip=192.168.1.102'] });
  const services = (count: number): Promise<readonly AgentService[]> =>
    until(`${count} services`, async () => {
      const all = Object.values(
        await bench.consul.get<Record<string, AgentService>>('/agent/services'),
      );
      return all.length === count ? all.sort((a, b) => (a.ID < b.ID ? -1 : 1)) : undefined;
    });
  /** In the words of its documentation. */
  const show = ({ ID, Service: Name, Port, Address: IP, Tags, Meta }: AgentService): object => {
    const own = /^(composemesh|compose)-/;
    const Attrs = Object.fromEntries(Object.entries(Meta).filter(([key]) => !own.test(key)));
    return { ID, Name, Port, IP, Tags, Attrs };
  };

  const redis = {
    name: 'redis.0',
    image: 'progrium/redis',
    published: publish({ '6379/tcp': '10000' }),
  };
  const nginx = {
    name: 'nginx.0',
    image: 'progrium/nginx',
    published: publish({ '443/tcp': '4443', '80/tcp': '8000' }),
  };
  const ip = { IP: '192.168.1.102' };
  const db = {
    ID: 'fakehost:redis.0:6379',
    Name: 'db',
    Port: 10000,
    ...ip,
    Tags: ['master', 'backups'],
    Attrs: { region: 'us2' },
  };
  const examples: readonly (readonly [string, ContainerSketch, readonly object[]])[] = [
    [
      'a single service with defaults',
      redis,
      [
        {
          ID: 'fakehost:redis.0:6379',
          Name: 'redis',
          Port: 10000,
          ...ip,
          Tags: [],
          Attrs: {},
        },
      ],
    ],
    [
      'a single service with metadata',
      {
        ...redis,
        env: ['SERVICE_NAME=db', 'SERVICE_TAGS=master,backups', 'SERVICE_REGION=us2'],
      },
      [db],
    ],
    [
      'a tag with an escaped comma',
      {
        ...redis,
        env: ['SERVICE_NAME=db', 'SERVICE_TAGS=/(;\\,:-_)/', 'SERVICE_REGION=us2'],
      },
      [{ ...db, Tags: ['/(;,:-_)/'] }],
    ],
    [
      'multiple services with defaults',
      nginx,
      [
        {
          ID: 'fakehost:nginx.0:443',
          Name: 'nginx-443',
          Port: 4443,
          ...ip,
          Tags: [],
          Attrs: {},
        },
        { ID: 'fakehost:nginx.0:80', Name: 'nginx-80', Port: 8000, ...ip, Tags: [], Attrs: {} },
      ],
    ],
    [
      'multiple services with metadata',
      {
        ...nginx,
        env: [
          'SERVICE_443_NAME=https',
          'SERVICE_443_ID=https.12345',
          'SERVICE_443_SNI=enabled',
          'SERVICE_80_NAME=http',
          'SERVICE_TAGS=www',
        ],
      },
      [
        {
          ID: 'fakehost:nginx.0:80',
          Name: 'http',
          Port: 8000,
          ...ip,
          Tags: ['www'],
          Attrs: {},
        },
        {
          ID: 'https.12345',
          Name: 'https',
          Port: 4443,
          ...ip,
          Tags: ['www'],
          Attrs: { sni: 'enabled' },
        },
      ],
    ],
    [
      'labels that define metadata',
      {
        ...redis,
        image: 'dockerfile/redis',
        labels: { SERVICE_NAME: 'db', SERVICE_TAGS: 'master,backups', SERVICE_REGION: 'us2' },
      },
      [db],
    ],
  ];
  for (const [what, sketch, expected] of examples) {
    it(`give ${what}`, async () => {
      bench.engine.set(inspectReply(sketch));
      bench.start();
      assert.deepEqual((await services(expected.length)).map(show), expected);
    });
  }

  it('start a service with the status that is declared for its check', async () => {
    const env = ['SERVICE_CHECK_TTL=1h', 'SERVICE_CHECK_INITIAL_STATUS=passing'];
    bench.engine.set(inspectReply({ ...redis, env }));
    bench.start();
    await until('redis', async () => (await bench.consul.passing('redis')).length === 1);
  });

  it('bring back a service that Consul deregistered for a critical check, while its container runs', async () => {
    const env = ['SERVICE_CHECK_TTL=1h', 'SERVICE_CHECK_DEREGISTER_AFTER=1m'];
    bench.engine.set(inspectReply({ ...redis, env }));
    bench.start();
    await services(1);
    // What its reaper does after a minute.
    await bench.consul.put('/agent/service/deregister/fakehost:redis.0:6379');
    await services(1);
  });
});

interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Port: number;
  readonly Address: string;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
}
