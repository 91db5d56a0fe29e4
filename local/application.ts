import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createBackoff } from '../kit/backoff.ts';
import type { Clock } from '../kit/clock.ts';
import { type Closer, delay } from '../kit/lifecycle.ts';
import type { Guardian } from '../kit/guardian.ts';
import { accepting } from './accepting.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { type Terminal, createLineSplitter } from './terminal.ts';

export interface ApplicationCommand {
  /** Name of the workload. */
  readonly name: string;
  /** A line for the shell. */
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Port of 127.0.0.1 on which it is to listen. */
  readonly port: number;
  /** File for what it prints. */
  readonly logPath: string;
}

export interface ApplicationSurroundings {
  readonly guardian: Guardian;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Shows standard output too, not only standard error. */
  readonly verbose: boolean;
  /** Told when the application begins to accept connections, and when it no longer does. */
  readonly onUp: (up: boolean) => void;
}

/** A run that lasted so long was a good one (ms): the next restart is quick again. */
const goodRun = 10_000;
/** How long an application may take to end after SIGTERM (ms). */
const stopTime = 2000;
/** How long an application may take to listen before somebody should know (ms). */
const patience = 10_000;
/** Between two looks at an application that is to come up, and at one that is up (ms). */
const look = { down: 50, up: 1000 } as const;

/**
 * One process of an application that is kept running: started again, after a growing pause, whenever it ends. It has
 * a process group of its own, with all that it starts.
 */
export class Application implements Closer {
  readonly #command: ApplicationCommand;
  readonly #surroundings: ApplicationSurroundings;
  readonly #backoff = createBackoff({ initial: 250, max: 10_000 });
  readonly #log: LogFile;
  #child: ChildProcess | undefined;
  #cancelRestart: (() => void) | undefined;
  #closing = false;
  #up = false;
  #tell: () => void = () => undefined;
  /** Resolves when it accepts connections, or has failed to for the first time. */
  readonly settled: Promise<void>;

  constructor(command: ApplicationCommand, surroundings: ApplicationSurroundings) {
    this.#command = command;
    this.#surroundings = surroundings;
    this.#log = openLogFile(command.logPath);
    this.settled = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  /** Whether it accepts connections. */
  get up(): boolean {
    return this.#up;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { command, cwd, env } = this.#command;
    if (!existsSync(cwd)) {
      this.#retry(`the folder ${cwd} (cwd) does not exist`);
      return;
    }
    const child = spawn('/bin/sh', ['-c', command], {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.once('error', (error) => {
      this.#retry(`it cannot be started: ${error.message}`);
    });
    if (child.pid !== undefined) this.#follow(child, child.pid);
  }

  /** Ends it with all that it has started: by SIGTERM, by force when it does not obey. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#cancelRestart?.();
    const child = this.#child;
    if (child?.pid !== undefined) {
      const { pid } = child;
      const ended = once(child, 'exit');
      endGroup(pid, 'SIGTERM');
      const cancelKill = this.#surroundings.clock.after(stopTime, () => {
        endGroup(pid, 'SIGKILL');
      });
      await ended;
      cancelKill();
    }
    await this.#log.close();
  }

  #follow(child: ChildProcess, pid: number): void {
    const { guardian, clock } = this.#surroundings;
    const startedAt = clock.now();
    const ended = new AbortController();
    const lastWords = this.#readOutput(child);
    guardian.watch(pid);
    this.#child = child;
    void this.#followPort(ended.signal);
    child.once('exit', (code, signal) => {
      ended.abort();
      this.#child = undefined;
      // What it has started would keep its port.
      endGroup(pid, 'SIGKILL');
      guardian.release(pid);
      this.#setUp(false);
      if (clock.now() - startedAt >= goodRun) this.#backoff.reset();
      const how = signal === null ? `ended with exit code ${code ?? 0}` : `was ended by ${signal}`;
      const seconds = ((clock.now() - startedAt) / 1000).toFixed(1);
      // What it printed last may still be on its way.
      child.once('close', () => {
        const words = lastWords();
        this.#retry(`${how} after ${seconds} s${words === '' ? '' : ` (${words})`}`);
      });
    });
  }

  /** Returns what gives the last line on standard error. */
  #readOutput(child: ChildProcess): () => string {
    const { terminal, verbose } = this.#surroundings;
    const { name } = this.#command;
    let last = '';
    const output = createLineSplitter((line) => {
      this.#log.write(`${line}\n`);
      if (verbose) terminal.say(name, line);
    });
    const errors = createLineSplitter((line) => {
      this.#log.write(`${line}\n`);
      if (line.trim() !== '') last = line.trim();
      terminal.say(name, line);
    });
    child.stdout?.on('data', output.write).once('end', output.end);
    child.stderr?.on('data', errors.write).once('end', errors.end);
    return () => last.slice(0, 200);
  }

  async #followPort(ended: AbortSignal): Promise<void> {
    const { port, name } = this.#command;
    const { terminal, clock } = this.#surroundings;
    const cancelWarning = clock.after(patience, () => {
      if (this.#up) return;
      this.#tell();
      terminal.trouble(
        name,
        `runs, but does not listen on 127.0.0.1:${port}; let it listen on $HOST:$PORT, or write its own port as \`appPort\``,
      );
    });
    const over = (): boolean => ended.aborted;
    while (!over()) {
      const accepts = await accepting(port);
      if (!over()) this.#setUp(accepts);
      await delay(accepts ? look.up : look.down, ended);
    }
    cancelWarning();
  }

  #setUp(up: boolean): void {
    if (this.#up === up) return;
    this.#up = up;
    this.#surroundings.onUp(up);
    if (up) this.#tell();
  }

  #retry(reason: string): void {
    if (this.#closing) return;
    const ms = this.#backoff.next();
    const { terminal, clock } = this.#surroundings;
    const { name, command, logPath } = this.#command;
    terminal.trouble(
      name,
      `${reason}; starting it again in ${(ms / 1000).toFixed(1)} s. Command: ${command}. Log: ${logPath}`,
    );
    this.#tell();
    this.#cancelRestart = clock.after(ms, () => {
      this.start();
    });
  }
}

function endGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It has ended.
  }
}
