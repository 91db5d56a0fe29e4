import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { createLog } from '../../kit/log.ts';
import { type Pilot, startPilot } from '../../pilot/app.ts';
import type { AccessConfig } from '../../pilot/access-config.ts';
import { makeCertificate } from '../support/certificates.ts';
import { virtualServiceYaml } from '../support/config-objects.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/folders.ts';
import { createKubectl, findKubectls, type KubectlRun } from '../support/kubectl.ts';
import { until } from '../support/until.ts';

const binaries = await findKubectls();
const rule = virtualServiceYaml('reviews', 'v1');
const reviews = 'virtualservice.networking.istio.io/reviews';
const filter = `apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: lua, namespace: default }
spec: {}
`;
const secret = `apiVersion: v1
kind: Secret
metadata: { name: password, namespace: default }
stringData: { password: hunter2 }
`;
const tokens = { reader: 'r'.repeat(20), ci: 'w'.repeat(20), alice: 'a'.repeat(20) } as const;

function tokenFile(...names: readonly (keyof typeof tokens)[]): string {
  const roles = { reader: 'read', ci: 'write', alice: 'admin' } as const;
  const lines = names.map(
    (name) => `- { name: ${name}, role: ${roles[name]}, token: ${tokens[name]} }`,
  );
  return `tokens:\n${lines.join('\n')}\n`;
}

/** What kubectl did, or the last line of why it did not. */
function lastLine({ code, stdout, stderr }: KubectlRun): string {
  return (code === 0 ? stdout : stderr).trim().split('\n').at(-1) ?? '';
}

