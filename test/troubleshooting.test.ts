import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '../kit/clock.ts';
import { WatchedCell } from '../kit/watched.ts';
import { LiveAnalysis } from '../pilot/analysis/live-analysis.ts';
import { applyFiles } from '../pilot/client/apply.ts';
import type { RegisteredService } from '../pilot/model/service.ts';
import { createMemoryStore } from '../pilot/store/memory-store.ts';
import { readMeshServices } from '../testkit/case-file/mesh-services.ts';
import { type ClientFixture, type Said, openClientFixture } from './support/client-fixture.ts';
import { matchGolden } from './support/golden.ts';
import { type RuleFile, type TypicalMistake, typicalMistakes } from './support/typical-mistakes.ts';

const root = resolve(import.meta.dirname, '..');
const page = join(root, 'docs/troubleshooting.md');
const begin =
  '<!-- begin: from the mistakes themselves; UPDATE_GOLDEN=1 npm run unit -- --grep "troubleshooting" -->';
const end = '<!-- end -->';
const subsets = join(root, 'samples/bookinfo/networking/destination-rule-all.yaml');

describe('docs/troubleshooting.md', () => {
  let services: readonly RegisteredService[];

  before(async () => {
    services = await readMeshServices(join(root, 'samples/bookinfo/mesh.yaml'));
  });

  /** A mesh with Bookinfo and its subsets. */
  async function withMesh<T>(use: (fixture: ClientFixture) => Promise<T>): Promise<T> {
    const store = createMemoryStore({ clock: systemClock });
    const catalog = new WatchedCell<readonly RegisteredService[]>();
    catalog.set(services);
    const analysis = new LiveAnalysis({
      store,
      catalog,
      domain: 'service.consul',
      clock: systemClock,
    });
    const fixture = await openClientFixture({ store, analysis });
    try {
      await apply(fixture, [{ name: 'subsets.yaml', text: readFileSync(subsets, 'utf8') }]);
      return await use(fixture);
    } finally {
      await fixture.close();
      await analysis.close();
    }
  }

  async function apply(fixture: ClientFixture, files: readonly RuleFile[]): Promise<Said> {
    const places: string[] = [];
    for (const { name, text } of files) places.push(await fixture.file(name, text));
    const choice = { places, isRecursive: false };
    return fixture.say((terminal) =>
      applyFiles(fixture.pilot, { files: choice, dryRun: 'none' }, terminal),
    );
  }

  /** What the last command says, as a terminal shows it. */
  function make({ title, commands, fix }: TypicalMistake): Promise<string> {
    return withMesh(async (fixture) => {
      const said: Said[] = [];
      for (const files of commands) said.push(await apply(fixture, files));
      const typed = (commands.at(-1) ?? []).map(({ name }) => ` -f ${name}`).join('');
      const { out = [], errors = [] } = said.at(-1) ?? {};
      assert.ok(errors.length > 0, `nothing is said of: ${title}`);
      const lines = [`$ cmesh apply${typed}`, ...out, ...errors].join('\n');
      return `### ${title}\n\n\`\`\`console\n${lines}\n\`\`\`\n\n${fix}\n`;
    });
  }

  it('shows what cmesh says of every typical mistake', async () => {
    const text = readFileSync(page, 'utf8');
    const [before, rest] = text.split(begin);
    const [, after] = rest?.split(end) ?? [];
    assert.ok(before !== undefined && after !== undefined, `${page} has no place for the mistakes`);
    const sections: string[] = [];
    for (const mistake of typicalMistakes) sections.push(await make(mistake));
    matchGolden(page, `${before}${begin}\n\n${sections.join('\n')}\n${end}${after}`);
  });

  it('is about mistakes only: the rule that they are made from is fine', async () => {
    const [good] = typicalMistakes.find(({ commands }) => commands.length > 1)?.commands ?? [];
    const { errors } = await withMesh((fixture) => apply(fixture, good ?? []));
    assert.deepEqual(errors, []);
  });
});
