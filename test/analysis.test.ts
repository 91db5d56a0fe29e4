import assert from 'node:assert/strict';
import { join } from 'node:path';
import { codes } from '../pilot/analysis/codes.ts';
import { analyzers } from '../pilot/analysis/analyzers.ts';
import { matchGolden } from './support/golden.ts';
import { renderAnalysis } from './support/analysis-page.ts';
import { judgeExample, readExamples } from './support/analysis-examples.ts';

describe('the codes of the analysis', () => {
  const examples = readExamples();

  it('have an example each', () => {
    assert.deepEqual(
      examples.map(({ code }) => code),
      Object.keys(codes),
    );
  });

  it('are given by one analyzer, or by validation', () => {
    const given = [...new Set(analyzers.flatMap((analyzer) => analyzer.codes))].sort();
    assert.deepEqual([...given, 'CM0601'].sort(), Object.keys(codes));
  });

  it('are described in docs/analysis.md', () => {
    matchGolden(join(import.meta.dirname, '../docs/analysis.md'), renderAnalysis());
  });

  for (const example of examples) {
    it(`${example.code} is all that is said of its example, and the fix makes it silent`, () => {
      const { mistake, fixed } = judgeExample(example);
      assert.deepEqual(
        { mistake: [...new Set(mistake.map(({ code }) => code))], fixed },
        { mistake: [example.code], fixed: [] },
      );
    });
  }
});
