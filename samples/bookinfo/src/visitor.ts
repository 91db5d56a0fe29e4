/**
 * Visits the page again and again, as a browser would: `visitor.ts URL`. The file `page-served` in the temporary
 * directory says that the last visit got the whole page, with details and reviews; the health check of the
 * container looks for it.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const served = join(tmpdir(), 'page-served');
/** Milliseconds between visits while the page is not there, and once it is: then every visit is only a trace. */
const pause = { waiting: 250, served: 10_000 };

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    process.exit(0);
  });
}

const [url] = process.argv.slice(2);
if (url === undefined) {
  process.stderr.write(
    'visitor: the URL of the page is missing, such as http://productpage:9080/productpage\n',
  );
  process.exit(2);
}

let last: string | undefined;
for (;;) {
  const problem = await visit(url);
  const seen = problem ?? 'served';
  if (seen !== last) report(problem);
  last = seen;
  await new Promise((resolve) =>
    setTimeout(resolve, problem === undefined ? pause.served : pause.waiting),
  );
}

/** What is wrong with the page; undefined when it is whole. */
async function visit(page: string): Promise<string | undefined> {
  try {
    const response = await fetch(page, { signal: AbortSignal.timeout(15_000) });
    const text = await response.text();
    if (!response.ok) return `HTTP status ${response.status}`;
    return /Sorry, product \w+ are currently unavailable/.exec(text)?.[0];
  } catch (error) {
    const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

function report(problem: string | undefined): void {
  if (problem === undefined) writeFileSync(served, '');
  else rmSync(served, { force: true });
  process.stdout.write(`${url}: ${problem ?? 'served'}\n`);
}
