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
export type { Behaviour } from './backend.ts';
export { type CoverageFormat, formatCoverage } from './coverage-report.ts';
export type { Coverage, CoveragePoint } from './coverage.ts';
export type { Explanation } from './explanation.ts';
export { formatExplanation } from './explanation-tree.ts';
export type { MeshOptions, Rule, Rules, ServiceOptions } from './mesh-options.ts';
export type { Arrival, Observation } from './observation.ts';
export type { FilePlace } from './rule-files.ts';
export {
  type DecidingRule,
  type MeshCaller,
  type RequestOptions,
  type Result,
  type StartedMesh,
  startMesh,
} from './started-mesh.ts';
