/**
 * What the containers of the mesh weigh beside the applications, and what is not in their images.
 *
 * Memory: of the agent all that is resident, the program file of Node included (VmRSS); of a whole pod,
 * registrator and pilot what is theirs alone (RssAnon and RssShmem of each process), because the program file of
 * Node is in memory once for all containers.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run } from './command.ts';
import { docker } from './docker.ts';
import { containerOf, findHoldings, lines, onStack } from './stack.ts';

const megabyte = 1000 * 1000;

interface Process {
  readonly id: string;
  readonly command: string;
  readonly uid: number;
  /** Bytes that no other process shares. */
  readonly own: number;
  /** Resident bytes. */
  readonly resident: number;
}

/**
 * The processes of a container but for the one that asks, and those that Docker is about to turn into a probe: until
 * then they are runc's, with the memory and the rights of that.
 */
async function listProcesses(container: string): Promise<readonly Process[]> {
  const script = `
    for folder in /proc/[0-9]*; do
      [ "$folder" = "/proc/$$" ] && continue
      [ "$(sed -n 's/^PPid:[[:space:]]*//p' $folder/status)" = $$ ] && continue
      sed -n 's/^\\(Name\\|Pid\\|Uid\\|VmRSS\\|RssAnon\\|RssShmem\\):[[:space:]]*/\\1 /p' $folder/status | tr '\\n' ';'
      echo
    done 2>/dev/null`;
  const listed = lines(await docker('exec', container, 'sh', '-c', script));
  const all = listed.map((line) => {
    const fields = new Map(
      line.split(';').map((field) => [field.split(' ')[0], field.split(' ')[1]]),
    );
    const number = (name: string): number => parseInt(fields.get(name) ?? '0', 10);
    return {
      id: fields.get('Pid') ?? '?',
      command: fields.get('Name') ?? '?',
      uid: number('Uid'),
      own: (number('RssAnon') + number('RssShmem')) * 1024,
      resident: number('VmRSS') * 1024,
    };
  });
  return all.filter(({ command }) => !command.startsWith('runc:'));
}

/** The users of those processes that stay: the probe of a pod begins as root, and gives that up at once. */
async function listUsers(container: string): Promise<readonly number[]> {
  const before = new Set((await listProcesses(container)).map(({ id }) => id));
  const after = await listProcesses(container);
  return after.filter(({ id }) => before.has(id)).map(({ uid }) => uid);
}

async function containersLike(pattern: RegExp): Promise<readonly string[]> {
  return (await findHoldings()).containers.filter((name) => pattern.test(name)).sort();
}

const show = (bytes: number): string => `${(bytes / megabyte).toFixed(1)} MB`;

/** Asserts a limit on the largest of some amounts, and reports it. */
function assertLimit(what: string, amounts: readonly number[], megabytes: number): void {
  const largest = Math.max(...amounts);
  process.stdout.write(`      ${what}: ${show(largest)}, limit ${megabytes} MB\n`);
  assert.ok(amounts.length > 0 && largest <= megabytes * megabyte, `${what}: ${show(largest)}`);
}

const total = (processes: readonly Process[]): number =>
  processes.reduce((sum, { own }) => sum + own, 0);

const images = ['control-plane', 'sidecar', 'pod', 'bookinfo'].map(
  (name) => `composemesh/${name}:dev`,
);

async function inImage(image: string, script: string): Promise<readonly string[]> {
  const options = ['--rm', '--network', 'none', '--user', '0', '--entrypoint', 'sh'];
  return lines(await docker('run', ...options, image, '-c', script));
}

onStack('the footprint of the mesh', () => {
  it('is at most 5 MB for an idle pod', async () => {
    const pods = await Promise.all((await containersLike(/-pod-1$/)).map(listProcesses));
    assertLimit('pod, all processes', pods.map(total), 5);
  });

  it('is at most 60 MB for an agent beside its Envoy', async () => {
    const sidecars = await Promise.all((await containersLike(/-sidecar-1$/)).map(listProcesses));
    const find = (name: RegExp): readonly Process[] =>
      sidecars.flatMap((processes) => processes.filter(({ command }) => name.test(command)));
    const agents = find(/^(node|MainThread)$/);
    assert.equal(agents.length, sidecars.length);
    const envoys = find(/^envoy$/).map(({ resident }) => resident);
    process.stdout.write(`      Envoy, resident: ${show(Math.max(...envoys))}\n`);
    process.stdout.write(`      agent, own: ${show(Math.max(...agents.map(({ own }) => own)))}\n`);
    assertLimit(
      'agent, resident',
      agents.map(({ resident }) => resident),
      60 * 1.024 * 1.024,
    );
  });

  it('is at most 80 MB for the registrator and 150 MB for pilot', async () => {
    for (const [service, limit] of [['registrator', 80] as const, ['pilot', 150] as const]) {
      const processes = await listProcesses(containerOf(service));
      const resident = processes.reduce((sum, one) => sum + one.resident, 0);
      process.stdout.write(`      ${service}, resident: ${show(resident)}\n`);
      assertLimit(`${service}, own`, [total(processes)], limit);
    }
  });

  it('has no process of root but the registrator, which has no capability', async () => {
    const users: Record<string, readonly number[]> = {};
    for (const container of await containersLike(/-1$/)) {
      if (/-(consul|zipkin)-1$/.test(container)) continue;
      const uids = await listUsers(container);
      const part = /-(pod|sidecar|registrator|pilot)-1$/.exec(container)?.[1] ?? 'application';
      users[part] = [...new Set([...(users[part] ?? []), ...uids])];
    }
    const rights = await docker('exec', containerOf('registrator'), 'cat', '/proc/1/status');
    assert.deepEqual(
      { users, rights: /^CapEff:\s*(\w+)$/m.exec(rights)?.[1] },
      {
        users: {
          application: [1000],
          pilot: [1000],
          pod: [65534],
          registrator: [0],
          sidecar: [1337],
        },
        rights: '0000000000000000',
      },
    );
  });

  it('holds no build tool and no package that only development needs', async () => {
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    // protobufjs, which the gRPC package needs, depends on the types of Node.
    const development = Object.keys(manifest.devDependencies).filter(
      (name) => name !== '@types/node',
    );
    const tools = 'gcc cc g++ clang make cmake python3 go git tsc tsx eslint mocha bazel';
    const script = `
      for tool in ${tools}; do command -v $tool; done
      for package in ${development.join(' ')}; do
        for folder in /app /src /build; do ls -d $folder/node_modules/$package/package.json; done
      done 2>/dev/null
      find / -xdev -name '*.test.*' -not -path '*/node_modules/*' -not -path '/proc/*'
      true`;
    const found = await Promise.all(images.map((image) => inImage(image, script)));
    assert.deepEqual(
      found,
      images.map(() => []),
    );
  });

  it('is reported as sizes of images, with what they add to their base', async () => {
    const size = async (image: string): Promise<number> =>
      Number(await run('docker', ['image', 'inspect', '--format', '{{.Size}}', image]));
    const bases = {
      node: await size('node:24-bookworm-slim'),
      debian: await size('debian:bookworm-slim'),
    };
    const added: number[] = [];
    for (const image of images) {
      const all = await size(image);
      const base = image.includes('/pod:') ? bases.debian : bases.node;
      added.push(all - base);
      process.stdout.write(`      ${image}: ${show(all)}, adds ${show(all - base)}\n`);
    }
    // The sidecar adds Envoy, the pod iptables.
    assert.ok(Math.max(...added) < 200 * megabyte);
  });
});
