import { readFile } from 'node:fs/promises';
import { OperationError } from '../../kit/errors.ts';
import { formatProblem } from '../../kit/problem.ts';
import { readMeshFile } from '../../local/mesh-file.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import { registerServices } from '../mesh/service.ts';
import { toTestService } from './suite.ts';

/** The services of a mesh file as a registry tells of them. Throws OperationError `E_MESH_FILE`. */
export async function readMeshServices(path: string): Promise<readonly RegisteredService[]> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (cause) {
    throw new OperationError('E_MESH_FILE', `${path} cannot be read`, { cause });
  }
  const read = readMeshFile(path, source);
  if (!read.ok) {
    throw new OperationError('E_MESH_FILE', read.problems.map(formatProblem).join('\n'));
  }
  return registerServices(read.file.services.map(toTestService), (_workload, { number }) => number);
}
