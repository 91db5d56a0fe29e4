import { matchesLabels } from '../../model/proxy.ts';
import { type Finding, defineAnalyzer, nameOf } from '../analyzer.ts';
import type { Code } from '../codes.ts';
import type { Facts, Labels, ResourceOf } from '../facts.ts';
import { selectorOf } from './selectors.ts';

type Owner = ResourceOf<'Sidecar' | 'Telemetry' | 'PeerAuthentication'>;

/** What is said of two for a whole namespace, and of two for one workload. */
const codesOf: Readonly<Record<Owner['kind'], readonly [whole: Code, selected: Code]>> = {
  Sidecar: ['CM0206', 'CM0207'],
  Telemetry: ['CM0208', 'CM0209'],
  PeerAuthentication: ['CM0210', 'CM0210'],
};

/** Objects of which a workload takes one: a second one for the same workload is left out. */
export const workloadOwners = defineAnalyzer({
  name: 'workload.owners',
  description: 'Finds Sidecars, Telemetries and PeerAuthentications for the same workloads',
  codes: ['CM0206', 'CM0207', 'CM0208', 'CM0209', 'CM0210'],
  kinds: ['Sidecar', 'Telemetry', 'PeerAuthentication'],
  analyze: function* (resource, facts): Iterable<Finding> {
    const { kind, key } = resource;
    const all: readonly Owner[] = facts.all(kind, key.namespace);
    const older = all.slice(
      0,
      Math.max(
        0,
        all.findIndex((other) => other.key === key),
      ),
    );
    const own = labelsOf(resource);
    const [whole, selected] = codesOf[kind];
    if (own === undefined) {
      const rival = older.find((other) => labelsOf(other) === undefined);
      if (rival === undefined) return;
      const message = `${nameOf(rival)} is older and for all workloads of the namespace too; only that one counts. Merge them, or write a selector`;
      yield { code: whole, path: 'spec', message };
      return;
    }
    const path = selectorOf(resource)?.path ?? 'spec';
    for (const rival of older) {
      const labels = labelsOf(rival);
      const shared = labels === undefined ? undefined : sharedBy(own, labels, key.namespace, facts);
      if (shared === undefined) continue;
      const message = `${nameOf(rival)} is older and selects ${shared} too; only that one counts there. Change one of the selectors`;
      yield { code: selected, path, message };
      return;
    }
  },
});

function labelsOf(resource: Owner): Labels | undefined {
  const labels = selectorOf(resource)?.labels ?? {};
  return Object.keys(labels).length === 0 ? undefined : labels;
}

/** In words, what both select. */
function sharedBy(
  left: Labels,
  right: Labels,
  namespace: string,
  facts: Facts,
): string | undefined {
  if (matchesLabels(left, right) && matchesLabels(right, left)) return 'the same labels';
  return facts
    .workloads(namespace)
    .find(({ labels }) => matchesLabels(left, labels) && matchesLabels(right, labels))?.name;
}
