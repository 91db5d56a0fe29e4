import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEnvoy } from '../../test/support/programs.ts';
import { until } from '../../test/support/until.ts';
import { MeshPool } from '../mesh/mesh-pool.ts';
import { type TestFlags, runTestCommand } from './test-command.ts';

interface Finished {
  readonly code: number;
  readonly output: string;
  readonly complaints: string;
}

interface CaseReport {
  readonly name: string;
  readonly verdict: string;
  readonly checks: readonly { readonly what: string; readonly verdict: string }[];
}

const testdata = join(import.meta.dirname, 'testdata');

describe('cmesh test', () => {
  let envoy: string;
  let folder: string;
  before(async () => {
    envoy = await findEnvoy();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cmesh-command-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function run(
    patterns: readonly string[],
    flags: Partial<TestFlags> = {},
    place = testdata,
  ): Promise<Finished> {
    let output = '';
    let complaints = '';
    const code = await runTestCommand(
      patterns,
      { reporter: 'json', ...flags },
      {
        folder: place,
        colours: false,
        signal: new AbortController().signal,
        openPool: () => Promise.resolve(new MeshPool(envoy)),
        print: (text) => (output += text),
        complain: (text) => (complaints += text),
      },
    );
    return { code, output, complaints };
  }

  function casesOf({ output }: Finished): readonly CaseReport[] {
    return (JSON.parse(output) as { readonly cases: readonly CaseReport[] }).cases;
  }

  it('sees everything that can be expected', async () => {
    const finished = await run(['all.yaml']);
    const failed = casesOf(finished).filter(({ verdict }) => verdict !== 'passed');
    assert.deepEqual([failed, finished.code], [[], 0]);
    assert.equal(
      finished.complaints,
      'warning: CM0102 rules.yaml:48:51 VirtualService default/web: spec.http[9].route[0].destination.subset: DestinationRule default/web for web.service.consul does not have subset "missing"; callers get 503. It has old, new\n',
    );
  });

  it('fails what is expected wrongly, each expectation by itself', async () => {
    const finished = await run(['wrong.yaml']);
    const passed = casesOf(finished).flatMap(({ name, checks }) =>
      checks.filter(({ verdict }) => verdict !== 'failed').map(({ what }) => `${name}: ${what}`),
    );
    assert.deepEqual([passed, finished.code], [[], 1]);
  });

  it('lets no case feel the ejections of an earlier one', async () => {
    const finished = await run(['ejection.yaml']);
    const verdicts = casesOf(finished).map(({ name, verdict }) => `${name} ${verdict}`);
    assert.deepEqual([verdicts, finished.code], [['fails passed', 'works passed'], 0]);
  });

  it('runs the cases of a name only, and writes reports to a file', async () => {
    const output = join(folder, 'report.tap');
    const finished = await run(['all.yaml'], { filter: 'redirect', reporter: 'tap', output });
    assert.deepEqual(
      [finished.code, finished.output, await readFile(output, 'utf8')],
      [0, '', 'TAP version 14\n1..1\nok 1 - all.yaml: redirected\n'],
    );
  });

  const refusals: Readonly<Record<string, readonly [string[], Partial<TestFlags>, string]>> = {
    'no case file': [
      [],
      {},
      'cmesh test: there is no case file **/*.mesh-test.yaml; name case files, or call them NAME.mesh-test.yaml\n',
    ],
    'another file that is not there': [
      ['no.yaml'],
      {},
      'cmesh test: there is no case file no.yaml; name case files, or call them NAME.mesh-test.yaml\n',
    ],
    'no case of that name': [
      ['all.yaml'],
      { filter: 'nobody' },
      'cmesh test: no case has "nobody" in its name\n',
    ],
    'a reporter that is none': [
      ['all.yaml'],
      { reporter: 'xml' },
      'cmesh test: --reporter "xml" is not one of readable, tap, junit, json\n',
    ],
    'wrong rules': [
      ['broken.yaml'],
      {},
      'E_FIELD_UNKNOWN broken-rules.yaml:6:9 VirtualService default/web: spec.hots: unknown field "spec.hots" (did you mean "hosts"?)\n',
    ],
    'a wrong case file': [
      ['broken-case.yaml'],
      {},
      'E_FIELD_UNKNOWN broken-case.yaml:2:7: case: unknown key "case": did you mean "cases"?\n' +
        'E_FIELD_REQUIRED broken-case.yaml:1:1: cases: Required value: write it\n',
    ],
  };
  for (const [what, [patterns, flags, complaint]] of Object.entries(refusals)) {
    it(`cannot run with ${what}`, async () => {
      const finished = await run(patterns, flags);
      const last = finished.complaints.split('\n').filter((line) => !line.startsWith('warning'));
      assert.deepEqual([finished.code, last.join('\n')], [2, complaint]);
    });
  }

  it('watches: a save of a rule runs the cases again', async () => {
    const rules = await readFile(join(testdata, 'rules.yaml'), 'utf8');
    await writeFile(join(folder, 'rules.yaml'), rules);
    await writeFile(
      join(folder, 'a.mesh-test.yaml'),
      'rules: [rules.yaml]\nservices: [{ name: web, port: 80, protocol: http, versions: [v1, v2] }]\ncases:\n  - { name: old, request: "http://web/old", expect: { version: v1 } }\n',
    );
    const controller = new AbortController();
    let output = '';
    const ended = runTestCommand(
      [],
      { reporter: 'tap', watch: true },
      {
        folder,
        colours: false,
        signal: controller.signal,
        openPool: () => Promise.resolve(new MeshPool(envoy)),
        print: (text) => (output += text),
        complain: () => undefined,
      },
    );
    await until('the first run', () => output.includes('\nok 1'));
    await writeFile(
      join(folder, 'rules.yaml'),
      rules.replace('{ version: v1 }', '{ version: v2 }'),
    );
    await until('a failed run', () => output.includes('not ok 1'));
    controller.abort();
    assert.equal(await ended, 1);
  });
});
