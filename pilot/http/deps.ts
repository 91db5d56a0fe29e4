import type { NameTable } from '../../sidecar/contract/name-table.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Watched } from '../../kit/watched.ts';
import type { LiveAnalysis } from '../analysis/live-analysis.ts';
import type { ConfigStore } from '../store/store.ts';

/** What the HTTP server shows and changes; everything is passed in. */
export interface HttpServerDeps {
  readonly store: ConfigStore;
  readonly names: Watched<NameTable>;
  /** What the objects of the mesh say of each other; without it nobody is warned. */
  readonly analysis?: Pick<LiveAnalysis, 'preview' | 'serve'>;
  /** Whether the pilot can serve proxies. */
  readonly ready: () => boolean;
  /** Views of the inside, served as JSON under /debug/NAME. */
  readonly debug: Readonly<Record<string, () => unknown>>;
  readonly clock: Clock;
  readonly log: Log;
}
