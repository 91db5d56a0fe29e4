/** A steady stream of requests through the mesh, with the fate of each. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createInterface } from 'node:readline';

export interface Sample {
  /** When the request was sent (ms since the epoch). */
  readonly at: number;
  /** Until the last byte (ms). */
  readonly ms: number;
  /** What was asked for: a URL. */
  readonly url: string;
  /** Why it does not count as served; absent when it was. */
  readonly fault?: string;
  /** Which version of the service answered, if it says so. */
  readonly version?: string;
}

export interface Traffic {
  /** Those of the requests that have ended so far. */
  readonly samples: readonly Sample[];
  /** Ends the stream, waits for the requests under way and gives all samples, in the order of their ends. */
  readonly stop: () => Promise<readonly Sample[]>;
}

/** Milliseconds after which a request counts as lost. */
const patience = 10_000;

/**
 * Runs in a container of a workload, so that its calls are those of the workload: sends a GET to each URL
 * every so many ms over a new connection, and prints a sample a line until its input ends.
 */
const caller = `
const { get } = require('node:http');
const [interval, ...urls] = process.argv.slice(1);
let open = 0, ending = false;
const send = (url) => {
  const at = Date.now();
  open += 1;
  let done = false;
  const end = (fields) => {
    if (done) return;
    done = true;
    open -= 1;
    console.log(JSON.stringify({ at, ms: Date.now() - at, url, ...fields }));
    if (ending && open === 0) process.exit(0);
  };
  const request = get(url, { agent: false, signal: AbortSignal.timeout(${patience}) }, (response) => {
    let body = '';
    response.on('data', (chunk) => (body += chunk));
    response.on('error', (error) => end({ fault: error.message }));
    response.on('end', () => {
      const version = response.headers['x-bookinfo-version'];
      const fault = response.statusCode === 200 ? undefined : response.statusCode + ' ' + body.slice(0, 200);
      end({ fault, version });
    });
  });
  request.on('error', (error) => end({ fault: error.message }));
};
const timer = setInterval(() => urls.forEach(send), Number(interval));
process.stdin.on('end', () => {
  clearInterval(timer);
  ending = true;
  if (open === 0) process.exit(0);
}).resume();
console.log('ready');
`;

/** Calls from inside a container that has Node. Resolves when the first requests are about to be sent. */
export async function startCalls(
  container: string,
  urls: readonly string[],
  interval: number,
): Promise<Traffic> {
  const lines = runIn(container, caller, [String(interval), ...urls]);
  const samples: Sample[] = [];
  const ready = new Promise<void>((resolve) => {
    lines.onLine((line) => {
      if (line === 'ready') resolve();
      else samples.push(JSON.parse(line) as Sample);
    });
  });
  await Promise.race([ready, lines.failed]);
  return {
    samples,
    stop: async () => {
      await lines.end();
      return samples;
    },
  };
}

/** Asks for a page from outside the mesh; what the page says of its backends counts too. */
export function startPages(url: string, interval: number): Traffic {
  const samples: Sample[] = [];
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const sent = askForPage(url).then((sample) => {
      samples.push(sample);
      open.delete(sent);
    });
    open.add(sent);
  }, interval);
  return {
    samples,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      return samples;
    },
  };
}

function askForPage(url: string): Promise<Sample> {
  const at = Date.now();
  return new Promise((resolve) => {
    const end = (fault?: string): void => {
      resolve({ at, ms: Date.now() - at, url, ...(fault === undefined ? {} : { fault }) });
    };
    const request = get(
      url,
      { agent: false, signal: AbortSignal.timeout(patience) },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('error', (error) => {
          end(error.message);
        });
        response.on('end', () => {
          end(pageFault(response.statusCode ?? 0, body));
        });
      },
    );
    request.on('error', (error) => {
      end(error.message);
    });
  });
}

/** A page that had to leave something out came with status 200 all the same. */
function pageFault(status: number, body: string): string | undefined {
  if (status !== 200) return `${status} ${body.slice(0, 200)}`;
  return /[^.>]*currently unavailable[^.<]*/.exec(body)?.[0].trim();
}

/** A program in a container, which ends when its input does. */
export interface ContainerProgram {
  readonly onLine: (listener: (line: string) => void) => void;
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>;
  readonly end: () => Promise<void>;
}

/** Runs a CommonJS program with the Node of a container. */
export function runIn(
  container: string,
  program: string,
  args: readonly string[] = [],
): ContainerProgram {
  const child: ChildProcess = spawn(
    'docker',
    ['exec', '--interactive', container, 'node', '-e', program, ...args],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const closed = once(child, 'close');
  let ending = false;
  const failed = closed.then(() => {
    if (!ending) throw new Error(`the program in ${container} ended: ${errors}`);
    return new Promise<never>(() => undefined);
  });
  failed.catch(() => undefined);
  return {
    onLine: (listener) => {
      if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', listener);
    },
    failed,
    end: async () => {
      ending = true;
      child.stdin?.end();
      await closed;
    },
  };
}
