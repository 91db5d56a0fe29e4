import { type InstanceFixture, catalogOf } from '../support/mesh-fixture.ts';
import { freePort } from '../support/ports.ts';
import type { Caller, JudgeOptions } from './envoy-judge.ts';

/** What the sets of resources are about: one service of every way that ports are handled. */
const services: readonly InstanceFixture[] = [
  ...['v1', 'v2', 'v3'].map((version, index) => ({
    service: 'reviews',
    address: `10.0.0.${index + 1}`,
    port: 9080,
    version,
    protocol: 'http',
  })),
  { service: 'ratings', address: '10.0.0.5', port: 9080, version: 'v1', protocol: 'http' },
  { service: 'db', address: '10.0.0.6', port: 3306, protocol: 'mysql' },
  { service: 'chat', address: '10.0.0.7', port: 7070, protocol: 'grpc' },
  { service: 'plain', address: '10.0.0.8', port: 8080 },
];

/** Where the workload is that nothing is captured of: its proxy listens there, so this machine must have the address. */
const here = '127.0.0.1';

/** The services, and who calls them. */
export interface Inhabited extends Omit<JudgeOptions, 'callers'> {
  /** A sidecar whose pod captures its traffic. */
  readonly captured: Caller;
  readonly uncaptured: readonly Caller[];
}

/** A mesh with a caller of every kind that pilot configures in a way of its own; sockets are made in `socketFolder`. */
export async function inhabit(socketFolder: string): Promise<Inhabited> {
  const bound = await boundInstances();
  return {
    catalog: catalogOf([...services, ...bound]),
    captured: {
      address: '10.0.0.1',
      metadata: { labels: { version: 'v1', app: 'reviews' }, httpProxyPort: await freePort() },
    },
    uncaptured: [
      {
        address: here,
        metadata: {
          namespace: 'other',
          interceptionMode: 'NONE',
          httpProxyPort: await freePort(),
          appPorts: Object.fromEntries(bound.map(({ port, appPort }) => [port, appPort])),
          ingress: [
            {
              bind: here,
              port: await freePort(),
              host: 'reviews.service.consul',
              servicePort: 9080,
            },
          ],
        },
      },
      { address: '10.0.0.5', metadata: { labels: { app: 'ratings' }, socketFolder } },
    ],
    proxyless: { address: '10.0.0.7', metadata: { generator: 'grpc' } },
  };
}

interface BoundInstance extends InstanceFixture {
  readonly appPort: number;
}

/** What the workload here serves: one port of each way of handling. */
async function boundInstances(): Promise<readonly BoundInstance[]> {
  return [
    { service: 'near-http', protocol: 'http', ...(await placeHere()) },
    { service: 'near-tcp', protocol: 'tcp', ...(await placeHere()) },
    { service: 'near-any', ...(await placeHere()) },
  ];
}

async function placeHere(): Promise<Pick<BoundInstance, 'address' | 'port' | 'appPort'>> {
  return { address: here, port: await freePort(), appPort: await freePort() };
}
