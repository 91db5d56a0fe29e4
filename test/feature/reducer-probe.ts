import assert from 'node:assert/strict';
import { edsCluster, endpoints, httpListener, routes, snapshotOf } from './xds-fixture.ts';
import type { Snapshot, XdsType } from '../../pilot/xds/resource.ts';
import { reduce } from '../../pilot/ads/reducer.ts';
import type { Transport } from '../../pilot/ads/request.ts';
import type {
  Effect,
  OverdueEvent,
  RequestEvent,
  StreamEvent,
} from '../../pilot/ads/stream-state.ts';
import { initialState } from '../../pilot/ads/stream-state.ts';

export type Requested = Partial<Omit<RequestEvent, 'kind' | 'type'>>;

/** A stream whose sends are printed as `type: names -removed`. */
export class Probe {
  state;
  effects: Effect[] = [];

  constructor(transport: Transport) {
    this.state = initialState(transport);
  }

  feed(event: StreamEvent): string[] {
    const { state, effects } = reduce(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    return effects.flatMap((effect) =>
      effect.kind === 'send'
        ? [
            `${effect.type}:${effect.resources.map((one) => ` ${one.name}`).join('')}` +
              effect.removed.map((name) => ` -${name}`).join(''),
          ]
        : [],
    );
  }

  snapshot(snapshot: Snapshot): string[] {
    return this.feed({ kind: 'snapshot', snapshot });
  }

  request(type: XdsType, requested: Requested = {}): string[] {
    const names =
      this.state.transport === 'delta'
        ? ({ kind: 'change', subscribe: [], unsubscribe: [] } as const)
        : ({ kind: 'list', names: [] } as const);
    return this.feed({
      kind: 'request',
      type,
      nonce: '',
      names,
      versions: new Map(),
      ...requested,
    });
  }

  subscribe(type: XdsType, ...subscribe: string[]): string[] {
    return this.request(type, { names: { kind: 'change', subscribe, unsubscribe: [] } });
  }

  ack(type: XdsType, names: readonly string[] = []): string[] {
    const { nonce } = this.state.types[type];
    return this.request(type, {
      nonce,
      ...(this.state.transport === 'sotw' ? { names: { kind: 'list', names } } : {}),
    });
  }

  nack(type: XdsType, error: string): string[] {
    return this.request(type, { nonce: this.state.types[type].nonce, error });
  }

  overdue(what: OverdueEvent['what']): string[] {
    const awaited = this.effects.findLast(
      (effect) => effect.kind === 'await' && effect.event.what === what,
    );
    assert.ok(awaited?.kind === 'await', `nothing awaits ${what}`);
    return this.feed(awaited.event);
  }
}

/** One cluster with its endpoints, a listener and its routes. */
export const before = snapshotOf({
  cluster: [edsCluster('a')],
  endpoint: [endpoints('a', 1)],
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', ['a'])],
});
/** Another cluster takes over. */
export const after = snapshotOf({
  cluster: [edsCluster('b')],
  endpoint: [endpoints('b', 2)],
  listener: [httpListener('l', 80, 'r')],
  route: [routes('r', ['b'])],
});

/** A delta stream that has acknowledged all of `before`. */
export function synced(): Probe {
  const probe = new Probe('delta');
  probe.snapshot(before);
  probe.request('cluster');
  probe.subscribe('endpoint', 'a');
  probe.ack('endpoint');
  probe.ack('cluster');
  probe.request('listener');
  probe.ack('listener');
  probe.subscribe('route', 'r');
  probe.ack('route');
  assert.ok(probe.state.synced);
  return probe;
}
