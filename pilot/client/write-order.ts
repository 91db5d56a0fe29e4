import type { RuleDocument } from './rule-documents.ts';

/**
 * In which order the objects of files are written: what others refer to goes first, so that no route leads to a subset
 * that comes a moment later, or last when it is taken away.
 */
export type WriteOrder = 'as written' | 'referred to first' | 'referred to last';

/** From those that refer to nothing on; kinds that are not here come after them. */
const ranks: readonly (readonly string[])[] = [
  ['Namespace'],
  ['Secret', 'ConfigMap'],
  ['WorkloadGroup', 'WorkloadEntry'],
  ['ServiceEntry'],
  ['DestinationRule', 'Gateway'],
];

/** The documents in an order; those of one rank stay as the files have them. */
export function inOrder(
  documents: readonly RuleDocument[],
  order: WriteOrder,
): readonly RuleDocument[] {
  if (order === 'as written') return documents;
  const sign = order === 'referred to first' ? 1 : -1;
  return documents.toSorted((left, right) => sign * (rankOf(left) - rankOf(right)));
}

function rankOf({ object }: RuleDocument): number {
  const rank = ranks.findIndex((kinds) => kinds.includes(object?.kind ?? ''));
  return rank === -1 ? ranks.length : rank;
}
