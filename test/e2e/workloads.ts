/** Workloads that suites add to the running stack, each as docs/add-a-service.md makes them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './command.ts';
import { compose, project } from './stack.ts';

export const nodeImage = 'node:24-bookworm-slim';

export interface WorkloadSketch {
  /** Name of the workload, and of its container. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly volumes?: readonly string[];
  readonly port: number;
}

type Services = Readonly<Record<string, object>>;

/** The three services of Compose that make a workload. */
function composeServices({ name, labels, command, volumes = [], port }: WorkloadSketch): Services {
  const extend = (service: string): object => ({
    extends: { file: join(root, 'compose/mesh.yaml'), service },
  });
  const joined = { network_mode: `service:${name}-pod` };
  const healthy = { condition: 'service_healthy' };
  return {
    [`${name}-pod`]: { ...extend('pod'), hostname: name, expose: [String(port)] },
    [`${name}-sidecar`]: {
      ...extend('sidecar'),
      ...joined,
      depends_on: { [`${name}-pod`]: { ...healthy, restart: true } },
    },
    [name]: {
      image: nodeImage,
      ...joined,
      ...{ command, labels, volumes, init: true },
      depends_on: { [`${name}-sidecar`]: healthy },
    },
  };
}

/** Services added to the stack by a compose file of their own. */
export class AddedServices {
  readonly #folder: string;
  readonly #file: string;
  readonly #names: readonly string[];

  private constructor(folder: string, file: string, names: readonly string[]) {
    this.#folder = folder;
    this.#file = file;
    this.#names = names;
  }

  /** Starts workloads, and waits until they run. */
  static add(sketches: readonly WorkloadSketch[]): Promise<AddedServices> {
    const all = sketches.map(composeServices);
    return AddedServices.addFile(Object.assign({}, ...all) as Services);
  }

  static async addFile(services: Services): Promise<AddedServices> {
    const folder = await mkdtemp(join(tmpdir(), 'composemesh-workloads-'));
    const file = join(folder, 'compose.json');
    const content = { name: project, include: [join(root, 'compose.yaml')], services };
    await writeFile(file, JSON.stringify(content));
    const added = new AddedServices(folder, file, Object.keys(services));
    try {
      await compose('--file', file, 'up', '--wait', ...added.#names);
      return added;
    } catch (error) {
      await added.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await compose('--file', this.#file, 'rm', '--stop', '--force', '--volumes', ...this.#names);
    await rm(this.#folder, { recursive: true });
  }
}
