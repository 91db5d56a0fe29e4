import type { RuleFiles } from '../files/rule-files.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';
import type { TestService } from '../mesh/service.ts';
import type { LiveStatus } from './explanation.ts';

/** What there is to explain a request with. */
export interface ExplainedMesh {
  readonly services: readonly TestService[];
  readonly rules: RuleFiles;
  /** ADDRESS:PORT of a workload of a running mesh. */
  readonly addressOf?: (workload: string) => string | undefined;
  /** What a running mesh says of a caller's sidecar. */
  readonly statusOf?: (caller: Caller) => Promise<LiveStatus>;
}
