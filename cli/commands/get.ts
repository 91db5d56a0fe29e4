import type { Command } from 'commander';
import type { Terminal } from '../../kit/terminal.ts';
import type { Connection } from '../../pilot/client/connection.ts';
import type { GetCommand } from '../../pilot/client/get.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import type { ObjectFormat } from '../../pilot/client/print-objects.ts';
import type { Selection } from '../../pilot/client/selection.ts';
import { addFileOptions, chooseFiles, type FileFlags } from '../file-options.ts';
import { outputOption } from '../output-option.ts';
import { completeObjects } from '../completion/mesh-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { withPilot } from '../with-pilot.ts';

interface GetFlags extends FileFlags, AddressFlags {
  readonly namespace: string;
  readonly allNamespaces?: true;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly output?: ObjectFormat | 'wide';
  readonly headers: boolean;
  readonly showLabels?: true;
  readonly showManagedFields?: true;
  readonly ignoreNotFound?: true;
  readonly watch?: true;
  readonly watchOnly?: true;
  readonly outputWatchEvents?: true;
}

/** `cmesh get`: what is in force. */
export function addGetCommand(program: Command): void {
  const command = program
    .command('get')
    .summary('show rules')
    .description(
      "Shows the rules that pilot has. A kind may be written in full or short (virtualservice, vs); several are separated by commas; istio-io means all of Istio's, and all means them too.",
    )
    .argument('[objects...]', 'KIND, KIND NAME..., or KIND/NAME...')
    .addHelpText(
      'after',
      `
Examples:
  cmesh get vs
  cmesh get vs,dr -A
  cmesh get vs reviews -o yaml
  cmesh get vs/reviews dr/reviews
  cmesh get all -l team=shop --show-labels
  cmesh get vs -w

Exit codes: 0 shown, 1 what was named is not there, 2 wrong usage, 3 no pilot answers`,
    )
    .action((words: readonly string[], flags: GetFlags) =>
      withPilot('get', flags, (pilot, terminal) => get(pilot, { words, flags, terminal })),
    );
  command
    .option('-n, --namespace <name>', 'namespace of the objects', 'default')
    .option('-A, --all-namespaces', 'in every namespace')
    .option('-l, --selector <labels>', 'those with these labels, such as team=shop,stage!=test')
    .option('--field-selector <fields>', 'those with these fields, such as metadata.name=reviews')
    .addOption(outputOption(['json', 'yaml', 'wide', 'name'], 'another form than a table'))
    .option('-w, --watch', 'go on with every change, until Ctrl-C')
    .option('--watch-only', 'only what changes from now on')
    .option('--output-watch-events', 'with -w: say ADDED, MODIFIED or DELETED')
    .option('--no-headers', 'leave out the titles of the columns')
    .option('--show-labels', 'show the labels as the last column')
    .option('--show-managed-fields', 'with -o: show who owns which field')
    .option('--ignore-not-found', 'do not mind what is not there');
  addFileOptions(command);
  addPilotOptions(completeObjects(command));
}

interface Request {
  readonly words: readonly string[];
  readonly flags: GetFlags;
  readonly terminal: Terminal;
}

async function get(pilot: Connection, request: Request): Promise<number> {
  const { flags, terminal } = request;
  const selections = await select(pilot, request);
  const command = commandOf(flags, selections);
  if (flags.watch !== true && flags.watchOnly !== true) {
    const { getObjects } = await import('../../pilot/client/get.ts');
    return getObjects(pilot, command, terminal);
  }
  const { watchObjects } = await import('../../pilot/client/watch.ts');
  const { onTermination } = await import('../../kit/termination.ts');
  const termination = onTermination();
  const { signal } = termination;
  const isOnly = flags.watchOnly === true;
  const withEvents = flags.outputWatchEvents === true;
  const code = await watchObjects(pilot, { ...command, isOnly, withEvents }, { terminal, signal });
  await termination.close();
  return code;
}

/** What the words name, or what stands in files. */
async function select(
  pilot: Connection,
  { words, flags, terminal }: Request,
): Promise<readonly Selection[]> {
  const files = chooseFiles(flags);
  const { discoverKinds } = await import('../../pilot/client/served-kinds.ts');
  const { readSelection } = await import('../../pilot/client/selection.ts');
  const { namesFiles } = await import('../../pilot/client/rule-sources.ts');
  if (!namesFiles(files)) return readSelection(words, await discoverKinds(pilot));
  const { selectFromFiles } = await import('../../pilot/client/file-selection.ts');
  return selectFromFiles(files, await discoverKinds(pilot), terminal);
}

function commandOf(flags: GetFlags, selections: readonly Selection[]): GetCommand {
  const { output, selector, fieldSelector } = flags;
  return {
    selections,
    namespace: flags.allNamespaces === true ? undefined : flags.namespace,
    table: {
      isWide: output === 'wide',
      withLabels: flags.showLabels === true,
      withHeaders: flags.headers,
    },
    withManagers: flags.showManagedFields === true,
    ignoreNotFound: flags.ignoreNotFound === true,
    ...(output === undefined || output === 'wide' ? {} : { format: output }),
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}
