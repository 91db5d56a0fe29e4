import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { MeshSource } from './mesh-under-test.ts';
import { OfflineMesh } from './offline-mesh.ts';
import type { TestService } from './service.ts';

interface Lane {
  readonly services: string;
  readonly mesh: OfflineMesh;
}

/**
 * Meshes that stay warm. Whoever needs one with the same services gets it with other rules, which takes some
 * milliseconds where a start takes half a second.
 */
export class MeshPool implements MeshSource, Closer {
  readonly #envoy: string;
  readonly #limit: number;
  readonly #idle: Lane[] = [];
  readonly #open = new Set<OfflineMesh>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #closed = false;

  constructor(envoy: string, limit = 3) {
    this.#envoy = envoy;
    this.#limit = limit;
  }

  /** Lends a mesh with these services and rules in force; `action` has it for itself. */
  async lend<T>(
    services: readonly TestService[],
    rules: ResourceSet,
    action: (mesh: OfflineMesh) => Promise<T>,
  ): Promise<T> {
    while (this.#busy >= this.#limit) await new Promise<void>((go) => this.#waiting.push(go));
    this.#busy += 1;
    try {
      const lane = await this.#laneFor(services, rules);
      const { mesh } = lane;
      await mesh.use(rules);
      try {
        return await action(mesh);
      } finally {
        this.#idle.push(lane);
      }
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Lends a mesh that nobody has used, and ends it afterwards. */
  async lendFresh<T>(
    services: readonly TestService[],
    rules: ResourceSet,
    action: (mesh: OfflineMesh) => Promise<T>,
  ): Promise<T> {
    const mesh = await this.#start(services, rules);
    try {
      return await action(mesh);
    } finally {
      await this.#end(mesh);
    }
  }

  /** Ends every mesh, those in use included: what waits there for an answer gets none. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.splice(0);
    await Promise.all([...this.#open].map((mesh) => this.#end(mesh)));
  }

  async #start(services: readonly TestService[], rules: ResourceSet): Promise<OfflineMesh> {
    const mesh = await OfflineMesh.start({ envoy: this.#envoy, services, rules });
    this.#open.add(mesh);
    if (!this.#closed) return mesh;
    await this.#end(mesh);
    throw new OperationError('E_CLOSED', 'ended before all was tried');
  }

  async #end(mesh: OfflineMesh): Promise<void> {
    this.#open.delete(mesh);
    await mesh.close();
  }

  async #laneFor(services: readonly TestService[], rules: ResourceSet): Promise<Lane> {
    const text = JSON.stringify(services);
    const index = this.#idle.findIndex((lane) => lane.services === text);
    const [same] = index === -1 ? [] : this.#idle.splice(index, 1);
    if (same !== undefined) return same;
    if (this.#busy + this.#idle.length > this.#limit) {
      const old = this.#idle.shift();
      if (old !== undefined) await this.#end(old.mesh);
    }
    return { services: text, mesh: await this.#start(services, rules) };
  }
}
