import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCodeMeanings } from '../kit/exit-code.ts';
import { matchGolden } from '../test/support/golden.ts';
import { createProgram } from './program.ts';

const page = join(import.meta.dirname, '../docs/cmesh.md');
const begin =
  '<!-- begin: from the commands themselves; UPDATE_GOLDEN=1 npm run unit -- --grep "reference of cmesh" -->';
const end = '<!-- end -->';

describe('the reference of cmesh', () => {
  it('shows the help of every command as it is', () => {
    const text = readFileSync(page, 'utf8');
    const [before, rest] = text.split(begin);
    const [, after] = rest?.split(end) ?? [];
    assert.ok(before !== undefined && after !== undefined, `${page} has no place for the commands`);
    const sections = commandsOf(createProgram()).map(describeCommand).join('\n');
    matchGolden(page, `${before}${begin}\n\n${sections}\n${end}${after}`);
  });

  it('says what every exit code means', () => {
    const text = readFileSync(page, 'utf8').replace(/ +/g, ' ');
    for (const [code, meaning] of Object.entries(exitCodeMeanings)) {
      assert.ok(text.includes(`| ${code} | ${meaning} |`), `${code}: ${meaning}`);
    }
  });

  it('has an example and the exit codes of every command that people type', () => {
    // These two read their arguments themselves; their own help shows them.
    const others = ['registrator', 'agent'];
    // What stands below another command is shown with it.
    for (const command of createProgram().commands) {
      if (others.includes(command.name())) continue;
      const help = helpOf(command);
      assert.match(help, /\nExamples:\n {2}\S/, command.name());
      assert.match(help, /\nExit codes: /, command.name());
    }
  });
});

/** Every command in the order of the help, with the commands in it. */
function commandsOf(program: Command): readonly Command[] {
  return program.commands.flatMap((command) => [command, ...commandsOf(command)]);
}

function describeCommand(command: Command): string {
  return `### ${pathOf(command)}\n\n\`\`\`text\n${helpOf(command).trim()}\n\`\`\`\n`;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** With what stands after the options, in the width of a page. */
function helpOf(command: Command): string {
  let text = '';
  command
    .configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 })
    .outputHelp();
  return text;
}
