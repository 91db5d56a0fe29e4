import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { formatProblem } from '../../kit/problem.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import { openDirStore } from '../../pilot/store/dir-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from './folders.ts';
import { untilValue } from './until-value.ts';

/** A directory store over a folder of its own, for one test. */
export class DirStoreFixture {
  readonly folder: TemporaryFolder;
  #store: ConfigStore | undefined;

  private constructor(folder: TemporaryFolder) {
    this.folder = folder;
  }

  static async make(): Promise<DirStoreFixture> {
    return new DirStoreFixture(await makeTemporaryFolder());
  }

  /** The store that was opened last. */
  get store(): ConfigStore {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  async open(clock: Clock = systemClock): Promise<void> {
    const log = createLog('test', 'silent');
    this.#store = await openDirStore({ path: this.folder.path, clock, log, pollInterval: 50 });
  }

  path(name: string): string {
    return join(this.folder.path, name);
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), text);
  }

  /** `name:subset` of every VirtualService in force. */
  inForce(): readonly string[] {
    return summary(this.store.resources.current());
  }

  become(...expected: readonly string[]): Promise<unknown> {
    return untilValue(
      this.store.resources,
      (resources) => String(summary(resources)) === String(expected),
    );
  }

  problems(): readonly string[] {
    return (this.store.problems.current() ?? []).map(formatProblem);
  }

  async close(): Promise<void> {
    await this.#store?.close();
    await this.folder.remove();
  }
}

/** `name:subset` of every VirtualService among them. */
export function summary(resources: ResourceSet | undefined): readonly string[] {
  return (resources ?? []).flatMap((resource) =>
    resource.kind === 'VirtualService'
      ? [
          `${resource.metadata.name}:${resource.spec.http?.[0]?.route?.[0]?.destination.subset ?? ''}`,
        ]
      : [],
  );
}
