/**
 * `composemesh/testkit`: tries routing rules in the tests of any runner, with a real Envoy and without a mesh
 * (docs/testkit.md).
 */
export {
  assertAnsweredBy,
  assertMirrored,
  assertRule,
  assertSplit,
  assertUnreachable,
  requestsFor,
  type Split,
} from './assertions.ts';
export type { Behaviour } from './mesh/backend.ts';
export { type CoverageFormat, formatCoverage } from './coverage/coverage-report.ts';
export type { Coverage, CoveragePoint } from './coverage/coverage.ts';
export type { Explanation } from './explain/explanation.ts';
export { formatExplanation } from './explain/explanation-tree.ts';
export type { MeshOptions, Rule, Rules, ServiceOptions } from './mesh-options.ts';
export type { Arrival, Observation } from './mesh/observation.ts';
export type { FilePlace } from './files/rule-files.ts';
export {
  type DecidingRule,
  type MeshCaller,
  type RequestOptions,
  type Result,
  type StartedMesh,
  startMesh,
} from './started-mesh.ts';
