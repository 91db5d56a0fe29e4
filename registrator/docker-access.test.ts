/** The ways to a Docker Engine: TLS with client certificates, contexts, a proxy that filters calls. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idOf, inspectReply } from '../test/fakes/containers.ts';
import { makeCertificate, type Certificate } from '../test/support/certificates.ts';
import { DockerProxy, type DockerProxyOptions } from '../test/support/docker-proxy.ts';
import { useRegistratorBench } from '../test/support/registrator-bench.ts';
import type { RunningRegistrator } from '../test/support/registrator.ts';

describe('the way to the Docker Engine', () => {
  const bench = useRegistratorBench();
  const web = inspectReply({ name: 'web', image: 'web', exposed: ['80/tcp'] });
  let folder: string;
  let server: Certificate;
  let client: Certificate;

  before(async () => {
    [server, client] = await Promise.all([makeCertificate(), makeCertificate('registrator')]);
  });

  beforeEach(async () => {
    bench.engine.set(web);
    folder = await mkdtemp(join(tmpdir(), 'composemesh-docker-access-'));
    bench.life.add({ close: () => rm(folder, { recursive: true }) });
  });

  const startProxy = async (options: DockerProxyOptions): Promise<DockerProxy> => {
    const { address } = bench.engine;
    assert.equal(address.kind, 'socket');
    return bench.life.add(await DockerProxy.start(address.path, options));
  };
  /** An Engine that is reached by TLS, by who has the certificate of `client`. */
  const startSecure = (): Promise<DockerProxy> =>
    startProxy({
      tls: { ...server, ca: client.cert, requestCert: true, rejectUnauthorized: true },
    });
  const writeCertificates = async (into: string, authority = server): Promise<void> => {
    await mkdir(into, { recursive: true });
    await writeFile(join(into, 'ca.pem'), authority.cert);
    await writeFile(join(into, 'cert.pem'), client.cert);
    await writeFile(join(into, 'key.pem'), client.key);
  };
  const run = (env: Record<string, string>, ...flags: string[]): RunningRegistrator =>
    bench.run({ DOCKER_HOST: '', ...env }, '-internal', ...flags, bench.uri);

  it('may be TLS with a client certificate', async () => {
    const { dockerHost } = await startSecure();
    await writeCertificates(folder);
    run({ DOCKER_HOST: dockerHost, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder });
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    bench.engine.emit('die', inspectReply({ name: 'web', state: 'exited' }));
    await bench.consul.untilGone('web');
  });

  it('is not open to an Engine that cannot prove who it is', async () => {
    const { dockerHost } = await startSecure();
    await writeCertificates(folder, client);
    const env = { DOCKER_HOST: dockerHost, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
    const { ended, log } = run(env);
    assert.equal(await ended, 1);
    assert.match(log.lines.at(-1)!, /^error cannot start without Docker; .*certificate/);
  });

  /** As `docker context create NAME --docker host=…,ca=…,cert=…,key=…` writes it. */
  const createContext = async (name: string, host: string): Promise<void> => {
    const id = createHash('sha256').update(name).digest('hex');
    const meta = join(folder, 'contexts/meta', id);
    await mkdir(meta, { recursive: true });
    const Endpoints = { docker: { Host: host, SkipTLSVerify: false } };
    await writeFile(
      join(meta, 'meta.json'),
      JSON.stringify({ Name: name, Metadata: {}, Endpoints }),
    );
    if (host.startsWith('tcp:')) {
      await writeCertificates(join(folder, 'contexts/tls', id, 'docker'));
    }
  };

  it('may be one of several contexts of the docker CLI', async () => {
    const { dockerHost } = await startSecure();
    await createContext('remote', dockerHost);
    await createContext('here', bench.engine.dockerHost);
    for (const DOCKER_CONTEXT of ['remote', 'here']) {
      const running = run({ DOCKER_CONTEXT, DOCKER_CONFIG: folder });
      await bench.consul.untilPassing('web', '10.0.0.2:80');
      await running.stop();
      await bench.consul.forgetServices();
    }
  });

  it('names the nearest context when there is none of that name, and one it cannot use', async () => {
    await createContext('remote', 'ssh://host');
    const fail = async (DOCKER_CONTEXT: string): Promise<string> => {
      const { ended, log } = run({ DOCKER_CONTEXT, DOCKER_CONFIG: folder });
      assert.equal(await ended, 1);
      return log.lines.join();
    };
    assert.deepEqual(
      [await fail('remot'), await fail('remote')],
      [
        `error there is no docker context "remot" (DOCKER_CONTEXT) below ${folder}; did you mean "remote"?`,
        'error the docker context "remote" leads to "ssh://host", which is not supported; ' +
          'use one with unix://PATH or tcp://HOST:PORT',
      ],
    );
  });

  const readOnly = /^GET \/(events|containers\/json|containers\/[0-9a-f]{64}\/json)$/;

  it('may be a proxy that allows nothing but events, list and inspect', async () => {
    const proxy = await startProxy({ allowed: readOnly });
    run({ DOCKER_HOST: proxy.dockerHost }, '-hostname=box');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    bench.engine.emit('pause', inspectReply({ name: 'web', exposed: ['80/tcp'], state: 'paused' }));
    await bench.consul.untilState('web', /paused/);
    bench.engine.dropStreams();
    bench.engine.remove(web.Id);
    await bench.consul.untilGone('web');
    const made = proxy.calls.map(({ call, allowed }) => `${call} ${allowed ? 'ok' : 'refused'}`);
    assert.deepEqual([...new Set(made)].sort(), [
      `GET /containers/${idOf('web')}/json ok`,
      'GET /containers/json ok',
      'GET /events ok',
      'GET /info refused',
    ]);
  });

  it('tells what to do when a proxy hides which Engine it is', async () => {
    const proxy = await startProxy({ allowed: readOnly });
    const { ended, log } = run({ DOCKER_HOST: proxy.dockerHost });
    assert.equal(await ended, 1);
    assert.match(
      log.lines.at(-1)!,
      /^error cannot tell which .*answer \/info, or give -hostname: /,
    );
  });

  it('leaves the ids as -hostname has them, and the owner as the Engine has it', async () => {
    run({ DOCKER_HOST: bench.engine.dockerHost }, '-hostname=box');
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    const services =
      await bench.consul.get<Record<string, { Meta: Record<string, string> }>>('/agent/services');
    assert.deepEqual(
      Object.entries(services).map(([id, { Meta }]) => [id, Meta['composemesh-owner']]),
      [['box:web:80', 'FAKE:ENGI:NEID']],
    );
  });

  it('may be Podman, whose id is another one at each call: its host name is the owner', async () => {
    let calls = 0;
    Object.defineProperty(bench.engine, 'id', { get: () => `id-${(calls += 1)}` });
    const first = run({ DOCKER_HOST: bench.engine.dockerHost });
    await bench.consul.untilPassing('web', '10.0.0.2:80');
    await first.stop();
    const second = run({ DOCKER_HOST: bench.engine.dockerHost });
    bench.engine.emit('pause', inspectReply({ name: 'web', exposed: ['80/tcp'], state: 'paused' }));
    await bench.consul.untilState('web', /paused/);
    const { Meta: meta } = await bench.consul.get<{ Meta: Record<string, string> }>(
      '/agent/service/fakehost:web:80',
    );
    assert.deepEqual(
      [meta['composemesh-owner'], second.log.lines.filter((line) => line.startsWith('error'))],
      ['fakehost', []],
    );
  });
});
