import type { Clock } from '../../kit/clock.ts';
import type { XdsType } from '../xds/resource.ts';
import { type ProxyStatus, type SyncState, type TypeProgress, syncStateOf } from './status.ts';
import type { StreamState } from './stream-state.ts';

const types: readonly XdsType[] = ['cluster', 'endpoint', 'listener', 'route'];

/** Notes when the types of a stream came to the state they are in. The reducer knows no time. */
export class Progress {
  readonly #clock: Clock;
  readonly #states = new Map<XdsType, { readonly state: SyncState; readonly since: number }>();
  readonly #sent = new Map<XdsType, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  sent(type: XdsType): void {
    this.#sent.set(type, this.#clock.now());
  }

  /** To be called after every event of the stream. */
  take(stream: StreamState): void {
    for (const type of types) {
      const state = syncStateOf(stream, type);
      if (state === undefined || this.#states.get(type)?.state === state) continue;
      this.#states.set(type, { state, since: this.#clock.now() });
    }
  }

  read(): ProxyStatus['progress'] {
    const entries = [...this.#states].map(([type, state]): [XdsType, TypeProgress] => {
      const sentAt = this.#sent.get(type);
      return [type, { ...state, ...(sentAt === undefined ? {} : { sentAt }) }];
    });
    return Object.fromEntries(entries);
  }
}
