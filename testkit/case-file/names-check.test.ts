import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProblem } from '../../kit/problem.ts';
import { loadSuite } from './suite.ts';

const rules = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: mail }
spec: { hosts: [mail.example.com], ports: [{ number: 25, name: tcp }], resolution: DNS }
`;

const services = `services:
  - { name: productpage, port: 9080 }
  - { name: reviews, port: 9080, versions: [v1, v2] }
`;

describe('the names in a case file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cmesh-names-'));
    await writeFile(join(folder, 'rules.yaml'), rules);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function problemsOf(
    cases: string,
    head = `rules: [rules.yaml]\n${services}`,
  ): Promise<readonly string[]> {
    await writeFile(join(folder, 'a.yaml'), `${head}cases:\n${cases}`);
    return (await loadSuite('a.yaml', folder)).problems.map(formatProblem);
  }

  it('may be short, full, of a version, of a workload or of a ServiceEntry', async () => {
    const cases = `
  - { name: a, from: productpage, request: 'http://reviews:9080/', expect: { service: reviews, version: v2, subset: v1 } }
  - { name: b, from: reviews/v2, request: 'http://reviews.service.consul:9080/', expect: { host: reviews, split: { v1: 50%, reviews/v2: 50% } } }
  - { name: c, from: reviews-v1, request: 'tcp://mail.example.com:25', expect: { service: mail.example.com } }
  - { name: d, request: 'http://nobody/', expect: { unreachable: true } }
`;
    assert.deepEqual(await problemsOf(cases), []);
  });

  it('are looked up, and what was meant is proposed', async () => {
    const cases = `
  - name: a
    from: productpag
    request: http://review:9080/
    when: { reviews/v4: { status: 503 } }
    expect: { service: rating, version: v3, subset: v2, mirror: reviews/v9, split: { v1: 50%, v8: 50% } }
  - { name: b, request: 'http://reviews:80/', expect: { status: 200 } }
`;
    assert.deepEqual(await problemsOf(cases), [
      'E_FIELD_INVALID a.yaml:8:11: cases[0].from: Invalid value: "productpag": there is no such service; did you mean "productpage"?',
      'E_FIELD_INVALID a.yaml:9:14: cases[0].request.url: Invalid value: "http://review:9080/": there is no service review; did you mean "reviews"?',
      'E_FIELD_INVALID a.yaml:10:25: cases[0].when[reviews/v4]: Invalid value: "reviews/v4": reviews has no version v4; did you mean "v1"?',
      'E_FIELD_INVALID a.yaml:11:24: cases[0].expect.service: Invalid value: "rating": there is no such service; there is productpage, reviews, mail.example.com',
      'E_FIELD_INVALID a.yaml:11:41: cases[0].expect.version: Invalid value: "v3": no service has this version; did you mean "v1"?',
      'E_FIELD_INVALID a.yaml:11:53: cases[0].expect.subset: Invalid value: "v2": no DestinationRule has this subset; did you mean "v1"?',
      'E_FIELD_INVALID a.yaml:11:65: cases[0].expect.mirror: Invalid value: "reviews/v9": reviews has no version v9; did you mean "v1"?',
      'E_FIELD_INVALID a.yaml:11:99: cases[0].expect.split.v8: Invalid value: "v8": is no version and no service; did you mean "v1"?',
      'E_FIELD_INVALID a.yaml:12:25: cases[1].request.url: Invalid value: "http://reviews:80/": reviews has no port 80, only 9080',
    ]);
  });

  it('of files are looked for beside the case file and in the working directory', async () => {
    const cases = `  - { name: a, request: 'http://reviews:9080/', expect: { status: 200 } }\n`;
    const missing =
      'there is no such file, neither beside the case file nor in the working directory';
    assert.deepEqual(
      await problemsOf(cases, 'rules: [rules.yaml, no/*.yaml]\nservices: mesh.yaml\n'),
      [
        `E_FIELD_INVALID a.yaml:2:11: services: Invalid value: "mesh.yaml": ${missing}`,
        `E_FIELD_INVALID a.yaml:1:21: rules[1]: Invalid value: "no/*.yaml": ${missing}`,
      ],
    );
  });
});