for (const binary of binaries) {
  describe(`access with stock ${basename(binary)}`, () => {
    let folder: TemporaryFolder;
    let pilot: Pilot;
    let access: AccessConfig;

    before(async () => {
      folder = await makeTemporaryFolder();
      const path = (name: string): string => join(folder.path, name);
      const { cert, key } = await makeCertificate();
      await writeFile(path('tls.crt'), cert);
      await writeFile(path('tls.key'), key, { mode: 0o600 });
      await writeFile(path('tokens.yaml'), tokenFile('reader', 'ci', 'alice'), { mode: 0o600 });
      access = {
        tokenFile: path('tokens.yaml'),
        tls: {
          address: { host: '127.0.0.1', port: 0 },
          cert: path('tls.crt'),
          key: path('tls.key'),
        },
        auditLog: path('audit.jsonl'),
        localRole: 'admin',
        remoteRole: 'read',
        forwarders: [],
      };
      pilot = await startPilot(
        {
          registry: { kind: 'none' },
          store: { kind: 'memory' },
          grpc: '127.0.0.1:0',
          http: { host: '127.0.0.1', port: 0 },
          access,
          domain: 'service.consul',
          logLevel: 'silent',
        },
        createLog('test', 'silent'),
      );
    });
    after(async () => {
      await pilot.close();
      await folder.remove();
    });

    /** kubectl over TLS, as somebody with a token. */
    function as(token: string, args: string, input = ''): Promise<KubectlRun> {
      const authority = ['--certificate-authority', join(folder.path, 'tls.crt'), '--token', token];
      const kubectl = createKubectl(binary, pilot.https ?? '', folder.path);
      return kubectl([...authority, ...args.split(' ')], { input });
    }

    it('lets each role do what it may, and says what the others would need', async () => {
      const forbidden = (user: string, action: string, what: string, group = ''): string => {
        const [plural = ''] = what.split(/[. ]/);
        return `${what} is forbidden: User "${user}" cannot ${action} resource "${plural}" in API group "${group}" in the namespace "default"`;
      };
      const told = async (token: string, args: string, input?: string): Promise<string> =>
        lastLine(await as(token, args, input)).replace(
          /^Error from server \(Forbidden\): (error when .*?: )?/,
          '',
        );
      const networking = 'networking.istio.io';
      assert.deepEqual(
        [
          await told(tokens.reader, 'apply -f -', rule),
          await told(tokens.ci, 'apply -f -', rule),
          await told(tokens.reader, 'get vs -o name'),
          await told(tokens.ci, 'create -f -', secret),
          await told(tokens.reader, 'get secrets'),
          await told(tokens.ci, 'get secrets -o name'),
          await told(tokens.ci, 'create -f -', filter),
          await told(tokens.alice, 'create -f -', filter),
          await told(tokens.reader, 'delete vs reviews'),
        ],
        [
          `${forbidden('reader', 'create', `virtualservices.${networking}`, networking)}: that needs the role write, and the token has read`,
          `${reviews} created`,
          reviews,
          'secret/password created',
          `${forbidden('reader', 'list', 'secrets')}: that needs the role write, and the token has read`,
          'secret/password',
          `${forbidden('ci', 'create', `envoyfilters.${networking}`, networking)}: that needs the role admin, and the token has write`,
          `envoyfilter.${networking}/lua created`,
          `${forbidden('reader', 'delete', `virtualservices.${networking} "reviews"`, networking)}: that needs the role write, and the token has read`,
        ],
      );
    });

    it('tells the truth about who one is and what one may', async () => {
      const runs = await Promise.all([
        as(tokens.reader, 'auth can-i create vs'),
        as(tokens.reader, 'auth can-i list gateways.networking.istio.io'),
        as(tokens.reader, 'auth can-i get secrets'),
        as(tokens.ci, 'auth can-i get secrets'),
        as(tokens.ci, 'auth can-i create envoyfilters'),
        as(tokens.alice, 'auth can-i * *'),
        as(tokens.reader, 'auth can-i get /debug'),
        as(
          tokens.ci,
          'auth whoami -o jsonpath={.status.userInfo.username},{.status.userInfo.groups}',
        ),
      ]);
      const list = (await as(tokens.reader, 'auth can-i --list')).stdout;
      assert.deepEqual(
        [
          ...runs.map((run) => run.stdout.trim().replace(/ - .*/, '')),
          runs.map(({ code }) => code),
        ],
        [
          ...['no', 'yes', 'no', 'yes', 'no', 'yes', 'yes'],
          'ci,["system:authenticated","mesh:write"]',
          [1, 0, 1, 0, 1, 0, 0, 0],
        ],
      );
      assert.match(list, /virtualservices\.networking\.istio\.io +\[\] +\[\] +\[get list watch\]/);
      assert.doesNotMatch(list, /secrets/);
    });

    it('refuses a token that nobody has', async () => {
      const { code, stderr } = await as('x'.repeat(20), 'get vs');
      assert.deepEqual(
        [code, lastLine({ code, stdout: '', stderr })],
        [1, 'error: You must be logged in to the server (the token is not in the token file)'],
      );
    });

    it('lets others read and tells them how to write', async () => {
      // What a proxy passes on comes from elsewhere.
      const { port } = new URL(pilot.http);
      const proxy = createServer((request, response) => {
        const headers = { ...request.headers, 'x-forwarded-for': '172.18.0.9' };
        const { method, url: path } = request;
        const passed = send({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 0, answer.headers);
          answer.pipe(response);
        });
        request.pipe(passed);
      });
      await once(proxy.listen(0, '127.0.0.1'), 'listening');
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const kubectl = createKubectl(binary, url, folder.path);
      const read = await kubectl(['get', 'vs', '-o', 'name']);
      const hidden = await kubectl(['get', 'secrets']);
      const written = await kubectl(['delete', 'vs', 'reviews']);
      proxy.closeAllConnections();
      await once(proxy.close(), 'close');
      assert.deepEqual([read.stdout.trim(), hidden.code, written.code], [reviews, 1, 1]);
      assert.match(
        written.stderr,
        /Forbidden.*ask from the machine of the mesh \(http:\/\/localhost:8080\), or over https with a token whose role is write \(docs\/access\.md\)/,
      );
    });

    it('needs no token on this machine', async () => {
      const kubectl = createKubectl(binary, pilot.http, folder.path);
      const { stdout } = await kubectl(['label', 'vs', 'reviews', 'app=a']);
      assert.equal(stdout.trim(), `${reviews} labeled`);
    });

    it('takes other tokens and another certificate without a restart', async () => {
      await writeFile(join(folder.path, 'tokens.yaml'), tokenFile('alice'));
      const renewed = await makeCertificate();
      await writeFile(join(folder.path, 'tls.key'), renewed.key);
      await writeFile(join(folder.path, 'tls.crt'), renewed.cert);
      const { port } = new URL(pilot.https ?? '');
      await until('the new certificate', async () => {
        const socket = connect({
          host: '127.0.0.1',
          port: Number(port),
          rejectUnauthorized: false,
        });
        await once(socket, 'secureConnect');
        const shown = socket.getPeerX509Certificate()?.toString();
        socket.destroy();
        return shown?.trim() === renewed.cert.trim();
      });
      await until('the new tokens', async () => (await as(tokens.ci, 'get vs')).code === 1);
      const { stdout } = await as(tokens.alice, 'get vs -o name');
      assert.equal(stdout.trim(), reviews);
    });

    it('has recorded who wrote what, and no secret', async () => {
      const text = await readFile(join(folder.path, 'audit.jsonl'), 'utf8');
      const events = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditEvent);
      const written = events.map(
        ({ user, verb, objectRef, responseStatus }) =>
          `${user.username} ${verb} ${objectRef.resource} ${responseStatus.code}`,
      );
      assert.deepEqual(written.slice(0, 6), [
        'reader create virtualservices 403',
        'ci create virtualservices 201',
        'ci create secrets 201',
        'ci create envoyfilters 403',
        'alice create envoyfilters 201',
        'reader delete virtualservices 403',
      ]);
      assert.ok(events.every(({ userAgent }) => userAgent.startsWith('kubectl')));
      assert.ok(!text.includes('hunter2') && !text.includes(tokens.ci));
    });

    it('cannot begin with files that are wrong', async () => {
      await chmod(join(folder.path, 'tls.key'), 0o600);
      await writeFile(join(folder.path, 'tls.key'), (await makeCertificate()).key);
      const config = { registry: { kind: 'none' }, store: { kind: 'memory' } } as const;
      const starting = startPilot(
        {
          ...config,
          grpc: '127.0.0.1:0',
          http: { host: '127.0.0.1', port: 0 },
          access,
          domain: 'service.consul',
          logLevel: 'silent',
        },
        createLog('test', 'silent'),
      );
      await assert.rejects(starting, { code: 'E_ACCESS_FILE' });
    });
  });
}

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly userAgent: string;
  readonly objectRef: { readonly resource: string };
  readonly responseStatus: { readonly code: number };
}
