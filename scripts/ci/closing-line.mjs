// Adds up what Mocha's runs left (test/support/reporter.cjs) and prints it as the closing line of a run.
// A run that left nothing, ran nothing or skipped something counts as failed.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;

for (const file of process.argv.slice(2)) {
  const totals = readTotals(file);
  passed += totals.passed;
  failed += totals.failed;
  if (totals.skipped > 0) failed += complain(file, `skipped ${totals.skipped} tests`);
  if (totals.passed + totals.failed === 0) failed += complain(file, 'ran no test to its end');
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function readTotals(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

function complain(file, what) {
  console.log(`${file}: ${what}`);
  return 1;
}
