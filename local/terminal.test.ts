import assert from 'node:assert/strict';
import { createLineSplitter, createPartLog, createTerminal } from './terminal.ts';

describe('the terminal', () => {
  it('shows steps with their time, and each part in its colour', () => {
    let text = '';
    const write = (piece: string): void => {
      text += piece;
    };
    const terminal = createTerminal({
      write,
      color: true,
      redraw: false,
      quiet: false,
      elapsed: () => 1234,
    });
    terminal.step('ready');
    terminal.say('a', 'one');
    terminal.say('b', 'two');
    terminal.say('a', 'three');
    terminal.trouble('a', 'gone');
    assert.deepEqual(text.replaceAll('\u001b', '^').split('\n'), [
      '^[2m  1.2 s^[0m  ready',
      '^[36ma^[0m | one',
      '^[35mb^[0m | two',
      '^[36ma^[0m | three',
      '^[31ma^[0m | gone',
      '',
    ]);
  });

  it('shows progress as a bar that the next line replaces, and elsewhere as a line for each quarter', () => {
    const show = (redraw: boolean): string => {
      let text = '';
      const write = (piece: string): void => {
        text += piece;
      };
      const terminal = createTerminal({
        write,
        color: false,
        redraw,
        quiet: false,
        elapsed: () => 0,
      });
      for (const share of [0.1, 0.3, 0.4, 0.5]) terminal.progress('fetching', share);
      terminal.step('done');
      return text.replaceAll('\r\u001b[K', '<');
    };
    assert.deepEqual(
      [show(true).split('<').slice(-2), show(false).split('\n')],
      [
        [' 50 % [###############...............] fetching', '  0.0 s  done\n'],
        [' 30 %    fetching', ' 50 %    fetching', '  0.0 s  done', ''],
      ],
    );
  });

  it('shows no steps and no colours to scripts', () => {
    const lines: string[] = [];
    const write = (line: string): number => lines.push(line);
    const terminal = createTerminal({
      write,
      color: false,
      redraw: true,
      quiet: true,
      elapsed: () => 0,
    });
    terminal.step('ready');
    terminal.progress('fetching', 0.5);
    createPartLog('pilot', terminal, () => undefined).warn({ error: 'why' }, 'no Consul');
    createPartLog('pilot', terminal, () => undefined).info({}, 'all is well');
    assert.deepEqual(lines, ['pilot | no Consul (error: why)\n']);
  });
});

describe('output in pieces', () => {
  it('becomes lines', () => {
    const lines: string[] = [];
    const { write, end } = createLineSplitter((line) => lines.push(line));
    for (const piece of ['a', 'b\nc\n\nd', 'e']) write(Buffer.from(piece));
    end();
    end();
    assert.deepEqual(lines, ['ab', 'c', '', 'de']);
  });
});
