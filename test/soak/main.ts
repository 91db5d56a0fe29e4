/** `npm run soak:registrator [-- --minutes 10 --containers 60 --image IMAGE]`: prints a report as JSON; exit code 1 when something was wrong. */
import { parseArgs } from 'node:util';
import { countFaults, Soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    containers: { type: 'string', default: '60' },
    image: { type: 'string', default: 'node:24-bookworm-slim' },
  },
});
const end = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    end.abort();
  });
}
const report = await Soak.run(
  {
    minutes: Number(values.minutes),
    containers: Number(values.containers),
    image: values.image,
    print: (line) => {
      process.stderr.write(`${line}\n`);
    },
  },
  end.signal,
);
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = countFaults(report) === 0 ? 0 : 1;
