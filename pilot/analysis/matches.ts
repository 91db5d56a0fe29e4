import type { VirtualServiceSpec } from '../api/virtual-service-schema.ts';
import type { CallerMatch } from './match-cover.ts';

/** A match of a VirtualService and where it stands. */
export interface PlacedMatch {
  readonly path: string;
  /** What matches of all protocols have in common. */
  readonly match: CallerMatch;
}

/** The matches of all rules of a VirtualService. */
export function matchesOf(spec: VirtualServiceSpec): readonly PlacedMatch[] {
  return (['http', 'tls', 'tcp'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap(
      ({ match = [] }: { readonly match?: readonly CallerMatch[] }, index) =>
        match.map((one, at) => ({ path: `spec.${list}[${index}].match[${at}]`, match: one })),
    ),
  );
}
