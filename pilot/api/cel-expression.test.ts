import assert from 'node:assert/strict';
import { findCelFault } from './cel-expression.ts';

describe('an expression of CEL', () => {
  it('is read as the specification has it', () => {
    const expressions = [
      'response.code >= 400 && request.path != ")"',
      "has(request.headers['x']) ? request.headers['x'].startsWith('a') : !connection.mtls",
      "[1, 2u, 0x1f, 1e3, b'a', r'\\d', null].exists(x, x in {'a': 1})",
      "a ||\n  '''b\nc''' == d // and so on",
      `${'!'.repeat(3999)}a`,
    ];
    assert.deepEqual(
      expressions.filter((expression) => findCelFault(expression) !== undefined),
      [],
    );
  });

  it('says what keeps another text from being one, and where', () => {
    const faults = {
      '': 'Unexpected token: EOF',
      '(a': 'Expected RPAREN, got EOF (line 1, column 3)',
      'a == "b': 'Unterminated string (line 1, column 6)',
      'a ||\n b c': 'Unexpected character (line 2, column 4)',
      'a AND b': 'Unexpected character (line 1, column 3)',
      for: 'Reserved identifier: for (line 1, column 1)',
      ['('.repeat(300)]: 'Exceeded maxDepth (250) (line 1, column 251)',
      ['!'.repeat(60_000)]: 'is longer than 4000 characters',
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(faults).map((text) => [text, findCelFault(text)])),
      faults,
    );
  });
});
