import type { AuthorizationPolicy } from '../../api/resource.ts';
import { type Finding, advise, defineAnalyzer } from '../analyzer.ts';
import type { Facts } from '../facts.ts';
import { matchesOf } from '../matches.ts';

/** Names of namespaces in which there is nothing. */
export const namespaces = defineAnalyzer({
  name: 'namespaces.references',
  description: 'Finds names of namespaces in which there is neither an object nor a service',
  codes: ['CM0110'],
  kinds: ['VirtualService', 'DestinationRule', 'ServiceEntry', 'AuthorizationPolicy'],
  analyze: function* (resource, facts) {
    if (!facts.knowsServices) return;
    if (resource.kind === 'AuthorizationPolicy') {
      yield* checkSources(resource, facts);
      return;
    }
    yield* check('spec.exportTo', resource.spec.exportTo, facts);
    if (resource.kind !== 'VirtualService') return;
    for (const { path, match } of matchesOf(resource.spec)) {
      yield* checkOne(`${path}.sourceNamespace`, match.sourceNamespace ?? '', facts);
    }
  },
});

function* checkSources({ spec }: AuthorizationPolicy, facts: Facts): Iterable<Finding> {
  for (const [index, { from = [] }] of (spec.rules ?? []).entries()) {
    for (const [at, { source = {} }] of from.entries()) {
      const path = `spec.rules[${index}].from[${at}].source`;
      yield* check(`${path}.namespaces`, source.namespaces, facts);
      yield* check(`${path}.notNamespaces`, source.notNamespaces, facts);
    }
  }
}

function* check(
  path: string,
  names: readonly string[] | undefined,
  facts: Facts,
): Iterable<Finding> {
  for (const [index, name] of (names ?? []).entries()) {
    yield* checkOne(`${path}[${index}]`, name, facts);
  }
}

/** Patterns and the words for its own and for all namespaces are no names. */
function* checkOne(path: string, name: string, facts: Facts): Iterable<Finding> {
  if (name === '' || name === '.' || name === '~' || name.includes('*')) return;
  if (facts.hasNamespace(name)) return;
  const advice = advise(name, facts.namespaces(), 'Correct the name');
  const message = `there is nothing in namespace "${name}": no object and no service. ${advice}`;
  yield { code: 'CM0110', path, message };
}
