import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../pilot/analysis/analysis.ts';
import { codes } from '../pilot/analysis/codes.ts';
import { analyzers } from '../pilot/analysis/analyzers.ts';
import { formatKey } from '../pilot/api/kinds.ts';
import type { ConfigResource } from '../pilot/api/resource.ts';
import { readMeshServices } from '../testkit/case-file/mesh-services.ts';
import { resourcesOf } from './support/mesh-fixture.ts';
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

describe('the rules of the samples', () => {
  const folder = join(import.meta.dirname, '../samples/bookinfo');
  const read = (file: string): readonly ConfigResource[] =>
    resourcesOf(readFileSync(join(folder, 'networking', file), 'utf8'));
  const files = readdirSync(join(folder, 'networking')).filter((file) => file.endsWith('.yaml'));

  for (const file of files) {
    it(`${file} has nothing wrong, with the subsets that it needs`, async () => {
      const services = await readMeshServices(join(folder, 'tests/services.yaml'));
      const resources = new Map(
        [...read('destination-rule-all.yaml'), ...read(file)].map((one) => [
          formatKey(one.key),
          one,
        ]),
      );
      const problems = analyze([...resources.values()], { domain: 'service.consul', services });
      assert.deepEqual(
        // The sample's services stand behind a gateway of Istio's, which this list has not.
        problems.filter(({ code }) => code !== 'CM0501'),
        [],
      );
    });
  }
});
