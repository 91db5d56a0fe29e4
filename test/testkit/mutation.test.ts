import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { forEachConcurrently } from '../../kit/concurrent.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import { findFiles } from '../../testkit/files/file-pattern.ts';
import { MeshPool } from '../../testkit/mesh/mesh-pool.ts';
import type { OfflineMesh } from '../../testkit/mesh/offline-mesh.ts';
import { readRuleFiles } from '../../testkit/files/rule-files.ts';
import { alphaOf, requestsOf, runCase } from '../../testkit/run/run-case.ts';
import { type Suite, type SuiteCase, loadSuite } from '../../testkit/case-file/suite.ts';
import { findEnvoy } from '../support/programs.ts';
import { type Mutant, mutate } from './mutants.ts';

const root = join(import.meta.dirname, '../..');
const networking = join(root, 'samples/bookinfo/networking');

/** Changes that no request can tell from the original, by the reason for that. */
const equivalent: Readonly<Record<string, readonly string[]>> = {
  'rules for a gateway are not in force yet': [
    'bookinfo-gateway: Gateway bookinfo-gateway: left out',
    'bookinfo-gateway: VirtualService bookinfo: hosts[0] "*" → "productpage"',
    'bookinfo-gateway: VirtualService bookinfo: http[0] match removed',
    'bookinfo-gateway: VirtualService bookinfo: http[0].match[0].uri.exact "/productpage" → "/productpagex"',
    'bookinfo-gateway: VirtualService bookinfo: http[0].match[2].uri.exact "/login" → "/loginx"',
    'bookinfo-gateway: VirtualService bookinfo: http[0].match[3].uri.exact "/logout" → "/logoutx"',
    'bookinfo-gateway: VirtualService bookinfo: http[0].route[0].destination.host "productpage" → "details"',
    'bookinfo-gateway: VirtualService bookinfo: left out',
    'certmanager-gateway: Gateway cert-manager-gateway: left out',
    'certmanager-gateway: VirtualService cert-manager: hosts[0] "*" → "productpage"',
    'certmanager-gateway: VirtualService cert-manager: http[0] match removed',
    'certmanager-gateway: VirtualService cert-manager: http[0].route[0].destination.host "cert-manager-resolver" → "productpage"',
    'certmanager-gateway: VirtualService cert-manager: left out',
  ],
  'mutual TLS is not in force yet': [
    'destination-rule-all-mtls: DestinationRule details: trafficPolicy removed',
    'destination-rule-all-mtls: DestinationRule productpage: trafficPolicy removed',
    'destination-rule-all-mtls: DestinationRule ratings: trafficPolicy removed',
    'destination-rule-all-mtls: DestinationRule reviews: trafficPolicy removed',
  ],
  'a subset of one instance leaves nothing to a load balancer': [
    'destination-rule-reviews: DestinationRule reviews: trafficPolicy removed',
  ],
  'the fault keeps every request from the members of the subset': [
    'fault-injection-details-v1: DestinationRule details: subsets[0] labels removed',
    'fault-injection-details-v1: DestinationRule details: subsets[0].labels.version "v1" → "v1x"',
    'fault-injection-details-v1: DestinationRule details: subsets[0].labels.version "v1" → "v2"',
  ],
  'halves that are exchanged are halves': [
    'virtual-service-reviews-50-v3: VirtualService reviews: http[0] weights 50, 50 → 50, 50',
    'virtual-service-reviews-v2-v3: VirtualService reviews: http[0] weights 50, 50 → 50, 50',
  ],
};

const names = {
  services: ['productpage', 'details', 'reviews', 'ratings'],
  subsets: new Map([
    ['productpage', ['v1']],
    ['details', ['v1', 'v2']],
    ['reviews', ['v1', 'v2', 'v3']],
    ['ratings', ['v1', 'v2', 'v2-mysql', 'v2-mysql-vm']],
  ]),
};

interface Trial {
  readonly suite: Suite;
  readonly mutant: Mutant;
  readonly name: string;
}

/** The mutants of one rule file, with the cases that are to notice them. */
async function trialsOf(name: string): Promise<readonly Trial[]> {
  const file = join(networking, `${name}.yaml`);
  const loaded = await loadSuite(`samples/bookinfo/tests/${name}.mesh-test.yaml`, root);
  const { suite } = loaded;
  assert.ok(suite, name);
  assert.ok(loaded.files.includes(file), `${name} tests the file it is named after`);
  const own = await readRuleFiles([file], root);
  const keys = new Set(own.origins.keys());
  const others = suite.rules.resources.filter(
    ({ kind, key }) => !keys.has(`${kind} ${key.namespace}/${key.name}`),
  );
  return mutate(own.resources, others, names).map((mutant) => ({
    suite,
    mutant,
    name: `${name}: ${mutant.name}`,
  }));
}

/** Whether some case fails; the quick ones are tried first. */
async function isNoticed({ suite }: Trial, mesh: OfflineMesh): Promise<boolean> {
  const alpha = alphaOf(suite.cases);
  const cost = (entry: SuiteCase): number =>
    (entry.expect.fault?.delay ?? 0) * 10 + requestsOf(entry, alpha);
  for (const entry of [...suite.cases].sort((left, right) => cost(left) - cost(right))) {
    const { checks } = await runCase(entry, mesh, { alpha, concurrency: 32 });
    if (checks.some(({ verdict }) => verdict === 'failed')) return true;
  }
  return false;
}

async function survivorsOf(trials: readonly Trial[], pool: MeshPool): Promise<readonly string[]> {
  const survivors: string[] = [];
  await forEachConcurrently(trials, trials.length, async (trial) => {
    const rules: ResourceSet = trial.mutant.rules;
    const noticed = await pool.lend(trial.suite.services, rules, (mesh) => isNoticed(trial, mesh));
    if (!noticed) survivors.push(trial.name);
  });
  return survivors.sort();
}

describe('the cases of Bookinfo', () => {
  let pool: MeshPool;
  before(async () => {
    pool = new MeshPool(await findEnvoy(), 6);
  });
  after(() => pool.close());

  it('notice every change of the rules that a request can notice', async function () {
    this.timeout(180_000);
    const files = await findFiles(networking, root);
    const trials = (
      await Promise.all(files.map((file) => trialsOf(basename(file, '.yaml'))))
    ).flat();
    const slow = trials.filter(({ name }) => name.includes('delay'));
    const sorted = [...slow, ...trials.filter((trial) => !slow.includes(trial))];
    assert.ok(trials.length > 150, `only ${trials.length} mutants`);
    assert.deepEqual(await survivorsOf(sorted, pool), Object.values(equivalent).flat().sort());
  });
});
