import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { completeObjects } from '../completion/mesh-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { withPilot } from '../with-pilot.ts';

interface EditFlags extends AddressFlags {
  readonly namespace: string;
}

/** `cmesh edit`: changes a rule in an editor. */
export function addEditCommand(program: Command): void {
  const command = program
    .command('edit')
    .summary('change a rule in your editor')
    .description(
      'Opens rules in your editor (VISUAL, EDITOR, else vi) and writes what you save. What is refused is opened again with the reasons at its top; if you give up, your text is kept in a file.',
    )
    .argument('<objects...>', 'KIND NAME..., or KIND/NAME...')
    .option('-n, --namespace <name>', 'namespace of the objects', 'default')
    .addHelpText(
      'after',
      `
Examples:
  cmesh edit vs reviews
  EDITOR="code --wait" cmesh edit vs/reviews dr/reviews -n shop

Exit codes: 0 written or left as it was, 1 not written, 2 wrong usage, 3 no pilot answers`,
    )
    .action((words: readonly string[], flags: EditFlags) =>
      withPilot('edit', flags, async (pilot, terminal) => {
        const { editObjects } = await import('../../pilot/client/edit.ts');
        const { chooseEditor } = await import('../../pilot/client/open-editor.ts');
        const { namespace } = flags;
        const editor = chooseEditor(process.env);
        return editObjects(pilot, { words, namespace }, { terminal, editor });
      }),
    );
  addPilotOptions(completeObjects(command));
}
