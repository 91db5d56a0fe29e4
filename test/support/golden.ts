import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Compares `actual` with the file; with UPDATE_GOLDEN=1 in the environment writes the file instead, to be
 * read and committed by a person.
 */
export function matchGolden(path: string, actual: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    writeFileSync(path, actual);
    return;
  }
  assert.ok(
    existsSync(path),
    `${path} does not exist: run with UPDATE_GOLDEN=1 and read what it writes`,
  );
  assert.equal(actual, readFileSync(path, 'utf8'));
}
