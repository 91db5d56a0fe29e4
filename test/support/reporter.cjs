/**
 * Mocha's spec reporter, which also leaves the totals as JSON in the file that COMPOSEMESH_TEST_TOTALS
 * names: a script can then tell how a run went without reading its text.
 */
const { writeFileSync } = require('node:fs');
const { Runner, reporters } = require('mocha');

class TotalsReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const file = process.env.COMPOSEMESH_TEST_TOTALS;
      if (file === undefined || file === '') return;
      const { passes, failures, pending } = this.stats;
      writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
}

module.exports = TotalsReporter;
