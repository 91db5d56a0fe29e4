import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createBackoff } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import type { EnvoyOptions } from '../config.ts';
import { createCulpritFinder } from './culprit.ts';

export interface EnvoyCommand extends EnvoyOptions {
  /** Content of the bootstrap; JSON is YAML, so it needs no file. */
  readonly bootstrap: object;
  /** How long Envoy drains listeners that change or end (ms). */
  readonly drainTime: number;
  /** How long the access log may be held back (ms). Default 1000. */
  readonly accessLogFlush?: number;
}

/** What an Envoy shares with the process that runs it; by default as fits a container that both have for themselves. */
export interface EnvoySurroundings {
  /** Descriptor of a file for its standard output, where the access log goes. Default: that of this process. */
  readonly stdout?: number;
  /** Takes its log. Default: the standard error of this process. */
  readonly onLog?: (chunk: Buffer) => void;
  /** A process group of its own, which Ctrl-C on the terminal does not reach. */
  readonly ownGroup?: true;
  /** Told the process id of each Envoy that starts. */
  readonly onStart?: (pid: number) => void;
  /** Told the process id of each Envoy that has ended. */
  readonly onEnd?: (pid: number) => void;
}

/** A run that lasted so long was a good one (ms): the next restart is quick again. */
const goodRun = 10_000;
/** How long Envoy may take to end after SIGTERM (ms). */
const stopTime = 2000;

/** The arguments of Envoy, but for its path. */
export function envoyArguments(command: EnvoyCommand): readonly string[] {
  const seconds = Math.max(1, Math.ceil(command.drainTime / 1000));
  return [
    ['--config-yaml', JSON.stringify(command.bootstrap)],
    ['--concurrency', String(command.concurrency)],
    // It would need shared memory and a process id namespace with the next Envoy.
    ['--disable-hot-restart'],
    ['--drain-time-s', String(seconds)],
    ['--parent-shutdown-time-s', String(seconds + 1)],
    // Every response, not a growing share of them, tells the client to go elsewhere.
    ['--drain-strategy', 'immediate'],
    ['--log-level', command.logLevel],
    // The default of 10 s is too long for somebody who watches the access log.
    ['--file-flush-interval-msec', String(command.accessLogFlush ?? 1000)],
  ].flat();
}

/**
 * Opens the standard output of this process anew. Node makes a pipe that it writes to non-blocking, for all who share
 * the open file (open(2), O_NONBLOCK); an Envoy among them drops what of its access log does not fit into the pipe at
 * once. Undefined where it cannot be opened: it is a socket.
 */
function openStandardOutput(): number | undefined {
  try {
    return openSync('/dev/stdout', 'a');
  } catch {
    return undefined;
  }
}

/** One Envoy that is kept running: started again, after a growing pause, whenever it ends by itself. */
export class EnvoyProcess implements Closer {
  readonly #command: EnvoyCommand;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #surroundings: EnvoySurroundings;
  readonly #backoff = createBackoff({ initial: 250, max: 10_000 });
  #child: ChildProcess | undefined;
  #cancelRestart: (() => void) | undefined;
  #closing = false;
  #starts = 0;

  constructor(command: EnvoyCommand, log: Log, clock: Clock, surroundings: EnvoySurroundings = {}) {
    this.#surroundings = surroundings;
    this.#command = command;
    this.#log = log;
    this.#clock = clock;
  }

  /** How often Envoy was started: changes when what is known of the running one no longer holds. */
  get starts(): number {
    return this.#starts;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts Envoy. Throws OperationError `E_ENVOY_START` when there is no such program. */
  start(): Promise<void> {
    const { binary } = this.#command;
    const { stdout, ownGroup = false } = this.#surroundings;
    this.#starts += 1;
    return new Promise((resolve, reject) => {
      const opened = stdout === undefined ? openStandardOutput() : undefined;
      const child = spawn(binary, envoyArguments(this.#command), {
        stdio: ['ignore', stdout ?? opened ?? 'inherit', 'pipe'],
        detached: ownGroup,
      });
      if (opened !== undefined) closeSync(opened);
      child.once('spawn', () => {
        this.#watch(child);
        resolve();
      });
      child.once('error', (error) => {
        const text = `cannot start Envoy as '${binary}' (ENVOY_BIN)`;
        reject(new OperationError('E_ENVOY_START', text, { cause: error }));
      });
    });
  }

  /** Ends Envoy: at once by SIGTERM, by force when it does not obey. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#cancelRestart?.();
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
    child.kill('SIGTERM');
    const cancelKill = this.#clock.after(stopTime, () => child.kill('SIGKILL'));
    await ended;
    cancelKill();
  }

  #watch(child: ChildProcess): void {
    const startedAt = this.#clock.now();
    const culprit = createCulpritFinder();
    const { onLog = writeToStderr, onStart = ignore, onEnd = ignore } = this.#surroundings;
    const { pid = 0 } = child;
    this.#child = child;
    onStart(pid);
    child.stderr?.on('data', (chunk: Buffer) => {
      onLog(chunk);
      culprit.read(chunk.toString());
    });
    child.once('close', (code, signal) => {
      this.#child = undefined;
      onEnd(pid);
      if (this.#closing) return;
      if (this.#clock.now() - startedAt >= goodRun) this.#backoff.reset();
      const reason = culprit.found();
      this.#restartLater({
        ...(code === null ? {} : { code }),
        ...(signal === null ? {} : { signal }),
        ...(reason === undefined ? {} : { reason }),
      });
    });
  }

  #restartLater(end: object): void {
    const ms = this.#backoff.next();
    this.#log.error({ ...end, restartInMs: ms }, 'Envoy ended by itself; starting it again');
    this.#cancelRestart = this.#clock.after(ms, () => {
      this.start().catch((error: unknown) => {
        this.#restartLater({ reason: String(error) });
      });
    });
  }
}

function writeToStderr(chunk: Buffer): void {
  process.stderr.write(chunk);
}

function ignore(): void {
  // Nobody wants to know.
}
