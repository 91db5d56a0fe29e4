/**
 * Follows the Engine's events. They only say that something may have changed: whoever listens reads the
 * state again. So events that are lost or late do no lasting harm.
 */
import { createBackoff } from '../../kit/backoff.ts';
import { describeError } from '../../kit/errors.ts';
import { delay, type Closer } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import { parseSignal } from './container.ts';
import type { Engine, EventFilters } from './engine.ts';

export type DockerChange =
  /** The stream is open (again): anything may have changed before. */
  | { readonly kind: 'connected' }
  | (ContainerEvent & { readonly kind: 'container' })
  | (ContainerEvent & { readonly kind: 'die'; readonly exitCode?: number })
  /** A signal was sent to the container; the Engine reports it after its delivery. */
  | (ContainerEvent & { readonly kind: 'kill'; readonly signal: number });

interface ContainerEvent {
  readonly id: string;
  /** By the clock of the Engine (ms since the epoch). */
  readonly at?: number;
}

export interface WatchOptions {
  readonly engine: Engine;
  readonly log: Log;
  readonly onChange: (change: DockerChange) => void;
  /** The stream has ended; `connected` follows when it is open again. */
  readonly onLost?: () => void;
}

/**
 * Health probes make three `exec_*` events each; what is not listed here stays in the Engine. Podman reports `die`, but
 * looks for its own name `died` in the filter, and its containers are not destroyed but removed (measured on 4.3).
 */
const filters: EventFilters = {
  type: ['container', 'network'],
  event: [
    'create',
    'start',
    'die',
    'died',
    'kill',
    'pause',
    'unpause',
    'rename',
    'update',
    'destroy',
    'remove',
    'health_status',
    'connect',
    'disconnect',
  ],
};

/**
 * Opens the event stream and keeps it open. Each time it is open, `connected` is emitted before any event,
 * so a list that starts then misses nothing. One warning is logged per outage.
 */
export function watchDocker(options: WatchOptions): Closer {
  const stop = new AbortController();
  const following = follow(options, stop.signal);
  return {
    close: async () => {
      stop.abort();
      await following;
    },
  };
}

async function follow(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const backoff = createBackoff({ initial: 100, max: 2000 });
  let reported = false;
  while (!signal.aborted) {
    const failure = await followOnce(options, signal, () => {
      if (reported) options.log.info({}, 'following the events of the Docker Engine again');
      reported = false;
      backoff.reset();
    });
    if (failure === undefined) return;
    options.onLost?.();
    if (!reported) options.log.warn({}, `lost the events of the Docker Engine: ${failure}`);
    reported = true;
    await delay(backoff.next(), signal);
  }
}

/** Follows one stream to its end; returns why it ended, or undefined when we closed it. */
async function followOnce(
  { engine, log, onChange }: WatchOptions,
  signal: AbortSignal,
  onOpen: () => void,
): Promise<string | undefined> {
  const stream = new AbortController();
  const end = (): void => {
    stream.abort();
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const chunks = await engine.events(filters, stream.signal);
    onOpen();
    onChange({ kind: 'connected' });
    for await (const line of splitLines(chunks)) {
      const change = parseEvent(line);
      log.debug({ line }, 'event');
      if (change !== undefined) onChange(change);
    }
    return signal.aborted ? undefined : 'the stream ended';
  } catch (error) {
    return signal.aborted ? undefined : describeError(error);
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

/** An event is some hundred bytes, plus the labels of its container. */
const maxLineLength = 1024 * 1024;

/** Bytes in any pieces → the lines in them that are not empty; a last line without an end is dropped. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) throw new Error('an event has no end');
    yield* lines.map((line) => line.trim()).filter((line) => line !== '');
  }
}

interface EngineEvent {
  readonly Type?: unknown;
  readonly Action?: unknown;
  /** Nanoseconds since the epoch. */
  readonly timeNano?: unknown;
  readonly Actor?: { readonly ID?: unknown; readonly Attributes?: Record<string, unknown> };
}

/** One line of the stream; undefined when it says nothing about a container. */
export function parseEvent(line: string): DockerChange | undefined {
  const event = parseJson(line);
  if (event === undefined) return undefined;
  const attributes = event.Actor?.Attributes ?? {};
  const isNetwork = event.Type === 'network';
  const id = isNetwork ? attributes['container'] : event.Actor?.ID;
  if (typeof id !== 'string' || id === '') return undefined;
  const { timeNano } = event;
  const container = { id, ...(typeof timeNano === 'number' ? { at: timeNano / 1e6 } : {}) };
  if (isNetwork) return { kind: 'container', ...container };
  return event.Type === 'container' ? parseAction(event.Action, container, attributes) : undefined;
}

function parseAction(
  action: unknown,
  container: ContainerEvent,
  attributes: Readonly<Record<string, unknown>>,
): DockerChange {
  if (action === 'die') {
    const { exitCode } = attributes;
    const isKnown = typeof exitCode === 'string' && /^\d+$/.test(exitCode);
    return { kind: 'die', ...container, ...(isKnown ? { exitCode: Number(exitCode) } : {}) };
  }
  const signal = action === 'kill' ? parseSignal(String(attributes['signal'])) : undefined;
  return signal === undefined
    ? { kind: 'container', ...container }
    : { kind: 'kill', ...container, signal };
}

function parseJson(line: string): EngineEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
