import assert from 'node:assert/strict';
import { checkKeys } from './label-grammar.ts';
import { parseSettings, parseTags } from './labels.ts';

const parse = (
  env: Record<string, string>,
  labels: Record<string, string> = {},
  port = 9080,
): { settings: unknown; problems: readonly string[] } => {
  const { value, problems } = parseSettings(
    { name: 'web', env, labels },
    { port, transport: 'tcp' },
  );
  const meta = Object.fromEntries([...value.meta].map(([key, setting]) => [key, setting.value]));
  return {
    settings: { ...value, ...(value.name === undefined ? {} : { name: value.name.value }), meta },
    problems: problems.map(({ code, path }) => `${code} ${path ?? ''}`),
  };
};

describe('parseSettings', () => {
  const nothing = { tags: [], ignored: false, checks: [], meta: {} };
  type Case = readonly [
    what: string,
    env: Record<string, string>,
    labels: Record<string, string>,
    settings: object,
    problems?: readonly string[],
  ];
  const cases: readonly Case[] = [
    ['nothing', {}, {}, {}],
    ['a name', { SERVICE_NAME: 'web' }, {}, { name: 'web' }],
    ['no key with another prefix', { service_name: 'web', SERVICENAME: 'web' }, {}, {}],
    [
      'a label before a variable',
      { SERVICE_NAME: 'env' },
      { SERVICE_NAME: 'label' },
      { name: 'label' },
    ],
    [
      'a port variable before a label',
      { SERVICE_9080_NAME: 'port' },
      { SERVICE_NAME: 'label' },
      { name: 'port' },
    ],
    [
      'a port label before a port variable',
      { SERVICE_9080_NAME: 'env' },
      { SERVICE_9080_NAME: 'label' },
      { name: 'label' },
    ],
    ['nothing of another port', { SERVICE_80_NAME: 'other' }, {}, {}],
    ['an empty value as absent', { SERVICE_NAME: '', SERVICE_REGION: '' }, {}, {}],
    [
      'other keys as Meta',
      { SERVICE_REGION: 'eu', SERVICE_A_b: 'c' },
      {},
      { meta: { region: 'eu', a_b: 'c' } },
    ],
    ['tags', { SERVICE_TAGS: 'version|v1,a\\,b' }, {}, { tags: ['version|v1', 'a,b'] }],
    ['version and id', { SERVICE_VERSION: 'v1', SERVICE_ID: 'x' }, {}, { version: 'v1', id: 'x' }],
    ['a protocol by an alias', { SERVICE_PROTOCOL: 'H2C' }, {}, { protocol: 'http2' }],
    ['no unknown protocol', { SERVICE_PROTOCOL: 'htpp' }, {}, {}, ['E_PROTOCOL SERVICE_PROTOCOL']],
    [
      'SERVICE_META_* as Meta, whatever the key means elsewhere',
      { SERVICE_META_NAME: 'x', SERVICE_META_REGION: 'eu', SERVICE_REGION: 'us' },
      {},
      { meta: { name: 'x', region: 'eu' } },
    ],
    [
      'maintenance with a reason',
      { SERVICE_MAINTENANCE: 'new disk' },
      {},
      { maintenance: 'new disk' },
    ],
    ['maintenance', { SERVICE_MAINTENANCE: 'true' }, {}, { maintenance: 'SERVICE_MAINTENANCE' }],
    ['no maintenance', { SERVICE_MAINTENANCE: 'false' }, {}, {}, ['W_SWITCH SERVICE_MAINTENANCE']],
    [
      'the protocol of a port name',
      { SERVICE_9080_PORT_NAME: 'http-web' },
      {},
      { protocol: 'http' },
    ],
    ['the longest one', { SERVICE_PORT_NAME: 'grpc-web-api' }, {}, { protocol: 'grpc-web' }],
    ['a port name that is all protocol', { SERVICE_PORT_NAME: 'h2c' }, {}, { protocol: 'http2' }],
    ['no protocol in another port name', { SERVICE_PORT_NAME: 'web-http' }, {}, {}],
    [
      'a protocol before a port name',
      { SERVICE_PORT_NAME: 'http-web', SERVICE_PROTOCOL: 'tcp' },
      {},
      { protocol: 'tcp' },
    ],
    ['a weight', { SERVICE_WEIGHT: '10' }, {}, { weight: 10 }],
    ['no weight of zero', { SERVICE_WEIGHT: '0' }, {}, {}, ['E_WEIGHT SERVICE_WEIGHT']],
    [
      'an address and a network',
      { SERVICE_IP: '10.0.0.9', SERVICE_NETWORK: 'n' },
      {},
      { ip: '10.0.0.9', network: 'n' },
    ],
    ['no wildcard address', { SERVICE_IP: '0.0.0.0' }, {}, {}, ['E_IP SERVICE_IP']],
    ['IGNORE with any value', { SERVICE_9080_IGNORE: '1' }, {}, { ignored: true }],
    [
      'IGNORE=false as the user meant it',
      { SERVICE_IGNORE: 'false' },
      {},
      {},
      ['W_IGNORE SERVICE_IGNORE'],
    ],
    [
      'an HTTP check',
      { SERVICE_CHECK_HTTP: 'health', SERVICE_CHECK_INTERVAL: '5s', SERVICE_CHECK_TIMEOUT: '1s' },
      {},
      {
        checks: [
          {
            kind: 'http',
            scheme: 'http',
            path: '/health',
            method: 'GET',
            skipVerify: false,
            interval: '5s',
            timeout: '1s',
          },
        ],
      },
    ],
    [
      'TCP and TTL checks',
      { SERVICE_CHECK_TCP: 'true', SERVICE_CHECK_TTL: '30s' },
      {},
      {
        checks: [
          { kind: 'tcp', interval: '10s' },
          { kind: 'ttl', ttl: '30s', interval: '10s' },
        ],
      },
    ],
    [
      'an HTTPS check with a method of its own, whatever the certificate',
      {
        SERVICE_CHECK_HTTPS: '/',
        SERVICE_CHECK_HTTPS_METHOD: 'head',
        SERVICE_CHECK_TLS_SKIP_VERIFY: 'true',
      },
      {},
      {
        checks: [
          {
            kind: 'http',
            scheme: 'https',
            path: '/',
            method: 'HEAD',
            skipVerify: true,
            interval: '10s',
          },
        ],
      },
    ],
    [
      'a gRPC check',
      { SERVICE_CHECK_GRPC: 'true', SERVICE_CHECK_GRPC_USE_TLS: 'true' },
      {},
      { checks: [{ kind: 'grpc', tls: true, skipVerify: false, interval: '10s' }] },
    ],
    [
      'commands with quotes',
      {
        SERVICE_CHECK_SCRIPT: `grep "it's" 'a "b"' \\"`,
        SERVICE_CHECK_CMD: '/check',
        SERVICE_CHECK_DOCKER: 'test -e /ok',
      },
      {},
      {
        checks: [
          { kind: 'cmd', command: '/check', interval: '10s' },
          { kind: 'script', command: `grep "it's" 'a "b"' \\"`, interval: '10s' },
          { kind: 'exec', command: 'test -e /ok', interval: '10s' },
        ],
      },
    ],
    [
      'initial status and deregister-after',
      {
        SERVICE_CHECK_TCP: 'true',
        SERVICE_CHECK_INITIAL_STATUS: 'Passing',
        SERVICE_CHECK_DEREGISTER_AFTER: '10m',
      },
      {},
      {
        checks: [
          { kind: 'tcp', interval: '10s', initialStatus: 'passing', deregisterAfter: '10m' },
        ],
      },
    ],
    [
      'a check that is off',
      { SERVICE_CHECK_TCP: 'false', SERVICE_CHECK_GRPC: 'no' },
      {},
      {},
      ['W_SWITCH SERVICE_CHECK_GRPC', 'W_SWITCH SERVICE_CHECK_TCP'],
    ],
    [
      'no check that it cannot make',
      {
        SERVICE_CHECK_SCRIPT: "echo 'never closed",
        SERVICE_CHECK_FOO: '1',
        SERVICE_CHECK_INTERVAL: 'soon',
        SERVICE_CHECK_TIMEOUT: '0s',
        SERVICE_CHECK_INITIAL_STATUS: 'fine',
        SERVICE_CHECK_DEREGISTER_AFTER: '10s',
        SERVICE_CHECK_TTL: '99999999999h',
      },
      {},
      {},
      [
        'E_CHECK_UNKNOWN SERVICE_CHECK_FOO',
        'E_DURATION SERVICE_CHECK_INTERVAL',
        'E_DURATION SERVICE_CHECK_TIMEOUT',
        'E_CHECK_STATUS SERVICE_CHECK_INITIAL_STATUS',
        'W_DURATION SERVICE_CHECK_DEREGISTER_AFTER',
        'E_CHECK_SCRIPT SERVICE_CHECK_SCRIPT',
        'E_DURATION SERVICE_CHECK_TTL',
      ],
    ],
  ];
  for (const [what, env, labels, settings, problems = []] of cases) {
    it(`reads ${what}`, () => {
      assert.deepEqual(parse(env, labels), { settings: { ...nothing, ...settings }, problems });
    });
  }

  it('names the nearest protocol and all of them', () => {
    const { problems } = parseSettings(
      { name: 'web', env: {}, labels: { SERVICE_9080_PROTOCOL: 'htpp' } },
      { port: 9080, transport: 'tcp' },
    );
    assert.deepEqual(problems, [
      {
        code: 'E_PROTOCOL',
        severity: 'error',
        resource: 'container web',
        path: 'SERVICE_9080_PROTOCOL',
        message:
          '"htpp" is no known protocol, so the proxy detects it; did you mean "http"? use one of ' +
          'http, http2, grpc, grpc-web, https, tls, tcp, udp, redis, mysql, mongo',
      },
    ]);
  });
});

