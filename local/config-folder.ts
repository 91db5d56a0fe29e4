import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MeshFile } from './mesh-file.ts';

/**
 * Makes the folder of the rules. A new one gets a file with comments only: where to begin. What a folder has is
 * left as it is, so rules outlive the mesh. Returns the path of that file, if it was written.
 */
export async function makeConfigFolder(path: string, file: MeshFile): Promise<string | undefined> {
  await mkdir(path, { recursive: true });
  const entries = await readdir(path);
  if (entries.length > 0) return undefined;
  const first = join(path, 'rules.yaml');
  await writeFile(first, explain(file));
  return first;
}

function explain({ services }: MeshFile): string {
  const example = services.find(({ versions }) => versions.length > 1) ?? services[0];
  const name = example?.name ?? 'web';
  const versions = (example?.versions ?? []).flatMap(({ version }) => version ?? []);
  const last = versions.at(-1) ?? 'v1';
  const subsets = (versions.length > 0 ? versions : ['v1']).map(
    (version) => `#     - { name: ${version}, labels: { version: ${version} } }\n`,
  );
  return `# Rules of the mesh: every YAML file in this folder is in force as soon as it is saved. A file with a mistake changes
# nothing: the mistake is printed, and the last good rules stay. What kubectl and \`cmesh apply\` write comes here too.
#
# For example: uncomment what follows and save, and only version ${last} of ${name} is called.
#
# apiVersion: networking.istio.io/v1
# kind: DestinationRule
# metadata: { name: ${name} }
# spec:
#   host: ${name}
#   subsets:
${subsets.join('')}# ---
# apiVersion: networking.istio.io/v1
# kind: VirtualService
# metadata: { name: ${name} }
# spec:
#   hosts: [${name}]
#   http:
#     - route:
#         - destination: { host: ${name}, subset: ${last} }
`;
}
