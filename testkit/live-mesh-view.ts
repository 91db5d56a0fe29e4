import type { ExplainedMesh } from './explain-command.ts';
export function readLiveMesh(server: string): Promise<ExplainedMesh> {
  throw new Error(server);
}
