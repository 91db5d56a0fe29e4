/** Plans for containers that a test sketches, and short forms of what comes out. */
import { parseContainer } from '../../registrator/docker/container.ts';
import {
  planServices,
  type DesiredState,
  type PlanOptions,
} from '../../registrator/plan/desired.ts';
import { idOf, inspectReply, type ContainerSketch } from '../fakes/containers.ts';

/** With the addresses of the containers, on a host named `host`. */
export const planOptions: PlanOptions = {
  owner: 'ENGI:NE',
  hostname: 'host',
  internal: true,
  explicit: false,
  tags: [],
  keepFailed: false,
};

export interface PlanMarks {
  /** Names of containers that got their stop signal. */
  readonly stopping?: readonly string[];
  /** Names of containers that could not be read. */
  readonly unknown?: readonly string[];
}

export function plan(
  sketches: readonly ContainerSketch[],
  overrides: Partial<PlanOptions> = {},
  marks: PlanMarks = {},
): DesiredState {
  return planServices(
    {
      containers: sketches.map((sketch) => parseContainer(inspectReply(sketch))),
      stopping: new Set((marks.stopping ?? []).map(idOf)),
      unknown: new Set((marks.unknown ?? []).map(idOf)),
    },
    { ...planOptions, ...overrides },
  );
}

/** `name id address:port` of each record. */
export function summarize({ records }: DesiredState): readonly string[] {
  return records.map(({ name, id, address, port }) => `${name} ${id} ${address}:${port}`);
}

/** Code and place of each problem. */
export function codes({ problems }: DesiredState): readonly string[] {
  return problems.map(({ code, path }) => (path === undefined ? code : `${code} ${path}`));
}
