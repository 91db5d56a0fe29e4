import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '../../pilot/client/connection.ts';
import { connectPilot } from '../../pilot/client/connection.ts';
import type { HttpServerDeps } from '../../pilot/http/deps.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type TemporaryFolder, makeTemporaryFolder } from './folders.ts';
import { freePort } from './ports.ts';
import { type RecordedTerminal, linesOf, recordTerminal } from './recorded-terminal.ts';

/** What a command has done. */
export interface Said {
  readonly code: number;
  readonly out: readonly string[];
  readonly errors: readonly string[];
}

/** A pilot's API, a client of it and a folder for files. */
export interface ClientFixture {
  readonly server: ApiServer;
  readonly pilot: Connection;
  readonly folder: TemporaryFolder;
  /** Writes a file into the folder; gives its path. */
  readonly file: (name: string, text: string) => Promise<string>;
  /** Runs a command; the lines it has written are without the path of the folder. */
  readonly say: (
    command: (terminal: RecordedTerminal) => Promise<number>,
    input?: string,
  ) => Promise<Said>;
  /** Stops the server; its store stays, and `resume` starts it again at the same address. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openClientFixture(
  changes: Partial<HttpServerDeps> = {},
): Promise<ClientFixture> {
  // Of the ports that nobody else is given while the server is away.
  const server = await startApiServer(changes, await freePort());
  let running = server;
  const folder = await makeTemporaryFolder();
  const pilot = connectPilot({ url: server.url });
  const lines = (text: string): readonly string[] =>
    linesOf(text.replaceAll(`${folder.path}/`, ''));
  return {
    server,
    pilot,
    folder,
    file: async (name, text) => {
      const path = join(folder.path, name);
      await writeFile(path, text);
      return path;
    },
    say: async (command, input = '') => {
      const terminal = recordTerminal(input);
      const code = await command(terminal);
      return { code, out: lines(terminal.printed()), errors: lines(terminal.complained()) };
    },
    pause: server.close,
    resume: async () => {
      const port = Number(new URL(server.url).port);
      running = await startApiServer({ ...changes, store: server.store }, port);
    },
    close: async () => {
      await pilot.close();
      await running.close();
      await folder.remove();
    },
  };
}
