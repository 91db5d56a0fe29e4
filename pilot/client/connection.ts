import { readFile } from 'node:fs/promises';
import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { OperationError, describeError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import { type PilotAddress, defaultPilot } from './pilot-address.ts';

/** What is asked of pilot. */
export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, such as /apis/networking.istio.io/v1/virtualservices?limit=10. */
  readonly path: string;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** How long to wait for the whole answer, in ms; a watch has no such limit. */
  readonly timeout?: number;
}

/** What pilot says; a status of 400 and more is an answer too. */
export interface Answer {
  readonly status: number;
  /** Undefined when the answer is not JSON. */
  readonly body: unknown;
  /** What its `Warning` headers say, unquoted. */
  readonly warnings: readonly string[];
}

/** A client of one pilot over HTTP or HTTPS; connections are kept for the next question. */
export interface Connection extends Closer {
  readonly address: PilotAddress;
  /**
   * Throws OperationError `E_PILOT_UNREACHABLE` when no pilot answers, `E_PILOT_DENIED` when it does not take the
   * caller (401, and 403 where another caller might).
   */
  readonly ask: (question: Question) => Promise<Answer>;
  /** The lines of an answer that does not end by itself, until pilot or `signal` ends it. Throws as `ask` does. */
  readonly follow: (question: Question, signal: AbortSignal) => Promise<Lines>;
}

/** An answer with a status below 400 gives lines, any other a body. */
export interface Lines {
  readonly answer: Answer;
  readonly lines: AsyncIterable<string>;
}

/** Milliseconds that an answer may take when nothing else is said. */
const patience = 10_000;

/** Opens nothing yet: the first question does. */
export function connectPilot(address: PilotAddress): Connection {
  let transport: Promise<Transport> | undefined;
  const send = async (question: Question, signal: AbortSignal): Promise<IncomingMessage> => {
    try {
      transport ??= openTransport(address);
      return await exchange(await transport, { address, question, signal });
    } catch (cause) {
      if (cause instanceof OperationError) throw cause;
      throw unreachable(address, cause);
    }
  };
  return {
    address,
    ask: async (question) => {
      const signal = AbortSignal.timeout(question.timeout ?? patience);
      return readAnswer(address, await send(question, signal), signal);
    },
    follow: async (question, signal) => {
      const response = await send(question, signal);
      const { statusCode: status = 0 } = response;
      if (status >= 400) {
        return { answer: await readAnswer(address, response, signal), lines: noLines() };
      }
      const answer = { status, body: undefined, warnings: readWarnings(response) };
      return { answer, lines: splitLines(response, signal) };
    },
    close: async () => {
      (await transport)?.agent.destroy();
    },
  };
}

interface Transport {
  readonly agent: HttpAgent | HttpsAgent;
  readonly request: typeof requestHttp;
}

async function openTransport({ url, certificateAuthority }: PilotAddress): Promise<Transport> {
  if (!url.startsWith('https:')) {
    return { agent: new HttpAgent({ keepAlive: true }), request: requestHttp };
  }
  const ca =
    certificateAuthority === undefined ? undefined : await readAuthority(certificateAuthority);
  const agent = new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  return { agent, request: requestHttps };
}

async function readAuthority(path: string): Promise<string> {
  try {
    const pem = await readFile(path, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
    throw new Error('has no certificate in PEM form');
  } catch (cause) {
    throw new OperationError('E_USAGE', `--certificate-authority ${path}`, { cause });
  }
}

interface Exchange {
  readonly address: PilotAddress;
  readonly question: Question;
  readonly signal: AbortSignal;
}

/** Resolves with the head of the answer. */
function exchange(
  { agent, request }: Transport,
  { address, question, signal }: Exchange,
): Promise<IncomingMessage> {
  const body = question.body === undefined ? undefined : JSON.stringify(question.body);
  const options: RequestOptions = {
    agent,
    signal,
    method: question.method ?? 'GET',
    headers: {
      accept: question.accept ?? 'application/json',
      'user-agent': 'cmesh',
      ...(address.token === undefined ? {} : { authorization: `Bearer ${address.token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  };
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(`${address.url}${question.path}`, options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

async function readAnswer(
  address: PilotAddress,
  response: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const { statusCode: status = 0 } = response;
  const body = parseJson(await readText(address, response, signal));
  if (isAboutCaller(status, body)) throw denied(address, status, body);
  return { status, body, warnings: readWarnings(response) };
}

async function readText(
  address: PilotAddress,
  response: IncomingMessage,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await text(response);
  } catch (cause) {
    throw unreachable(address, signal.aborted ? signal.reason : cause);
  }
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}

/** `299 - "text"`, each perhaps several times (RFC 9111 §5.5 of old: RFC 7234 §5.5). */
function readWarnings(response: IncomingMessage): readonly string[] {
  const { warning = '' } = response.headers;
  return [...warning.matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) =>
    quoted.replace(/\\(.)/g, '$1'),
  );
}

async function* splitLines(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  try {
    response.setEncoding('utf8');
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* noLines(): AsyncGenerator<string> {
  // Nothing follows an answer that is complete.
}

/** Of what pilot forbids, some is forbidden to everybody (to delete a namespace it needs), and no token would help. */
function isAboutCaller(status: number, body: unknown): boolean {
  if (status !== 403) return status === 401;
  const said = messageOf(body);
  // The words of Kubernetes' authorizer, which pilot uses for who asks and for nothing else.
  return said === undefined || /: User "[^"]*" cannot /.test(said);
}

function denied({ token }: PilotAddress, status: number, body: unknown): OperationError {
  const said = messageOf(body) ?? `pilot answers ${status}`;
  const advice = token === undefined ? '; name yourself with --token or CMESH_TOKEN' : '';
  return new OperationError('E_PILOT_DENIED', `${said}${advice}`);
}

/** The message of a Kubernetes Status. */
export function messageOf(body: unknown): string | undefined {
  const { message } = (body ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : undefined;
}

function unreachable({ url, source }: PilotAddress, cause: unknown): OperationError {
  const origin =
    source === undefined
      ? `${defaultPilot}, where it is looked for by default`
      : `${url} (${source})`;
  const advice =
    source === undefined
      ? 'Start a mesh (`cmesh local MESH_FILE`, `npm start` or `docker compose up`), or say where one runs: --pilot URL or CMESH_PILOT'
      : 'Is it running there? `cmesh local MESH_FILE`, `npm start` and `docker compose up` start a mesh';
  return new OperationError(
    'E_PILOT_UNREACHABLE',
    `no pilot answers at ${origin} (${describeFault(url, cause)}). ${advice}`,
  );
}

function describeFault(url: string, cause: unknown): string {
  // The code of a DOMException, which a time-out is, is a number.
  const { code: given } = cause as { readonly code?: unknown };
  const code = typeof given === 'string' ? given : '';
  if (url.startsWith('https:') && describeError(cause).includes('wrong version number')) {
    return 'what listens there speaks no TLS: try http://';
  }
  if (url.startsWith('http:') && (code === 'ECONNRESET' || code.startsWith('HPE_'))) {
    return `${describeError(cause)}: perhaps it speaks TLS, then write https://`;
  }
  if (/CERT|SELF_SIGNED/.test(code)) {
    return `${describeError(cause)}; --certificate-authority FILE names certificates to trust`;
  }
  if (cause instanceof Error && /^(Timeout|Abort)Error$/.test(cause.name)) {
    return 'it took too long';
  }
  return describeError(cause);
}
