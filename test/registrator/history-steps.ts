/** What may happen in a history of a host, and how likely it is. */
import fc from 'fast-check';
import type { ProxyMode } from '../fakes/faulty-proxy.ts';
import type { HostCommand } from '../fakes/modelled-host.ts';

/** What happens to Docker, to Consul and to the registrator itself. */
export type Trouble =
  | {
      readonly kind:
        'events end' | 'Docker ends' | 'Docker is back' | 'Consul forgets' | 'the registrator ends';
    }
  | { readonly kind: 'events are lost'; readonly count: number }
  | { readonly kind: 'the clock jumps'; readonly by: number }
  | { readonly kind: 'Docker fails'; readonly how: 'status 500' | 'truncated' | 'reset' }
  | { readonly kind: 'Consul'; readonly mode: ProxyMode }
  | { readonly kind: 'somebody deregisters'; readonly which: number };

export type Command = HostCommand | Trouble | { readonly kind: 'quiet' };

const troubles: ReadonlySet<string> = new Set<Trouble['kind']>([
  'events end',
  'events are lost',
  'Docker ends',
  'Docker is back',
  'Docker fails',
  'the clock jumps',
  'Consul',
  'Consul forgets',
  'somebody deregisters',
  'the registrator ends',
]);

export function isTrouble(command: Command): command is Trouble {
  return troubles.has(command.kind);
}

export interface Step {
  readonly command: Command;
  /** How long until the next one (ms). */
  readonly pause: number;
}

const which = fc.nat(11);
const name = fc.nat(5);
const service = fc.nat(2);
const grace = fc.constantFrom(0, 5, 20);

const hostCommand: fc.Arbitrary<HostCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      name,
      service,
      probed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create' as const), name, service }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('start', 'crash', 'kill', 'pause', 'unpause'),
      which,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('stop', 'restart'), which, grace }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), which, name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('probe' as const),
      which,
      probe: fc.constantFrom('healthy', 'unhealthy'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('readdress', 'signal'), which }),
  },
);

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'events end',
      'Docker ends',
      'Docker is back',
      'Consul forgets',
      'the registrator ends',
    ),
  }),
  fc.record({
    kind: fc.constant('events are lost' as const),
    count: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('the clock jumps' as const),
    by: fc.constantFrom(-3_600_000, 3_600_000),
  }),
  fc.record({
    kind: fc.constant('Docker fails' as const),
    how: fc.constantFrom('status 500', 'truncated', 'reset'),
  }),
  fc.record({
    kind: fc.constant('Consul' as const),
    mode: fc.constantFrom('open', 'refused', 'error', 'lost answer', 'slow'),
  }),
  fc.record({ kind: fc.constant('somebody deregisters' as const), which }),
);

/** One step of a history. */
export const step: fc.Arbitrary<Step> = fc.record({
  command: fc.oneof(
    { weight: 12, arbitrary: hostCommand },
    { weight: 4, arbitrary: trouble },
    { weight: 1, arbitrary: fc.constant({ kind: 'quiet' as const }) },
  ),
  pause: fc.constantFrom(0, 0, 0, 1, 5, 30),
});
