import type { Log } from '../kit/log.ts';

/** Where the command talks to the person who started it. */
export interface Terminal {
  /** Something was done that took a while. */
  readonly step: (text: string) => void;
  /** Something takes long: the share of it that is done (0–1). */
  readonly progress: (text: string, share: number) => void;
  /** What one part of the mesh says; parts are told apart by colour. */
  readonly say: (part: string, text: string) => void;
  /** Something went wrong, and what to do about it. */
  readonly trouble: (part: string, text: string) => void;
}

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly color: boolean;
  /** A line can be written over: progress is a bar and not a line for each quarter. */
  readonly redraw: boolean;
  /** Steps are left out. */
  readonly quiet: boolean;
  /** Milliseconds since the command was started. */
  readonly elapsed: () => number;
}

const palette = [36, 35, 34, 32, 33, 96, 95, 94, 92] as const;
const red = 31;
const dim = 2;
const clearLine = '\r\u001b[K';
const barWidth = 30;

/** One line for each thing that is told, with the time in seconds before steps and the part before the rest. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { color, quiet, redraw, elapsed } = options;
  let bar = false;
  /** A line that takes the place of the bar, if there is one. */
  const write = (line: string): void => {
    options.write(`${bar ? clearLine : ''}${line}\n`);
    bar = false;
  };
  let quarters = 0;
  const colors = new Map<string, number>();
  const paint = (code: number, text: string): string =>
    color ? `\u001b[${code}m${text}\u001b[0m` : text;
  const colorOf = (part: string): number => {
    const known = colors.get(part) ?? palette[colors.size % palette.length] ?? dim;
    colors.set(part, known);
    return known;
  };
  return {
    step: (text) => {
      if (quiet) return;
      const seconds = (elapsed() / 1000).toFixed(1).padStart(5);
      write(`${paint(dim, `${seconds} s`)}  ${text}`);
    },
    progress: (text, share) => {
      if (quiet) return;
      const percent = `${Math.floor(share * 100)} %`.padStart(5);
      if (redraw) {
        const done = Math.floor(share * barWidth);
        options.write(`${clearLine}${percent} [${'#'.repeat(done).padEnd(barWidth, '.')}] ${text}`);
        bar = true;
      } else if (Math.floor(share * 4) !== quarters) {
        quarters = Math.floor(share * 4);
        write(`${percent}    ${text}`);
      }
    },
    say: (part, text) => {
      write(`${paint(colorOf(part), part)} | ${text}`);
    },
    trouble: (part, text) => {
      write(`${paint(red, part)} | ${text}`);
    },
  };
}

/** A log for a part of the mesh: what concerns the person goes to the terminal, everything to `write`. */
export function createPartLog(
  part: string,
  terminal: Terminal,
  write: (line: string) => void,
): Log {
  const at =
    (level: string) =>
    (fields: object, message: string): void => {
      write(
        `${JSON.stringify({ time: new Date().toISOString(), level, part, message, ...fields })}\n`,
      );
      if (level === 'warn' || level === 'error') terminal.trouble(part, describe(message, fields));
    };
  return {
    debug: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => {
      const name = fields['name'];
      return createPartLog(typeof name === 'string' ? name : part, terminal, write);
    },
  };
}

function describe(message: string, fields: object): string {
  const details = Object.entries(fields).filter(([name]) => name !== 'stack');
  if (details.length === 0) return message;
  const listed = details.map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${message} (${listed.join(', ')})`;
}

/** Cuts what comes in pieces into lines; `end` gives the last one, which has no line end. */
export function createLineSplitter(onLine: (line: string) => void): {
  readonly write: (chunk: Buffer) => void;
  readonly end: () => void;
} {
  let rest = '';
  return {
    write: (chunk) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    },
    end: () => {
      if (rest !== '') onLine(rest);
      rest = '';
    },
  };
}
