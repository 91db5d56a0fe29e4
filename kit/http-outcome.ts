import type { ClientRequest, IncomingMessage } from 'node:http';

/** What came of a request, for the one who sent it. */
export type Outcome =
  | {
      readonly kind: 'answer';
      /** 0 of a byte stream. */
      readonly status: number;
      /** Lower-case names; several values of one name are joined by `, `. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** Milliseconds from the sending to the last byte. */
      readonly took: number;
    }
  | { readonly kind: 'failure'; readonly reason: string; readonly took: number };

export type Answer = Omit<Extract<Outcome, { kind: 'answer' }>, 'kind' | 'took'>;

/** Runs `action` for `timeout` ms at most. What goes wrong is part of the outcome: it never throws. */
export async function measureOutcome(
  timeout: number,
  action: (signal: AbortSignal) => Promise<Answer>,
): Promise<Outcome> {
  const start = performance.now();
  const took = (): number => Math.round(performance.now() - start);
  const signal = AbortSignal.timeout(timeout);
  try {
    return { kind: 'answer', ...(await action(signal)), took: took() };
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${timeout} ms` : describe(error);
    return { kind: 'failure', reason, took: took() };
  }
}

/** Waits for the whole answer to a request that has been sent. Throws when none comes. */
export async function readAnswer(outgoing: ClientRequest): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = Object.entries(response.headersDistinct).map(([name, values]) => [
    name,
    values?.join(', ') ?? '',
  ]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' ? 'the connection was closed without an answer' : error.message;
}
