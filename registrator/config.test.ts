import assert from 'node:assert/strict';
import { parseConfig } from './config.ts';

describe('parseConfig', () => {
  const defaults = {
    task: { kind: 'run' },
    consul: { address: 'http://127.0.0.1:8500' },
    docker: { kind: 'socket', path: '/tmp/docker.sock' },
    internal: false,
    inferProtocol: false,
    explicit: false,
    tags: [],
    keepFailed: false,
    cleanupAfter: 3_600_000,
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
    [
      '-adopt with the host names of the old registrator',
      ['-adopt', '-adopt-hosts=f00, old', '-cleanup', 'consul:'],
      {},
      { adopt: { hosts: ['f00', 'old'], cleanup: true } },
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
      "all variables of Consul's own client",
      ['consul:'],
      {
        CONSUL_HTTP_ADDR: 'consul.local:8555',
        CONSUL_HTTP_TOKEN_FILE: '/run/token',
        CONSUL_HTTP_AUTH: 'me:pass',
        CONSUL_HTTP_SSL: 'true',
        CONSUL_HTTP_SSL_VERIFY: 'false',
        CONSUL_CACERT: '/ca.pem',
        CONSUL_CAPATH: '/cas',
        CONSUL_PARTITION: 'web',
        CONSUL_CLIENT_CERT: '/cert.pem',
        CONSUL_CLIENT_KEY: '/key.pem',
        CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
        CONSUL_NAMESPACE: 'team',
      },
      {
        consul: {
          address: 'https://consul.local:8555',
          tokenFile: '/run/token',
          auth: 'me:pass',
          namespace: 'team',
          partition: 'web',
          tls: {
            caFile: '/ca.pem',
            caFolder: '/cas',
            certFile: '/cert.pem',
            keyFile: '/key.pem',
            serverName: 'server.dc1.consul',
            verify: false,
          },
        },
      },
    ],
    [
      'the address of the URI before that of the environment',
      ['consul://c:1'],
      { CONSUL_HTTP_ADDR: 'other:2' },
      { consul: { address: 'http://c:1' } },
    ],
    [
      'Consul by TLS',
      ['consul-tls://c'],
      {},
      { consul: { address: 'https://c:8501', tls: { verify: true } } },
    ],
    [
      'Consul on a unix socket',
      ['consul-unix:///run/consul.sock'],
      {},
      { consul: { address: 'http://localhost', socketPath: '/run/consul.sock' } },
    ],
    [
      'a unix socket in CONSUL_HTTP_ADDR',
      ['consul://'],
      { CONSUL_HTTP_ADDR: 'unix:///run/consul.sock' },
      { consul: { address: 'http://localhost', socketPath: '/run/consul.sock' } },
    ],
    [
      'Docker by TLS',
      ['consul:'],
      { DOCKER_HOST: 'tcp://engine', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' },
      { docker: { kind: 'tcp', host: 'engine', port: 2376, certificates: '/certs' } },
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
        '-listen=:9102',
        '-infer-protocol',
        '-explicit',
        '-cleanup',
        '-deregister=on-success',
        '-resync=60',
        '-resync-cron=*/5 * * * *',
        '-cleanup-cron=TZ=Europe/Berlin 0 3 * * *',
        '-cleanup-after=30m',
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
        listen: { host: '0.0.0.0', port: 9102 },
        inferProtocol: true,
        explicit: true,
        keepFailed: true,
        resyncInterval: 60_000,
        resyncCron: { expression: '*/5 * * * *' },
        cleanupCron: { expression: '0 3 * * *', zone: 'Europe/Berlin' },
        cleanupAfter: 1_800_000,
        retryAttempts: 3,
        retryInterval: 100,
        tags: ['a', 'b'],
        ipLabel: 'net.ip',
      },
    ],
    [
      'an IPv6 address to listen on',
      ['-listen=[::1]:0', 'consul:'],
      {},
      { listen: { host: '::1', port: 0 } },
    ],
    ['a dry run', ['-dry-run', 'consul:'], {}, { task: { kind: 'plan', json: false } }],
    [
      'the command plan, with flags of the registrator',
      ['plan', '-json', '-internal'],
      {},
      { task: { kind: 'plan', json: true }, internal: true },
    ],
    [
      'the command explain',
      ['explain', 'web', 'consul://c'],
      {},
      {
        task: { kind: 'explain', container: 'web', json: false },
        consul: { address: 'http://c:8500' },
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
      ['no container', ['explain'], {}, 2, ['missing required argument for the container']],
      [
        '-json where nothing is shown',
        ['-json', 'consul:'],
        {},
        2,
        ['-json needs plan, explain or -dry-run'],
      ],
      [
        'a registry we do not have',
        ['etcd://127.0.0.1:4001/x'],
        {},
        1,
        [
          'registry URI "etcd://127.0.0.1:4001/x" is not supported; ' +
            'use consul://HOST:PORT, consul-tls://HOST:PORT or consul-unix://PATH',
        ],
      ],
      [
        'every variable that makes no sense',
        ['consul:'],
        {
          CONSUL_HTTP_ADDR: 'a b',
          CONSUL_HTTP_SSL: 'yes',
          CONSUL_HTTP_AUTH: 'me',
        },
        1,
        [
          'CONSUL_HTTP_ADDR "a b" is no address; write HOST:PORT, https://HOST:PORT or unix://PATH',
          'CONSUL_HTTP_SSL "yes": must be true or false',
          'CONSUL_HTTP_AUTH has no ":"; write user:password',
        ],
      ],
      [
        'a template in -tags',
        ['-tags={{.Node}}', 'consul:'],
        {},
        1,
        ['-tags "{{.Node}}": templates are not supported; write the tags, or use SERVICE_TAGS'],
      ],
      [
        'half of a client certificate',
        ['consul-tls://c'],
        { CONSUL_CLIENT_CERT: '/cert.pem', CONSUL_HTTP_SSL_VERIFY: 'maybe' },
        1,
        [
          'CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY must be set together or not at all',
          'CONSUL_HTTP_SSL_VERIFY "maybe": must be true or false',
        ],
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
        [
          '-resync-cron "@every 5m" is no cron expression; ' +
            'write one such as "*/5 * * * *" or "TZ=Europe/Berlin 0 3 * * *"',
        ],
      ],
      [
        'an address that nobody can listen on',
        ['-listen=9102', 'consul:'],
        {},
        1,
        ['-listen "9102": write HOST:PORT, such as 127.0.0.1:9102'],
      ],
      [
        'a time zone that does not exist',
        ['-cleanup-cron=TZ=Mars/Olympus 0 3 * * *', '-cleanup-after=soon', 'consul:'],
        {},
        1,
        [
          '-cleanup-cron "Mars/Olympus" is no time zone; write one such as Europe/Berlin or UTC',
          '-cleanup-after "soon": write a duration from 1s on, such as 1h or 1h30m',
        ],
      ],
      [
        'a time to wait without times to clean up',
        ['-cleanup-after=1h', 'consul:'],
        {},
        1,
        ['-cleanup-after needs -cleanup-cron, which says when to clean up'],
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

  it('knows when it is asked for help or for its version', () => {
    assert.deepEqual(
      [parseConfig(['-help'], {}), parseConfig(['--version'], {})],
      [{ kind: 'help' }, { kind: 'version' }],
    );
  });
});