describe('checkKeys', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['SERVICE_NAME', undefined],
    ['SERVICE_9080_NAME', undefined],
    ['SERVICE_', 'E_LABEL'],
    ['SERVICE_9080', 'E_LABEL'],
    ['SERVICE_80a_NAME', 'E_PORT_RANGE'],
    ['SERVICE_0_NAME', 'E_PORT_RANGE'],
    ['SERVICE_65536_NAME', 'E_PORT_RANGE'],
    ['SERVICE_99_NAME', 'E_PORT_UNKNOWN'],
    ['SERVICE_9080_TCP_NAME', undefined],
    ['SERVICE_9080_UDP_NAME', 'E_PORT_UNKNOWN'],
    ['SERVICE_9000-9100_NAME', undefined],
    ['SERVICE_9000-9079_NAME', 'E_PORT_UNKNOWN'],
    ['SERVICE_9100-9000_NAME', 'E_PORT_RANGE'],
    ['SERVICE_9000-_NAME', 'E_PORT_RANGE'],
  ];
  for (const [key, expected] of cases) {
    it(`finds ${expected ?? 'nothing'} in ${key}`, () => {
      const problems = checkKeys({ name: 'web', env: {}, labels: { [key]: 'x' } }, [
        { port: 9080, transport: 'tcp' },
      ]);
      assert.deepEqual(
        problems.map(({ code, path }) => ({ code, path })),
        expected === undefined ? [] : [{ code: expected, path: key }],
      );
    });
  }
});

describe('parseTags', () => {
  it('splits at commas that are not escaped', () => {
    const texts = ['', 'a', 'a,b', ',a,,b,', 'a\\,b,c', '\\,', 'version|v1'];
    assert.deepEqual(texts.map(parseTags), [
      [],
      ['a'],
      ['a', 'b'],
      ['a', 'b'],
      ['a,b', 'c'],
      [','],
      ['version|v1'],
    ]);
  });
});
