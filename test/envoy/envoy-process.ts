/** A real Envoy on loopback that gets its configuration from an ADS server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '../../kit/lifecycle.ts';

export interface EnvoyProcess {
  /** GET on the admin interface. */
  readonly admin: (path: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** ENVOY_BIN, or what the toolchain has fetched. */
function findEnvoy(): string {
  const given = process.env['ENVOY_BIN'];
  if (given !== undefined) return given;
  const cache = join(homedir(), '.cache/composemesh/envoy');
  const found = existsSync(cache)
    ? readdirSync(cache)
        .sort()
        .map((name) => join(cache, name, 'envoy'))
        .findLast(existsSync)
    : undefined;
  if (found === undefined) throw new Error('no Envoy: set ENVOY_BIN');
  return found;
}

function bootstrap(nodeId: string, adsAddress: string): unknown {
  const [host, port] = adsAddress.split(':');
  const socket = (address: string, portValue: number): unknown => ({
    socket_address: { address, port_value: portValue },
  });
  const source = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  return {
    node: { id: nodeId, cluster: 'test' },
    admin: { address: socket('127.0.0.1', 0) },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: 'pilot',
              retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '0.2s' } },
            },
          },
        ],
      },
      cds_config: source,
      lds_config: source,
    },
    static_resources: {
      clusters: [
        {
          name: 'pilot',
          connect_timeout: '1s',
          type: 'STATIC',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: 'pilot',
            endpoints: [
              { lb_endpoints: [{ endpoint: { address: socket(host ?? '', Number(port)) } }] },
            ],
          },
        },
      ],
    },
  };
}

/** Starts Envoy and waits for its admin interface. */
export async function startEnvoy(nodeId: string, adsAddress: string): Promise<EnvoyProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'composemesh-envoy-'));
  const addressFile = join(folder, 'admin');
  const configFile = join(folder, 'bootstrap.json');
  writeFileSync(configFile, JSON.stringify(bootstrap(nodeId, adsAddress)));
  const flags = ['--disable-hot-restart', '--concurrency', '1', '-l', 'warn'];
  const child = spawn(
    findEnvoy(),
    ['-c', configFile, '--admin-address-path', addressFile, ...flags],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'exit');
  const errors: string[] = [];
  child.stderr.on('data', (bytes: Buffer) => errors.push(bytes.toString()));
  while (!existsSync(addressFile) || readFileSync(addressFile, 'utf8') === '') {
    if (child.exitCode !== null) throw new Error(`Envoy ended: ${errors.join('')}`);
    await delay(20);
  }
  const address = readFileSync(addressFile, 'utf8').trim();
  return {
    admin: async (path) => (await fetch(`http://${address}${path}`)).text(),
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
