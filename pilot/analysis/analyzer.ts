import { findNearest } from '../../kit/nearest.ts';
import type { Problem } from '../../kit/problem.ts';
import type { ConfigResource } from '../api/resource.ts';
import type { Code } from './codes.ts';
import type { Facts, Kind, ResourceOf } from './facts.ts';

/** What an analyzer has to say of one resource. */
export interface Finding {
  readonly code: Code;
  readonly path: string;
  /** What is wrong with the value, what comes of it, and what to do. */
  readonly message: string;
  /** When it is not that of the code. */
  readonly severity?: Problem['severity'];
}

/** A check across resources: pure, of one resource at a time, with questions about the rest of the mesh. */
export interface Analyzer {
  /** Theme and check, as `istioctl analyze --list-analyzers` names them. */
  readonly name: string;
  readonly description: string;
  readonly codes: readonly Code[];
  readonly kinds: readonly Kind[];
  readonly analyze: (resource: ConfigResource, facts: Facts) => Iterable<Finding>;
}

interface AnalyzerSource<K extends Kind> extends Omit<Analyzer, 'kinds' | 'analyze'> {
  readonly kinds: readonly K[];
  readonly analyze: (resource: ResourceOf<K>, facts: Facts) => Iterable<Finding>;
}

/** Ties an analyzer to the types of its kinds. */
export function defineAnalyzer<K extends Kind>(source: AnalyzerSource<K>): Analyzer {
  return {
    ...source,
    analyze: (resource, facts) => source.analyze(resource as ResourceOf<K>, facts),
  };
}

/** What to do about a name that does not exist: the name that was meant, if one is near, else `otherwise`. */
export function advise(word: string, candidates: readonly string[], otherwise: string): string {
  const nearest = recall(word, candidates);
  return nearest === undefined || nearest === word ? otherwise : `Did you mean "${nearest}"?`;
}

const nearests = new WeakMap<readonly string[], Map<string, string | undefined>>();

/** Rules that name the same missing host ask the same thousands of names. */
function recall(word: string, candidates: readonly string[]): string | undefined {
  const known = nearests.get(candidates) ?? new Map<string, string | undefined>();
  nearests.set(candidates, known);
  if (!known.has(word)) known.set(word, findNearest(word, candidates));
  return known.get(word);
}

/** `VirtualService default/reviews`, as problems name objects. */
export function nameOf({ kind, key }: Pick<ConfigResource, 'kind' | 'key'>): string {
  return `${kind} ${key.namespace}/${key.name}`;
}

/** `a, b and 3 more`: long lists say nothing more. */
export function listSome(words: readonly (string | number)[], most = 5): string {
  const shown = words.slice(0, most).join(', ');
  return words.length > most ? `${shown} and ${words.length - most} more` : shown;
}
