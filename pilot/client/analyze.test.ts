import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exampleServices } from '../../test/support/analysis-examples.ts';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder } from '../../test/support/folders.ts';
import { type RecordedTerminal, recordTerminal } from '../../test/support/recorded-terminal.ts';
import { type AnalyzeCommand, analyzeFiles, listAnalyzers } from './analyze.ts';
import { type Connection, connectPilot } from './connection.ts';
import { parseSuppression } from './suppression.ts';

const route = (name: string, destination: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
spec:
  hosts: [${name}]
  http:
    - route:
        - destination: ${destination}
`;

const policy = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec: { host: web, subsets: [{ name: v3, labels: { version: v2 } }] }
`;

interface Finished {
  readonly code: number;
  readonly printed: string;
  readonly complained: string;
}

async function run(
  input: string,
  changes: Partial<AnalyzeCommand> = {},
  terminal: RecordedTerminal = recordTerminal(input),
): Promise<Finished> {
  const code = await analyzeFiles(
    {
      files: { places: input === '' ? [] : ['-'], isRecursive: true },
      domain: 'service.consul',
      format: 'log',
      failureThreshold: 'error',
      outputThreshold: 'info',
      suppressions: [],
      ...changes,
    },
    terminal,
  );
  return { code, printed: terminal.printed(), complained: terminal.complained() };
}

const lost =
  'Error [CM0101] (VirtualService default/web stdin:9:32) spec.http[0].route[0].destination.host: host "wbe" is no service of the mesh; callers get 503. Did you mean "web"?\n';

describe('cmesh analyze', () => {
  it('says what is wrong in files, with the place, and ends as istioctl does', async () => {
    const services = exampleServices;
    assert.deepEqual(
      [
        await run(route('web', '{ host: wbe }'), { services }),
        await run(route('web', '{ host: web }'), { services }),
      ],
      [
        { code: 79, printed: lost, complained: '' },
        { code: 0, printed: '', complained: '✔ No issues found in -.\n' },
      ],
    );
  });

  it('guesses nothing about services when nobody knows them', async () => {
    const { code, printed } = await run(route('web', '{ host: wbe }'));
    assert.deepEqual([code, printed], [0, '']);
  });

  it('says what validation says, and that a file is none', async () => {
    const unknown = await run(route('web', '{ hots: web }'));
    const broken = await run('a: [');
    const missing = await run('', { files: { places: ['no-such.yaml'], isRecursive: true } });
    assert.deepEqual(
      [
        [
          unknown.code,
          /^Error \[(\w+)\] \(VirtualService default\/web stdin:9/.exec(unknown.printed)?.[1],
        ],
        [broken.code, /^Error \[(\w+)\]/.exec(broken.printed)?.[1]],
        [missing.code, missing.complained.split('\n')[0]],
      ],
      [
        [79, 'E_FIELD_UNKNOWN'],
        [79, 'E_YAML'],
        [65, 'no-such.yaml: there is no such file'],
      ],
    );
  });

  it('shows and fails from the thresholds on, and leaves out what it is told to', async () => {
    const services = exampleServices;
    const twice = `${route('web', '{ host: web }')}    - route:\n        - destination: { host: web }\n`;
    const suppressed = async (text: string): Promise<number> =>
      (
        await run(route('web', '{ host: wbe }'), {
          services,
          suppressions: [parseSuppression(text)],
        })
      ).code;
    const results = {
      warning: (await run(twice, { services })).code,
      strict: (await run(twice, { services, failureThreshold: 'warning' })).code,
      quiet: (await run(twice, { services, outputThreshold: 'error' })).printed,
      exact: await suppressed('CM0101=VirtualService web.default'),
      pattern: await suppressed('CM0101=VirtualService *.default'),
      other: await suppressed('CM0101=VirtualService *.other'),
      namespace: (await run(route('web', '{ host: wbe }'), { services, namespace: 'other' })).code,
      analyzer: (
        await run(route('web', '{ host: wbe }'), { services, analyzers: ['namespaces.references'] })
      ).code,
    };
    assert.deepEqual(results, {
      warning: 0,
      strict: 79,
      quiet: '',
      exact: 0,
      pattern: 0,
      other: 79,
      namespace: 0,
      analyzer: 0,
    });
    assert.throws(() => parseSuppression('CM0101'), { code: 'E_USAGE' });
    await assert.rejects(run('', { analyzers: ['nothing'] }), { code: 'E_USAGE' });
  });

  it('prints the fields of istioctl as JSON and YAML', async () => {
    const services = exampleServices;
    const json = await run(route('web', '{ host: wbe }'), { services, format: 'json' });
    const yaml = await run(route('web', '{ host: wbe }'), { services, format: 'yaml' });
    const [message] = JSON.parse(json.printed) as readonly object[];
    assert.deepEqual(
      [message, yaml.printed.split('\n').slice(0, 4), (await run('', { format: 'json' })).printed],
      [
        {
          code: 'CM0101',
          level: 'Error',
          origin: 'VirtualService default/web',
          reference: 'stdin:9:32',
          path: 'spec.http[0].route[0].destination.host',
          message: 'host "wbe" is no service of the mesh; callers get 503. Did you mean "web"?',
          documentationUrl: 'docs/analysis.md#cm0101',
        },
        [
          '- code: CM0101',
          '  level: Error',
          '  origin: VirtualService default/web',
          '  reference: stdin:9:32',
        ],
        '[]\n',
      ],
    );
  });

  it('knows the names of its analyzers', () => {
    assert.match(listAnalyzers(), /^\* virtualservice\.destinations:\n {4}.*CM0101/m);
  });

  describe('of a running mesh', () => {
    let server: ApiServer;
    let pilot: Connection;

    before(async () => {
      server = await startApiServer({ debug: { catalog: () => exampleServices } });
      pilot = connectPilot({ url: server.url });
      await server.store.create(virtualServiceObject('web', 'v3'));
    });

    after(async () => {
      await pilot.close();
      await server.close();
    });

    it('takes its rules and services', async () => {
      const { code, printed } = await run('', { pilot });
      assert.deepEqual(
        [code, printed.split(')')[0]],
        [79, 'Error [CM0102] (VirtualService default/web'],
      );
    });

    it('takes a file for what would be applied now: later than what it competes with', async () => {
      const rival = route('web', '{ host: web }').replace('name: web', 'name: another');
      const { printed } = await run(rival, { pilot });
      assert.match(
        printed,
        /CM0201\] \(VirtualService default\/another stdin:6:11\) spec\.hosts\[0\]: VirtualService default\/web is older/,
      );
    });

    it('lays files over it, in folders of folders too', async () => {
      const folder = await makeTemporaryFolder();
      try {
        await mkdir(join(folder.path, 'rules/deep'), { recursive: true });
        await writeFile(join(folder.path, 'rules/deep/policy.yaml'), policy);
        const files = { places: [folder.path], isRecursive: true };
        assert.deepEqual((await run('', { pilot, files })).printed, '');
      } finally {
        await folder.remove();
      }
    });
  });
});
