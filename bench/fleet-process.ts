import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Closer } from '../kit/lifecycle.ts';
import type { FleetAnswer, FleetCommand } from './fleet.ts';

/** The process of fleet.ts. */
export interface FleetProcess extends Closer {
  readonly send: (command: FleetCommand) => void;
  /** The next answer; to be called before the command. Throws after half a minute. */
  readonly answer: () => Promise<FleetAnswer>;
}

export function openFleet(): FleetProcess {
  const child = fork(join(import.meta.dirname, 'fleet.ts'), { execArgv: ['--import', 'tsx'] });
  return {
    send: (command) => {
      child.send(command);
    },
    answer: async () => {
      const [answer] = (await once(child, 'message', { signal: AbortSignal.timeout(30_000) })) as [
        FleetAnswer,
      ];
      return answer;
    },
    close: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
