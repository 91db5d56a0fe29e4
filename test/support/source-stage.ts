import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FetchContext } from '../../toolchain/provide.ts';
import { FakeMachine } from './fake-commands.ts';

/** What a source of the toolchain fetches with: a machine that the test makes up, and an empty folder on it. */
export interface SourceStage {
  readonly machine: FakeMachine;
  readonly context: FetchContext;
}

/** A stage for each test of the suite that calls it. */
export function useSourceStage(): SourceStage {
  let stage: SourceStage | undefined;
  const current = (): SourceStage => {
    if (stage === undefined) throw new Error('the stage is there while a test runs');
    return stage;
  };
  beforeEach(async () => {
    const machine = await FakeMachine.create();
    const folder = join(machine.folder, 'work');
    await mkdir(folder);
    stage = { machine, context: { folder, env: machine.env, onProgress: () => undefined } };
  });
  afterEach(() => current().machine.close());
  return {
    get machine() {
      return current().machine;
    },
    get context() {
      return current().context;
    },
  };
}
