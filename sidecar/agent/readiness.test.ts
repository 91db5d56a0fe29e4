import assert from 'node:assert/strict';
import { createEnvoyAdmin } from '../envoy/admin.ts';
import { Readiness } from './readiness.ts';

describe('readiness', () => {
  it('says so when Envoy does not answer, and when the sidecar drains', async () => {
    // Nothing listens on port 1.
    const readiness = new Readiness({
      admin: createEnvoyAdmin(1),
      envoyStarts: () => 1,
      hasNames: () => true,
    });
    const before = await readiness.missing();
    readiness.startDraining();
    assert.deepEqual([before, await readiness.missing()], ['Envoy does not answer', 'draining']);
  });
});
