import assert from 'node:assert/strict';
import { createCulpritFinder } from './culprit.ts';

function culpritOf(...chunks: readonly string[]): string | undefined {
  const finder = createCulpritFinder();
  for (const chunk of chunks) finder.read(chunk);
  return finder.found();
}

const line = (level: string, text: string): string =>
  `[2026-01-01 10:00:00.000][7][${level}][main] [source/server/server.cc:414] ${text}\n`;

describe('the culprit in what Envoy writes', () => {
  it('is the latest critical line, else the latest error, else what the system said', () => {
    assert.deepEqual(
      [
        culpritOf(line('critical', 'bad listener'), line('error', 'more'), line('info', 'exiting')),
        culpritOf(line('error', 'first'), line('warning', 'w'), line('error', 'second')),
        culpritOf(line('info', 'starting'), 'envoy: cannot execute\n'),
        culpritOf(line('info', 'starting'), line('warning', 'slow')),
        culpritOf(),
      ],
      ['bad listener', 'second', 'envoy: cannot execute', undefined, undefined],
    );
  });

  it('is found in pieces, and without a final line end', () => {
    const text = line('critical', "cannot bind '0.0.0.0:15090': Address already in use").trimEnd();
    assert.equal(
      culpritOf(text.slice(0, 20), text.slice(20)),
      "cannot bind '0.0.0.0:15090': Address already in use",
    );
  });
});
