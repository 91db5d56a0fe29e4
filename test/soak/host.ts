/** Real containers of one soak: what can be done to them, and what Consul should hold of them. */
import type Docker from 'dockerode';

/** What Consul should hold of a container that runs. */
export interface ExpectedInstance {
  readonly name: string;
  readonly address: string;
  readonly status: 'passing' | 'critical';
}

const port = 8080;

export class SoakHost {
  readonly #docker: Docker;
  readonly #label: string;
  readonly #network: string;
  readonly #image: string;
  #made = 0;

  constructor(docker: Docker, { name, image }: { readonly name: string; readonly image: string }) {
    this.#docker = docker;
    this.#label = `composemesh.soak=${name}`;
    this.#network = name;
    this.#image = image;
  }

  async open(): Promise<void> {
    await this.#docker.createNetwork({ Name: this.#network });
  }

  /** Starts a container of one of the services. It does not react to SIGTERM in time, or at once. */
  async run(service: number): Promise<void> {
    this.#made += 1;
    const container = await this.#docker.createContainer({
      name: `${this.#network}-${this.#made}`,
      Image: this.#image,
      Entrypoint: [
        'sh',
        '-c',
        this.#made % 2 === 0 ? 'sleep 3600' : 'trap exit TERM; while :; do sleep 0.1; done',
      ],
      Env: [`SERVICE_NAME=soak${service}`, 'SERVICE_PROTOCOL=http', 'SERVICE_VERSION=v1'],
      ExposedPorts: { [`${port}/tcp`]: {} },
      Labels: { 'composemesh.soak': this.#network },
      HostConfig: { NetworkMode: this.#network },
    });
    await container.start();
  }

  /** Those of the soak, in any state. */
  async list(): Promise<readonly Docker.Container[]> {
    const found = await this.#docker.listContainers({
      all: true,
      filters: { label: [this.#label] },
    });
    return found.map(({ Id }) => this.#docker.getContainer(Id));
  }

  /** What Consul should hold, by the name of the container. */
  async expected(): Promise<Readonly<Record<string, ExpectedInstance>>> {
    const replies = await Promise.all((await this.list()).map((container) => container.inspect()));
    const alive = replies.filter(({ State }) => State.Running);
    return Object.fromEntries(
      alive.map(({ Name, Config, State, NetworkSettings }) => {
        const service = Config.Env.find((line) => line.startsWith('SERVICE_NAME='))?.split('=')[1];
        const address = NetworkSettings.Networks[this.#network]?.IPAddress ?? '';
        const status = State.Paused ? 'critical' : 'passing';
        return [Name.slice(1), { name: service ?? '', address, status }];
      }),
    );
  }

  async close(): Promise<void> {
    for (const container of await this.list()) await container.remove({ force: true });
    await this.#docker.getNetwork(this.#network).remove();
  }
}
