import assert from 'node:assert/strict';
import { parseConfig } from './config.ts';

describe('parseConfig', () => {
  const defaults = {
    consul: { address: 'http://127.0.0.1:8500' },
    docker: { kind: 'socket', path: '/tmp/docker.sock' },
    internal: false,
    explicit: false,
    tags: [],
    keepFailed: false,
    retryAttempts: 0,
    retryInterval: 2000,
  };
  const accepted: readonly (readonly [string, string[], Record<string, string>, object])[] = [
    ['the URI alone', ['consul:'], {}, {}],
    [
      "Istio's Bookinfo command line",
      ['-internal', '-retry-attempts=-1', 'consul://consul:8500'],
      {},
      { internal: true, retryAttempts: Infinity, consul: { address: 'http://consul:8500' } },
    ],
    ['a URI without a port', ['consul://c'], {}, { consul: { address: 'http://c:8500' } }],
    ['an IPv6 URI', ['consul://[::1]:8501'], {}, { consul: { address: 'http://[::1]:8501' } }],
    [
      'the environment',
      ['consul:'],
      { DOCKER_HOST: 'unix:///var/run/docker.sock', CONSUL_HTTP_TOKEN: 'secret' },
      {
        consul: { address: 'http://127.0.0.1:8500', token: 'secret' },
        docker: { kind: 'socket', path: '/var/run/docker.sock' },
      },
    ],
    [
      'a Docker proxy',
      ['consul:'],
      { DOCKER_HOST: 'tcp://proxy:2375' },
      { docker: { kind: 'tcp', host: 'proxy', port: 2375 } },
    ],
    [
      'every other flag',
      [
        '-ip=10.1.1.1',
        '-network=mesh_default',
        '-explicit',
        '-cleanup',
        '-deregister=on-success',
        '-resync=60',
        '-resync-cron=*/5 * * * *',
        '-retry-attempts=3',
        '-retry-interval=100',
        '-tags=a,b',
        '-useIpFromLabel=net.ip',
        '-ttl=60',
        '-ttl-refresh=30',
        'consul:',
      ],
      {},
      {
        ip: '10.1.1.1',
        network: 'mesh_default',
        explicit: true,
        keepFailed: true,
        resyncInterval: 60_000,
        resyncCron: '*/5 * * * *',
        retryAttempts: 3,
        retryInterval: 100,
        tags: ['a', 'b'],
        ipLabel: 'net.ip',
      },
    ],
  ];
  for (const [what, argv, env, expected] of accepted) {
    it(`accepts ${what}`, () => {
      assert.deepEqual(parseConfig(argv, env), {
        kind: 'config',
        config: { ...defaults, ...expected },
      });
    });
  }

  const refused: readonly (readonly [string, string[], Record<string, string>, 1 | 2, string[]])[] =
    [
      ['no URI', [], {}, 2, ['missing required argument for registry URI']],
      [
        'flags after the URI',
        ['consul:', '-internal'],
        {},
        2,
        ['extra unparsed arguments: -internal; options come before the registry URI'],
      ],
      [
        'a registry we do not have',
        ['etcd://127.0.0.1:4001/x'],
        {},
        1,
        ['registry URI "etcd://127.0.0.1:4001/x" is not supported; use consul://HOST:PORT'],
      ],
      [
        'half of the TTL flags',
        ['-ttl=30', 'consul:'],
        {},
        1,
        ['-ttl and -ttl-refresh must be specified together or not at all'],
      ],
      [
        'a cron expression that is an interval',
        ['-resync-cron', '@every 5m', 'consul:'],
        {},
        1,
        ['-resync-cron "@every 5m" is no cron expression; write one such as "*/5 * * * *"'],
      ],
      [
        'all mistakes at once, as a usage error if one is',
        [
          '-nope',
          '-ip=here',
          '-deregister=never',
          '-retry-interval=0',
          '-retry-attempts=-2',
          'consul:',
        ],
        { DOCKER_HOST: 'ssh://me@there' },
        2,
        [
          'flag provided but not defined: -nope',
          '-ip "here" is not an IP address',
          'DOCKER_HOST "ssh://me@there" is not supported; use unix://PATH or tcp://HOST:PORT',
          '-deregister "never": must be "always" or "on-success"',
          '-retry-attempts -2: must be -1 or more',
          '-retry-interval must be greater than 0',
        ],
      ],
    ];
  for (const [what, argv, env, exitCode, mistakes] of refused) {
    it(`refuses ${what}`, () => {
      assert.deepEqual(parseConfig(argv, env), { kind: 'wrong', exitCode, mistakes });
    });
  }

  it('knows when it is asked for help', () => {
    assert.deepEqual(parseConfig(['-help'], {}), { kind: 'help' });
  });
});
