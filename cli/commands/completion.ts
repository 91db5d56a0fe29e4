import { Argument, type Command } from 'commander';
import { runCommand } from '../run-command.ts';

/** `cmesh completion`: what a shell needs so that Tab completes commands, options, kinds and names. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .summary('print what makes Tab complete in your shell')
    .description(
      'Prints a script that makes Tab complete commands, options, kinds, and the names of what is in the mesh that runs (CMESH_PILOT or --pilot say which). Where no pilot answers, names are left out.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(cmesh completion bash)                                # this shell
  cmesh completion bash > ~/.local/share/bash-completion/completions/cmesh
  cmesh completion zsh > "\${fpath[1]}/_cmesh"
  cmesh completion fish > ~/.config/fish/completions/cmesh.fish

Exit codes: 0 printed, 2 wrong usage`,
    )
    .action((shell: 'bash' | 'zsh' | 'fish') =>
      runCommand('completion', async ({ print }) => {
        const { completionScripts } = await import('../completion/scripts.ts');
        print(completionScripts[shell]);
        return 0;
      }),
    );
}
