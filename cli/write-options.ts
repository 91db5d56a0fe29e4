import { InvalidArgumentError, Option } from 'commander';
import type { DryRun } from '../pilot/client/apply.ts';

/** `-n`: commands that write or edit work in one namespace. */
export const namespaceOption = ['-n, --namespace <name>', 'namespace of the objects'] as const;

/** What the option about dry runs gives. */
export interface DryRunFlags {
  /** True: without a value. */
  readonly dryRun?: DryRun | true;
}

/** `--dry-run`, `--dry-run=client`, as kubectl has them. */
export function dryRunOption(): Option {
  return new Option(
    '--dry-run [how]',
    'only say what would happen: pilot judges (server, if nothing is said), or it does not (client)',
  )
    .choices(['server', 'client', 'none'])
    .argParser(readDryRun);
}

function readDryRun(text: string): DryRun {
  if (text === 'server' || text === 'client' || text === 'none') return text;
  throw new InvalidArgumentError(
    'it is server, client or none: write --dry-run=server, or put --dry-run last.',
  );
}

export function dryRunOf({ dryRun }: DryRunFlags): DryRun {
  return dryRun === true ? 'server' : (dryRun ?? 'none');
}
