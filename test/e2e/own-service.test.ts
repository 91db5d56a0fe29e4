/** docs/add-a-service.md, followed literally; only the image is another one, because tests pull nothing. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missProbability, sampleSize } from './binomial.ts';
import { attempt, root, run } from './command.ts';
import {
  attemptApply,
  compose,
  consul,
  exec,
  getJson,
  onStack,
  resetRules,
  untilListening,
  untilNamed,
  untilServed,
  untilSynced,
} from './stack.ts';

const guide = await readFile(join(root, 'docs/add-a-service.md'), 'utf8');
const file = join(root, 'hello.yaml');
const image = 'composemesh/hello:e2e';
const itsImage = 'nginxdemos/hello:plain-text';

/** The code blocks of the guide in one language. */
function blocks(language: string): readonly string[] {
  const found = guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'));
  return [...found].map(([, text = '']) => text);
}

/** The commands of the guide, without what they print. */
const commands = blocks('console').flatMap((text) =>
  text.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : [])),
);

const [composeFile = '', rules = ''] = blocks('yaml');
const [startCommand = '', callCommand = ''] = commands;

/** What the image of the guide does: it listens on port 80 and tells the name of its host. */
const dockerfile = `FROM node:24-bookworm-slim
EXPOSE 80
ENTRYPOINT ["node", "-e", "process.on('SIGTERM', () => process.exit()); \\
  require('http').createServer((q, r) => r.end('Server name: ' + os.hostname())) \\
    .listen(80, () => console.log('listening'))"]
`;

/** As a person types it, but without a terminal. */
async function type(command: string): Promise<string> {
  const env = { COMPOSE_ANSI: 'never', COMPOSE_PROGRESS: 'plain' };
  return run('sh', ['-c', command], { env });
}

interface ConsulService {
  readonly ServiceMeta: Readonly<Record<string, string>>;
  readonly ServicePort: number;
}

/** Calls the service so many times and prints which versions answered: `{"v1": 90, "v2": 10}`. */
const count = `
  const seen = {};
  let left = Number(process.argv[1]);
  const work = async () => {
    while (left-- > 0) {
      const text = await (await fetch('http://hello')).text();
      const version = text.replace('Server name: hello-', '');
      seen[version] = (seen[version] ?? 0) + 1;
    }
  };
  Promise.all([work(), work(), work(), work()]).then(() => console.log(JSON.stringify(seen)));`;

onStack('a service of your own, as docs/add-a-service.md says', () => {
  const withImage = composeFile.replace(itsImage, image);

  before(async () => {
    assert.ok(composeFile.includes(itsImage), 'the guide uses another image');
    await run('docker', ['build', '--quiet', '--tag', image, '-'], { input: dockerfile });
    await writeFile(file, withImage, { flag: 'wx' });
  });

  after(async function () {
    this.timeout(60_000);
    await resetRules();
    const services = ['v1', 'v2'].flatMap((version) =>
      ['', '-sidecar', '-pod'].map((part) => `hello-${version}${part}`),
    );
    await compose('--file', file, 'rm', '--stop', '--force', ...services);
    await rm(file);
    await untilServed('hello', 0);
    await attempt('docker', ['image', 'rm', image]);
  });

  it('starts, is called by its name, and stands in Consul with its version', async () => {
    await type(startCommand);
    await untilListening(['hello-v1']);
    await untilServed('hello', 1);
    await untilNamed('productpage-v1', ['hello']);
    const answer = await type(callCommand);
    const services = await getJson<readonly ConsulService[]>(`${consul}/v1/catalog/service/hello`);
    assert.deepEqual(
      {
        answer,
        services: services.map(({ ServicePort, ServiceMeta }) => [
          ServicePort,
          ServiceMeta['version'],
        ]),
      },
      { answer: 'Server name: hello-v1', services: [[80, 'v1']] },
    );
  });

  it('is routed by weight between two versions', async () => {
    const [, services = ''] = composeFile.split(/^services:\n/m);
    const second = services
      .replaceAll('hello-v1', 'hello-v2')
      .replace('SERVICE_VERSION: v1', 'SERVICE_VERSION: v2')
      .replace(itsImage, image);
    await writeFile(file, withImage + second);
    await type(startCommand);
    await untilListening(['hello-v2']);
    await untilServed('hello', 2);
    const { code, stderr } = await attemptApply(rules);
    await untilSynced();
    const claim = { share: 0.1, margin: 0.05 };
    const size = sampleSize(claim);
    const seen = JSON.parse(
      await exec('productpage-v1', 'node', '-e', count, String(size)),
    ) as Record<string, number>;
    const share = (seen['v2'] ?? 0) / size;
    const chance = missProbability(claim, size).toExponential(1);
    process.stdout.write(
      `      ${(share * 100).toFixed(1)} % of ${size} calls; false alarm ${chance}\n`,
    );
    assert.deepEqual(
      {
        applied: [code, stderr],
        versions: Object.keys(seen).sort(),
        tenth: Math.abs(share - claim.share) <= claim.margin,
      },
      { applied: [0, ''], versions: ['v1', 'v2'], tenth: true },
      JSON.stringify(seen),
    );
  });
});
