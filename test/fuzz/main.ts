/**
 * `npm run fuzz:api [requests [seed]]`: sends requests near those that make sense, and bytes near HTTP, at the configuration
 * API. Exit code 1 when an answer is an accident, or a store or a prototype is not as it should be.
 */
import { fuzzMalformed } from './malformed.ts';
import { fuzzConnections, fuzzDir, fuzzMemory } from './run.ts';

const count = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const crashes: unknown[] = [];
process.on('uncaughtException', (error) => crashes.push(error));
process.on('unhandledRejection', (error) => crashes.push(error));

console.log(`seed ${seed}: node --import tsx test/fuzz/main.ts ${count} ${seed}`);
const start = performance.now();
const shares = { memory: Math.round(count * 0.9), dir: Math.round(count * 0.05) };
const memory = await fuzzMemory({ seed, count: shares.memory });
const dir = await fuzzDir({ seed: seed + 1, count: shares.dir });
const malformed = await fuzzMalformed({ seed: seed + 3, count: Math.round(count * 0.02) });
const connections = count - shares.memory - shares.dir;
const answers = await fuzzConnections({ seed: seed + 2, count: connections });
console.log(JSON.stringify({ memory, dir, malformed, connections: answers }, null, 2));
console.log(`${count} requests in ${Math.round((performance.now() - start) / 1000)} s`);
const accidents = Object.keys(answers).filter((status) => status.startsWith('5'));
for (const failure of [
  ...memory.failures,
  ...dir.failures,
  ...malformed.failures,
  ...accidents,
  ...crashes,
]) {
  console.error(failure);
  process.exitCode = 1;
}
