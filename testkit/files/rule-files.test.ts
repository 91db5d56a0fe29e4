import { deepEqual } from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'mocha';
import {
  collectRules,
  formatPlace,
  nameOf,
  placeOfRule,
  placeProblem,
  readRuleFiles,
} from './rule-files.ts';

const reviews = `# Versions of reviews.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
    - match:
        - headers: { end-user: { exact: jason } }
        - uri: { prefix: /new }
      route:
        - destination: { host: reviews, subset: v2 }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: shop }
spec:
  host: reviews
  subsets: [{ name: v2, labels: { version: v2 } }]
`;

describe('rule files', () => {
  it('give objects, and the places of these and of their fields', () => {
    const rules = collectRules([{ file: 'rules.yaml', text: reviews }]);
    const service = 'VirtualService default/reviews';
    const places = [
      placeOfRule(rules, service, ''),
      placeOfRule(rules, service, 'spec.http[0].match[1]'),
      placeOfRule(rules, service, 'spec.http[0].route[0].weight'),
      placeOfRule(rules, 'DestinationRule shop/reviews', 'spec.subsets[0]'),
    ].map((place) => place && formatPlace(place));
    deepEqual(
      {
        rules: rules.resources.map(nameOf),
        problems: rules.problems,
        places,
        other: placeOfRule(rules, 'VirtualService shop/reviews', ''),
      },
      {
        rules: ['DestinationRule shop/reviews', service],
        problems: [],
        places: ['rules.yaml:2:1', 'rules.yaml:11:11', 'rules.yaml:13:11', 'rules.yaml:20:13'],
        other: undefined,
      },
    );
  });

  it('take an object that comes again in the place of the earlier one', () => {
    const rules = collectRules([
      { file: 'b.yaml', text: reviews },
      { file: 'a.yaml', text: `---\n${reviews.replace('v2', 'v1')}` },
    ]);
    deepEqual(
      [
        rules.resources.length,
        placeOfRule(rules, 'VirtualService default/reviews', ''),
        rules.problems,
      ],
      [2, { file: 'a.yaml', line: 3, column: 1 }, []],
    );
  });

  it('put the place before what a problem is about', () => {
    const files = collectRules([{ file: 'rules.yaml', text: reviews }]);
    const problem = { code: 'E_SUBSET', severity: 'error', message: 'no such subset' } as const;
    const resources = ['VirtualService default/reviews', 'ServiceEntry default/other'].map(
      (resource) =>
        placeProblem(files, { ...problem, resource, path: 'spec.http[0].route[0]' }).resource,
    );
    deepEqual(resources, [
      'rules.yaml:13:11 VirtualService default/reviews',
      'ServiceEntry default/other',
    ]);
  });

  it('are named from a folder', async () => {
    const path = resolve('samples/bookinfo/networking/destination-rule-all.yaml');
    const rules = await readRuleFiles([path], resolve('samples'));
    deepEqual(
      [rules.resources.length, placeOfRule(rules, 'DestinationRule default/reviews', 'spec.host')],
      [4, { file: 'bookinfo/networking/destination-rule-all.yaml', line: 18, column: 9 }],
    );
  });
});
