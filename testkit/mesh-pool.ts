import { type Closer, Lifecycle } from '../kit/lifecycle.ts';
import type { ResourceSet } from '../pilot/api/resource.ts';
import { OfflineMesh } from './offline-mesh.ts';
import type { TestService } from './service.ts';

interface Lane {
  readonly services: string;
  readonly mesh: Promise<OfflineMesh>;
}

/**
 * Meshes that stay warm. Whoever needs one with the same services gets it with other rules, which takes some
 * milliseconds where a start takes half a second.
 */
export class MeshPool implements Closer {
  readonly #envoy: string;
  readonly #limit: number;
  readonly #idle: Lane[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

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
      const mesh = await lane.mesh;
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

  /** A mesh that nobody has used, for rules that remember; its taker closes it. */
  start(services: readonly TestService[], rules: ResourceSet): Promise<OfflineMesh> {
    return OfflineMesh.start({ envoy: this.#envoy, services, rules });
  }

  async close(): Promise<void> {
    const lifecycle = new Lifecycle();
    for (const { mesh } of this.#idle.splice(0)) lifecycle.add(await mesh);
    await lifecycle.close();
  }

  async #laneFor(services: readonly TestService[], rules: ResourceSet): Promise<Lane> {
    const text = JSON.stringify(services);
    const index = this.#idle.findIndex((lane) => lane.services === text);
    const [same] = index === -1 ? [] : this.#idle.splice(index, 1);
    if (same !== undefined) return same;
    if (this.#busy + this.#idle.length > this.#limit) {
      const old = await this.#idle.shift()?.mesh;
      await old?.close();
    }
    return { services: text, mesh: this.start(services, rules) };
  }
}
