/** The ways to a real Consul: a socket, TLS, tokens, and what is said when there is none. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConsulClient } from '../kit/consul-client.ts';
import { idOf, inspectReply } from '../test/fakes/containers.ts';
import { FakeEngine } from '../test/fakes/docker.ts';
import { TestConsul } from '../test/support/consul.ts';
import { makeCertificate } from '../test/support/health-targets.ts';
import { freePort } from '../test/support/ports.ts';
import { findConsul } from '../test/support/programs.ts';
import { startRegistrator, type RunningRegistrator } from '../test/support/registrator.ts';
import { until } from '../test/support/until.ts';

const token = '11111111-2222-3333-4444-555555555555';

describe('the way to Consul', () => {
  let consul: TestConsul;
  let engine: FakeEngine;
  let folder: string;
  let https: number;
  let running: RunningRegistrator | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'composemesh-tls-'));
    const program = await findConsul();
    const run = promisify(execFile);
    await run(program, ['tls', 'ca', 'create'], { cwd: folder });
    await run(program, ['tls', 'cert', 'create', '-server'], { cwd: folder });
    await run(program, ['tls', 'cert', 'create', '-client'], { cwd: folder });
    https = await freePort();
    consul = await TestConsul.start({
      ports: { https },
      addresses: { http: `127.0.0.1 unix://${folder}/consul.sock` },
      tls: {
        https: {
          ca_file: `${folder}/consul-agent-ca.pem`,
          cert_file: `${folder}/dc1-server-consul-0.pem`,
          key_file: `${folder}/dc1-server-consul-0-key.pem`,
          verify_incoming: true,
        },
      },
      acl: { enabled: true, default_policy: 'allow', tokens: { initial_management: token } },
    });
    engine = await FakeEngine.start();
    engine.set(inspectReply({ name: 'web', exposed: ['80/tcp'] }));
  });

  after(async () => {
    await engine.stop();
    await consul.stop();
    await rm(folder, { recursive: true });
  });

  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await consul.put('/agent/service/deregister/fakehost:web:80').catch(() => undefined);
  });

  const start = (uri: string, env: Record<string, string> = {}): RunningRegistrator => {
    running = startRegistrator(['-internal', uri], { DOCKER_HOST: engine.dockerHost, ...env });
    return running;
  };
  const registered = (): Promise<unknown> =>
    until('web', async () => (await consul.passing('web')).length === 1);

  it('may be a unix socket', async () => {
    start(`consul-unix://${folder}/consul.sock`);
    await registered();
  });

  it('may be TLS with a client certificate', async () => {
    start(`consul-tls://127.0.0.1:${https}`, {
      CONSUL_CACERT: `${folder}/consul-agent-ca.pem`,
      CONSUL_CLIENT_CERT: `${folder}/dc1-client-consul-0.pem`,
      CONSUL_CLIENT_KEY: `${folder}/dc1-client-consul-0-key.pem`,
      CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
    });
    await registered();
  });

  it('may trust every authority of a folder', async () => {
    const authorities = join(folder, 'authorities');
    await mkdir(join(authorities, 'a folder'), { recursive: true });
    await copyFile(join(folder, 'consul-agent-ca.pem'), join(authorities, 'z.pem'));
    await writeFile(join(authorities, 'a.pem'), (await makeCertificate()).cert);
    start(`consul-tls://127.0.0.1:${https}`, {
      CONSUL_CAPATH: authorities,
      CONSUL_CLIENT_CERT: `${folder}/dc1-client-consul-0.pem`,
      CONSUL_CLIENT_KEY: `${folder}/dc1-client-consul-0-key.pem`,
      CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
    });
    await registered();
  });

  it('is not open to a server that cannot prove who it is', async () => {
    const { ended, log } = start(`consul-tls://127.0.0.1:${https}`);
    assert.equal(await ended, 1);
    assert.match(log.lines.at(-1)!, /^error cannot reach Consul at https:.*certificate/);
  });

  it('names the file that it cannot read', async () => {
    const { ended, log } = start('consul-tls://127.0.0.1:1', { CONSUL_CACERT: '/nowhere.pem' });
    assert.equal(await ended, 1);
    assert.match(log.lines.at(-1)!, /^error cannot read \/nowhere.pem, which CONSUL_CACERT names/);
  });

  it('may need a token, from the environment or from a file', async () => {
    const address = consul.address.replace('http://', '');
    await writeFile(join(folder, 'token'), `${token}\n`);
    start('consul:', { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN_FILE: join(folder, 'token') });
    await registered();
    await running?.stop();
    const wrong = start('consul:', { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: 'wrong' });
    await until('the refusal', () =>
      wrong.log.lines.some((line) => line.includes('ACL not found')),
    );
  });

  it('needs no more rights than to write services and to read the node', async () => {
    const headers = { 'X-Consul-Token': token };
    const admin = createConsulClient({ address: consul.address, headers });
    const rules = 'service_prefix "" { policy = "write" }\nnode_prefix "" { policy = "read" }';
    const put = (path: string, body: object): Promise<{ readonly body: unknown }> =>
      admin.request({ method: 'PUT', path: `/v1/acl${path}`, body });
    await put('/policy', { Name: 'deny', Rules: 'service_prefix "" { policy = "deny" }' });
    await put('/policy', { Name: 'registrator', Rules: rules });
    const made = await put('/token', { Policies: [{ Name: 'registrator' }] });
    const { SecretID } = made.body as { SecretID: string };
    engine.set(inspectReply({ name: 'web', exposed: ['80/tcp'], env: ['SERVICE_CHECK_TTL=1h'] }));
    const { log } = start(consul.address.replace('http:', 'consul:'), {
      CONSUL_HTTP_TOKEN: SecretID,
    });
    await until('web', async () => (await consul.get<unknown[]>('/health/service/web')).length > 0);
    engine.emit('pause', inspectReply({ name: 'web', exposed: ['80/tcp'], state: 'paused' }));
    await consul.untilState('web', /paused/);
    engine.remove(idOf('web'));
    engine.dropStreams();
    await consul.untilGone('web');
    engine.set(inspectReply({ name: 'web', exposed: ['80/tcp'] }));
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('error')),
      [],
    );
  });

  it('lets Consul say why it refuses a check, while other containers are registered', async () => {
    const other = { name: 'other', exposed: ['80/tcp'], env: ['SERVICE_CHECK_SCRIPT=true'] };
    engine.set(inspectReply(other));
    const { log } = start(consul.address.replace('http:', 'consul:'));
    await registered();
    const line = await until('the refusal', () =>
      log.lines.find((text) => text.includes('Scripts are disabled')),
    );
    assert.match(line, /^error E_CONSUL_HTTP: Consul answered 500 /);
    engine.remove(idOf('other'));
  });

  it('may lead to a namespace, which only Consul Enterprise has', async () => {
    const { log } = start(consul.address.replace('http:', 'consul:'), { CONSUL_NAMESPACE: 'team' });
    await until('the refusal', () => log.lines.some((line) => /namespace/i.test(line)));
  });

  it('may lead to a partition, which only Consul Enterprise has', async () => {
    const { log } = start(consul.address.replace('http:', 'consul:'), { CONSUL_PARTITION: 'web' });
    await until('the refusal', () => log.lines.some((line) => /partition/i.test(line)));
  });
});
