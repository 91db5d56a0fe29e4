import type { ConfigPatch } from '../../api/envoy-filter-schema.ts';
import { type Finding, defineAnalyzer } from '../analyzer.ts';

const relative = ['INSERT_BEFORE', 'INSERT_AFTER', 'REPLACE', 'REMOVE'];
const whole = ['ROUTE_CONFIGURATION', 'HTTP_ROUTE'];
const replaceable = ['NETWORK_FILTER', 'HTTP_FILTER', 'VIRTUAL_HOST'];

/** Patches that Envoy's configuration is not changed by, or not always. */
export const envoyFilters = defineAnalyzer({
  name: 'envoyfilter.operations',
  description: 'Checks that the operations of EnvoyFilters work for what they patch',
  codes: ['CM0701', 'CM0702', 'CM0703', 'CM0704'],
  kinds: ['EnvoyFilter'],
  analyze: function* ({ spec }): Iterable<Finding> {
    for (const [index, patch] of (spec.configPatches ?? []).entries()) {
      yield* checkPatch(`spec.configPatches[${index}]`, patch, spec.priority ?? 0);
    }
  },
});

function* checkPatch(path: string, patch: ConfigPatch, priority: number): Iterable<Finding> {
  const place = `${path}.patch.operation`;
  const useless = judgeOperation(patch);
  if (useless !== undefined) {
    yield { ...useless, path: place };
    return;
  }
  const operation = patch.patch?.operation ?? 'INVALID';
  if (!relative.includes(operation) || priority !== 0) return;
  const version = patch.match?.proxy?.proxyVersion ?? '';
  const updates = version === '' ? '' : ', also while proxies are updated';
  const message = `${operation} depends on what other EnvoyFilters have patched before, and without priority their order is not said${updates}. Write spec.priority, or use ADD or INSERT_FIRST`;
  yield { code: 'CM0701', path: place, message };
}

/** Operations that do nothing for what they are applied to. */
function judgeOperation({
  applyTo = 'INVALID',
  patch,
}: ConfigPatch): Omit<Finding, 'path'> | undefined {
  const operation = patch?.operation ?? 'INVALID';
  const nothing = `${operation} does nothing for ${applyTo}`;
  if (operation === 'REPLACE' && !replaceable.includes(applyTo)) {
    return { code: 'CM0702', message: `${nothing}. Use MERGE` };
  }
  if (!whole.includes(applyTo)) return undefined;
  if (operation === 'ADD') {
    const better = applyTo === 'HTTP_ROUTE' ? 'INSERT_FIRST' : 'MERGE';
    return { code: 'CM0703', message: `${nothing}. Use ${better}` };
  }
  return operation === 'REMOVE'
    ? { code: 'CM0704', message: `${nothing}. Patch the VIRTUAL_HOST instead` }
    : undefined;
}
