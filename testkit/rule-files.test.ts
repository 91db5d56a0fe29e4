import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { collectRules, formatPlace, nameOf, placeProblem, readRuleFiles } from './rule-files.ts';

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
    const { rules, problems, placeOf } = collectRules([{ path: 'rules.yaml', text: reviews }]);
    const service = 'VirtualService default/reviews';
    const places = [
      placeOf(service),
      placeOf(service, 'spec.http[0].match[1]'),
      placeOf(service, 'spec.http[0].route[0].weight'),
      placeOf('DestinationRule shop/reviews', 'spec.subsets[0]'),
    ].map((place) => place && formatPlace(place));
    deepEqual(
      { rules: rules.map(nameOf), problems, places, other: placeOf('VirtualService shop/reviews') },
      {
        rules: ['DestinationRule shop/reviews', service],
        problems: [],
        places: ['rules.yaml:2:1', 'rules.yaml:11:11', 'rules.yaml:13:11', 'rules.yaml:20:13'],
        other: undefined,
      },
    );
  });

  it('say where an object stands that another file has already', () => {
    const files = collectRules([
      { path: 'b.yaml', text: `---\n${reviews}` },
      { path: 'a.yaml', text: reviews },
    ]);
    const place = files.placeOf('VirtualService default/reviews');
    deepEqual(
      {
        place: place?.file,
        problems: files.problems.map(({ code, resource }) => `${code} ${resource}`),
      },
      {
        place: 'a.yaml',
        problems: [
          'E_DUPLICATE_OBJECT b.yaml:1:1 VirtualService default/reviews',
          'E_DUPLICATE_OBJECT b.yaml:15:1 DestinationRule shop/reviews',
        ],
      },
    );
  });

  it('put the place before what a problem is about', () => {
    const files = collectRules([{ path: 'rules.yaml', text: reviews }]);
    const problem = { code: 'E_SUBSET', severity: 'error', message: 'no such subset' } as const;
    const resources = ['VirtualService default/reviews', 'ServiceEntry default/other'].map(
      (resource) =>
        placeProblem({ ...problem, resource, path: 'spec.http[0].route[0]' }, files).resource,
    );
    deepEqual(resources, [
      'rules.yaml:13:11 VirtualService default/reviews',
      'ServiceEntry default/other',
    ]);
  });

  it('report a file that cannot be read, and read the others', async () => {
    const { rules, problems } = await readRuleFiles([
      'no-such-file.yaml',
      'samples/bookinfo/networking/destination-rule-all.yaml',
    ]);
    deepEqual(
      { rules: rules.length, problems: problems.map(({ code, resource }) => [code, resource]) },
      { rules: 4, problems: [['E_RULE_FILE', 'no-such-file.yaml']] },
    );
  });
});
