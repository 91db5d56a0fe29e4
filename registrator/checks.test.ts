/** Every kind of declared check, run by a real Consul against something real that then fails. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectReply, publish } from '../test/fakes/containers.ts';
import { makeCertificate } from '../test/support/certificates.ts';
import {
  startGrpcTarget,
  startHttpTarget,
  startTcpTarget,
  type HealthTarget,
} from '../test/support/health-targets.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import { until } from '../test/support/until.ts';

interface AgentCheck {
  readonly CheckID: string;
  readonly Type: string;
  readonly Status: string;
  readonly Interval: string;
  readonly Timeout: string;
  readonly Notes: string;
  readonly Output: string;
}

describe("a check that a container's settings declare", () => {
  const bench = useRegistratorBench({
    flags: ['-ip=127.0.0.1'],
    consul: { enable_script_checks: true },
  });

  const findCheck = async (): Promise<AgentCheck | undefined> =>
    Object.values(await bench.consul.get<Record<string, AgentCheck>>('/agent/checks')).find(
      ({ CheckID }) => !CheckID.endsWith(':docker'),
    );
  const turns = (status: string): Promise<AgentCheck> =>
    until(`the check to turn ${status}`, async () => {
      const check = await findCheck();
      return check?.Status === status ? check : undefined;
    });
  /** Starts a registrator for one container whose port 80 is the target's. */
  const declare = (target: HealthTarget, ...env: readonly string[]): void => {
    bench.life.add(target);
    const published = publish({ '80/tcp': String(target.port) });
    bench.engine.set(inspectReply({ name: 'web', published, env }));
    bench.start();
  };
  /** Both statuses for real; the check as Consul shows it, without what differs from run to run. */
  const follow = async (target: HealthTarget): Promise<object> => {
    const { Type, Interval, Timeout, Notes } = await turns('passing');
    await target.fail();
    await turns('critical');
    await bench.consul.untilPassing('web');
    const notes = Notes.replace(/; owner .*/, '').replaceAll(`:${target.port}`, ':PORT');
    return { Type, Interval, Timeout, Notes: notes };
  };
  const pace = ['SERVICE_80_CHECK_INTERVAL=1s', 'SERVICE_80_CHECK_TIMEOUT=900ms'];
  const shown = { Interval: '1s', Timeout: '900ms' };

  it('is run by HTTP', async () => {
    const target = await startHttpTarget();
    declare(
      target,
      'SERVICE_80_CHECK_HTTP=/health/endpoint/path',
      'SERVICE_80_CHECK_HTTP_METHOD=HEAD',
      'SERVICE_80_CHECK_HEADER=X-Check: secret',
      ...pace,
    );
    const check = await follow(target);
    assert.deepEqual(
      [check, target.asked[0]],
      [
        {
          Type: 'http',
          ...shown,
          Notes:
            'HEAD http://127.0.0.1:PORT/health/endpoint/path with X-Check (90bafc9e) every 1s, timeout 900ms',
        },
        'HEAD /health/endpoint/path secret',
      ],
    );
  });

  it('is run by HTTPS, with any certificate only when that is asked for', async () => {
    const target = await startHttpTarget(await makeCertificate());
    declare(target, 'SERVICE_80_CHECK_HTTPS=/health', ...pace);
    const refused = await until('the refusal', async () => {
      const check = await findCheck();
      return check?.Output.includes('certificate') === true ? check : undefined;
    });
    assert.equal(refused.Status, 'critical');
    const published = publish({ '80/tcp': String(target.port) });
    const env = ['SERVICE_80_CHECK_HTTPS=/health', 'SERVICE_CHECK_TLS_SKIP_VERIFY=1', ...pace];
    bench.engine.emit('update', inspectReply({ name: 'web', published, env }));
    const Notes = 'GET https://127.0.0.1:PORT/health, any certificate every 1s, timeout 900ms';
    assert.deepEqual(await follow(target), { Type: 'http', ...shown, Notes });
  });

  it('is run by TCP', async () => {
    const target = await startTcpTarget();
    declare(target, 'SERVICE_80_CHECK_TCP=true', ...pace);
    const Notes = 'connect to 127.0.0.1:PORT every 1s, timeout 900ms';
    assert.deepEqual(await follow(target), { Type: 'tcp', ...shown, Notes });
  });

  it('is run by gRPC', async () => {
    const target = await startGrpcTarget();
    declare(target, 'SERVICE_CHECK_GRPC=true', ...pace);
    const Notes = 'gRPC health of 127.0.0.1:PORT every 1s, timeout 900ms';
    assert.deepEqual(await follow(target), { Type: 'grpc', ...shown, Notes });
  });

  it('is run by gRPC over TLS', async () => {
    const target = await startGrpcTarget(await makeCertificate());
    const settings = ['SERVICE_CHECK_GRPC_USE_TLS=true', 'SERVICE_CHECK_TLS_SKIP_VERIFY=true'];
    declare(target, 'SERVICE_CHECK_GRPC=true', ...settings, ...pace);
    const Notes = 'gRPC health of 127.0.0.1:PORT by TLS, any certificate every 1s, timeout 900ms';
    assert.deepEqual(await follow(target), { Type: 'grpc', ...shown, Notes });
  });

  it('is run by a script, which gets address and port', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'composemesh-check-'));
    await writeFile(join(folder, 'up'), '');
    const target = {
      port: 8080,
      fail: () => rm(join(folder, 'up')),
      close: () => rm(folder, { recursive: true }),
    };
    const script = `test -e ${folder}/up && echo "$SERVICE_IP $SERVICE_PORT" | grep '^127.0.0.1 8080$' || exit 2`;
    declare(target, `SERVICE_CHECK_SCRIPT=${script}`, ...pace);
    const Notes = `beside Consul, for 127.0.0.1 8080, every 1s, timeout 900ms: ${script}`;
    assert.deepEqual(await follow(target), {
      Type: 'script',
      ...shown,
      Notes: Notes.replaceAll(':8080', ':PORT'),
    });
  });

  it('is kept by TTL, as long as the application reports', async () => {
    // A single report might be over before anybody looks.
    const report = (): void =>
      void bench.consul.put('/agent/check/pass/service:fakehost:web:80:ttl').catch(() => undefined);
    const reports = setInterval(report, 100);
    const stop = (): void => {
      clearInterval(reports);
    };
    const target = { port: 8080, fail: stop, close: stop };
    declare(target, 'SERVICE_CHECK_TTL=1s');
    const Notes = 'the application reports at least every 1s';
    assert.deepEqual(await follow(target), { Type: 'ttl', Interval: '', Timeout: '', Notes });
  });

  it('may look at another port of the container', async () => {
    const target = await startHttpTarget();
    bench.life.add(target);
    const published = publish({ '80/tcp': '1', '8081/tcp': String(target.port) });
    const env = ['SERVICE_8081_IGNORE=1', 'SERVICE_CHECK_HTTP=/', 'SERVICE_CHECK_PORT=8081'];
    bench.engine.set(inspectReply({ name: 'web', published, env: [...env, ...pace] }));
    bench.start();
    await turns('passing');
    await bench.consul.untilPassing('web', '127.0.0.1:1');
    await target.fail();
    await turns('critical');
  });
});
