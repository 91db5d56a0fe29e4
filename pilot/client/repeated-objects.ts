import {
  type FilePlace,
  type PlacedProblem,
  type RuleDocument,
  formatPlace,
} from './rule-documents.ts';

/** An object that comes twice: the later one wins at apply. Asked of the objects in their order. */
export function createRepeatFinder(): (document: RuleDocument) => readonly PlacedProblem[] {
  const seen = new Map<string, FilePlace>();
  return ({ object, isKnown, place }) => {
    if (object === undefined || !isKnown) return [];
    const { kind, metadata } = object;
    const resource = `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`;
    const earlier = seen.get(resource);
    seen.set(resource, place);
    if (earlier === undefined) return [];
    const message = `stands at ${formatPlace(earlier)} already; what comes last is what counts`;
    return [{ code: 'W_REPEATED', severity: 'warning', resource, message, place }];
  };
}
