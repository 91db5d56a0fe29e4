import type { Log } from '../kit/log.ts';

/** Where the command talks to the person who started it. */
export interface Terminal {
  /** Something was done that took a while. */
  readonly step: (text: string) => void;
  /** What one part of the mesh says; parts are told apart by colour. */
  readonly say: (part: string, text: string) => void;
  /** Something went wrong, and what to do about it. */
  readonly trouble: (part: string, text: string) => void;
}

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly color: boolean;
  /** Steps are left out. */
  readonly quiet: boolean;
  /** Milliseconds since the command was started. */
  readonly elapsed: () => number;
}

const palette = [36, 35, 34, 32, 33, 96, 95, 94, 92] as const;
const red = 31;
const dim = 2;

/** One line for each thing that is told, with the time in seconds before steps and the part before the rest. */
export function createTerminal({ write, color, quiet, elapsed }: TerminalOptions): Terminal {
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
      write(`${paint(dim, `${seconds} s`)}  ${text}\n`);
    },
    say: (part, text) => {
      write(`${paint(colorOf(part), part)} | ${text}\n`);
    },
    trouble: (part, text) => {
      write(`${paint(red, part)} | ${text}\n`);
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
