/** The compatibility table promises a test for every row; this looks whether each one exists. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { promisify } from 'node:util';

interface Row {
  readonly what: string;
  readonly how: string;
  readonly file: string;
  readonly title: string;
}

function parseRows(table: string): readonly Row[] {
  return (
    table
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (gliderlabs|-)/.test(line))
      .map((line) => line.split('|').slice(1, -1))
      // The other tables of the page have other columns.
      .filter(({ length }) => length === 4)
      .map(([what = '', how = '', , shown = '']) => {
        const [, file = '', title = ''] = /`([^`]+)`: (.*)/.exec(shown) ?? [];
        return { what: what.trim(), how: how.trim(), file, title: title.trim() };
      })
  );
}

/** `file: full title` of every test in the files, without running one. */
async function listTests(files: readonly string[]): Promise<ReadonlySet<string>> {
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
  const argv = ['--import', 'tsx', mocha, '--no-config', '--dry-run', '--reporter', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, [...argv, ...files], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const { tests } = JSON.parse(stdout) as { tests: { file: string; fullTitle: string }[] };
  return new Set(
    tests.map(({ file, fullTitle }) => `${relative(process.cwd(), file)}: ${fullTitle}`),
  );
}

describe('the table of compatibility', () => {
  it('names an existing test in every row, and says same, better or different', async () => {
    const rows = parseRows(await readFile('docs/registrator-compatibility.md', 'utf8'));
    assert.ok(rows.length >= 40, `only ${rows.length} rows were read`);
    const known = await listTests([...new Set(rows.map(({ file }) => file))]);
    const wrong = rows.filter(
      ({ how, file, title }) =>
        !['same', 'better', 'different'].includes(how) || !known.has(`${file}: ${title}`),
    );
    assert.deepEqual(wrong, []);
  });
});
