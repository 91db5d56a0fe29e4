/** A process with a mesh of its own: says how many requests were answered by v2, and holds the mesh when told to. */
import { startMesh } from '../../testkit/index.ts';

const [envoy, hold] = process.argv.slice(2);
const began = performance.now();
const mesh = await startMesh({
  ...(envoy === undefined ? {} : { envoy }),
  services: 'samples/bookinfo/mesh.yaml',
  rules: [
    'samples/bookinfo/networking/destination-rule-all.yaml',
    'samples/bookinfo/networking/virtual-service-reviews-test-v2.yaml',
  ],
});
const caller = mesh.from('productpage');
const options = { headers: { 'end-user': 'jason' } };
await caller.get('http://reviews:9080/', options);
const started = Math.round(performance.now() - began);
const results = await caller.repeat(50, 'http://reviews:9080/', options);
const answered = results.filter(({ version }) => version === 'v2').length;
process.stdout.write(`${JSON.stringify({ answered, started })}\n`);
if (hold === undefined) await mesh.close();
