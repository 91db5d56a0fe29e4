/** A minute of the soak (`npm run soak:registrator`): containers and what they hang on change at random. */
import assert from 'node:assert/strict';
import { countFaults, Soak } from '../soak/soak.ts';

describe('the registrator between a real Docker Engine and a real Consul, for a minute of trouble', function () {
  this.timeout(240_000);

  it('leaves Consul exactly as Docker is at every quiet point', async () => {
    const lines: string[] = [];
    const report = await Soak.run(
      {
        minutes: 1,
        containers: 20,
        image: 'debian:bookworm-slim',
        print: (line) => lines.push(line),
      },
      new AbortController().signal,
    );
    assert.equal(countFaults(report), 0, lines.join('\n'));
    assert.ok(report.quietPoints >= 3, `only ${report.quietPoints} quiet points were reached`);
  });
});
