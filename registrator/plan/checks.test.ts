import assert from 'node:assert/strict';
import { idOf } from '../../test/fakes/containers.ts';
import { plan } from '../../test/support/service-plan.ts';

describe('planServices', () => {
  it('writes declared checks for the address that is registered', () => {
    const { records } = plan([
      {
        name: 'c',
        exposed: ['80/tcp'],
        networks: { mesh: 'fd00::2' },
        env: ['SERVICE_CHECK_HTTP=/health', 'SERVICE_CHECK_TCP=true', 'SERVICE_CHECK_TTL=30s'],
      },
    ]);
    assert.deepEqual(
      records[0]!.checks.map(({ kind, definition, notes }) => ({ kind, definition, notes })),
      [
        {
          kind: 'http',
          definition: { HTTP: 'http://[fd00::2]:80/health', Method: 'GET', Interval: '10s' },
          notes: 'GET http://[fd00::2]:80/health every 10s, timeout default',
        },
        {
          kind: 'tcp',
          definition: { TCP: '[fd00::2]:80', Interval: '10s' },
          notes: 'connect to [fd00::2]:80 every 10s, timeout default',
        },
        {
          kind: 'ttl',
          definition: { TTL: '30s' },
          notes: 'the application reports at least every 30s',
        },
      ],
    );
  });

  it('writes commands and gRPC checks as Consul runs them', () => {
    const { records } = plan([
      {
        name: 'c',
        exposed: ['80/tcp'],
        env: [
          'SERVICE_CHECK_SCRIPT=nc $SERVICE_IP $SERVICE_PORT | grep "O K"',
          'SERVICE_CHECK_CMD=/check it',
          'SERVICE_CHECK_DOCKER=test -e /ok',
          'SERVICE_CHECK_GRPC=true',
          'SERVICE_CHECK_GRPC_USE_TLS=true',
          'SERVICE_CHECK_TLS_SKIP_VERIFY=true',
          'SERVICE_CHECK_INITIAL_STATUS=passing',
          'SERVICE_CHECK_DEREGISTER_AFTER=10m',
        ],
      },
    ]);
    const common = {
      Interval: '10s',
      Status: 'passing',
      DeregisterCriticalServiceAfter: '10m',
    };
    assert.deepEqual(
      records[0]!.checks.map(({ kind, definition }) => ({ kind, definition })),
      [
        {
          kind: 'cmd',
          definition: { Args: ['check-cmd', idOf('c').slice(0, 12), '80', '/check it'], ...common },
        },
        {
          kind: 'script',
          definition: { Args: ['/bin/sh', '-c', 'nc 10.0.0.2 80 | grep "O K"'], ...common },
        },
        {
          kind: 'exec',
          definition: {
            DockerContainerID: idOf('c'),
            Args: ['/bin/sh', '-c', 'test -e /ok'],
            ...common,
          },
        },
        {
          kind: 'grpc',
          definition: { GRPC: '10.0.0.2:80', GRPCUseTLS: true, TLSSkipVerify: true, ...common },
        },
      ],
    );
  });

  it('leaves out the check of a port that nobody outside can reach', () => {
    const published = { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] };
    const env = ['SERVICE_CHECK_TCP=true', 'SERVICE_CHECK_PORT=8081'];
    const checked = (internal: boolean): object => {
      const sketch = { name: 'c', exposed: ['80/tcp'], published, env };
      const { records, problems } = plan([sketch], { internal, hostAddress: '192.0.2.1' });
      return [
        records.map(({ checks }) => checks.map(({ definition }) => definition['TCP'])),
        problems.map(({ code }) => code),
      ];
    };
    assert.deepEqual(
      [checked(true), checked(false)],
      [
        [[['10.0.0.2:8081']], []],
        [[[]], ['E_CHECK_PORT']],
      ],
    );
  });

  it('writes a Docker check with the container that it runs in', () => {
    const env = ['SERVICE_CHECK_DOCKER=test -e /ok', 'SERVICE_CHECK_INTERVAL=1h'];
    const { records } = plan([{ name: 'c', exposed: ['80/tcp'], env }]);
    assert.equal(
      records[0]!.checks[0]!.notes,
      `in ${idOf('c').slice(0, 12)} every 1h, timeout default: test -e /ok`,
    );
  });
});
