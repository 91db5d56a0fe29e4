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

describe('the examples of the help', () => {
  it('are understood by the commands that they show', async () => {
    const program = createProgram();
    const understood: string[] = [];
    for (const command of commandsOf(program)) {
      command.exitOverride().action(() => {
        understood.push(pathOf(command));
      });
    }
    program.exitOverride();
    const others = ['cmesh registrator', 'cmesh agent'];
    const examples = [program, ...commandsOf(program)]
      .flatMap(examplesOf)
      .filter((example) => !others.some((other) => example.startsWith(other)));
    for (const example of examples) {
      await program.parseAsync(wordsOf(example).slice(1), { from: 'user' });
    }
    assert.ok(examples.length > 80, `only ${examples.length}`);
    assert.equal(understood.length, examples.length);
  });
});

/** The lines that begin with cmesh, or have it in a pipe, without what the shell does with them. */
function examplesOf(command: Command): readonly string[] {
  const [, examples = ''] = /\nExamples:\n((?: {2}.*\n?)+)/.exec(`${helpOf(command)}\n`) ?? [];
  return examples
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .flatMap((line) => /(?:^| )cmesh (?!-).*$/.exec(line.replace(/ {2,}#.*$/, ''))?.[0] ?? [])
    .map((line) =>
      line
        .replace(/ (?:[|>]|&&) .*$/, '')
        .replace(/\)$/, '')
        .trim(),
    );
}

/** As a shell splits a line. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}

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
