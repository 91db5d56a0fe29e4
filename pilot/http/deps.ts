import type { NameTable } from '../../sidecar/contract/name-table.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Watched } from '../../kit/watched.ts';
import type { Reconciliation } from '../ads/reconciliation.ts';
import type { LiveAnalysis } from '../analysis/live-analysis.ts';
import type { ConfigStore } from '../store/store.ts';
import type { AccessPolicy } from './access/access.ts';
import type { AuditLog } from './access/audit.ts';
import type { Limits } from './limits.ts';

/** What the HTTP server shows and changes; everything is passed in. */
export interface HttpServerDeps {
  readonly store: ConfigStore;
  readonly names: Watched<NameTable>;
  /** What the objects of the mesh say of each other; without it nobody is warned. */
  readonly analysis?: Pick<LiveAnalysis, 'preview' | 'serve'>;
  /** Which proxies have an object in force; without it the status says nothing of that. */
  readonly reconciliation?: Pick<Reconciliation, 'reachOf' | 'subscribe'>;
  /** Whether the pilot can serve proxies. */
  readonly ready: () => boolean;
  /** Views of the inside, served as JSON under /debug/NAME. */
  readonly debug: Readonly<Record<string, DebugView>>;
  /** Who may do what. Default: this machine everything, others read. */
  readonly access?: AccessPolicy;
  /** Records who wrote what. */
  readonly audit?: AuditLog;
  readonly limits?: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

/** Given what stands behind the `?` of its URL; undefined where there is nothing to show. */
export type DebugView = (query: Readonly<Record<string, string | undefined>>) => unknown;
