import type { Command } from 'commander';
import { findNearest } from '../../kit/nearest.ts';
import { completeArguments } from '../completion/completers.ts';

/**
 * `cmesh help`: commander's own shows the help of everything for a command that there is not, and knows no commands below
 * others.
 */
export function addHelpCommand(program: Command): void {
  program.helpCommand(false);
  const command = program
    .command('help')
    .argument('[command...]', 'such as: proxy-config routes')
    .description('show the help of a command')
    .addHelpText(
      'after',
      `
Examples:
  cmesh help apply
  cmesh help proxy-config routes

Exit codes: 0 shown, 2 there is no such command`,
    )
    .action((path: readonly string[]) => {
      path
        .reduce((parent, name) => findCommand(parent, name) ?? refuse(parent, name), program)
        .help();
    });
  completeArguments(command, ({ words }) => {
    const found = words.reduce<Command | undefined>(
      (parent, name) => parent && findCommand(parent, name),
      program,
    );
    const below = found?.createHelp().visibleCommands(found) ?? [];
    return Promise.resolve({
      candidates: below.map((child) => ({ value: child.name(), description: child.description() })),
    });
  });
}

function findCommand(parent: Command, name: string): Command | undefined {
  return parent.commands.find((command) => [command.name(), ...command.aliases()].includes(name));
}

function refuse(parent: Command, name: string): never {
  const known = parent.commands.map((command) => command.name());
  const nearest = findNearest(name, known);
  const list =
    known.length === 0
      ? `${parent.name()} has no commands below it`
      : `there are ${known.join(', ')}`;
  const advice = nearest === undefined ? list : `did you mean ${nearest}?`;
  return parent.error(`error: unknown command '${name}' (${advice})`);
}
