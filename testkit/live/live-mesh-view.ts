import type { PilotAddress } from '../../pilot/client/pilot-address.ts';
import type { ExplainedMesh } from '../explain/explained-mesh.ts';
import type { LiveStatus } from '../explain/explanation.ts';
import { LiveClient, type LiveProxy } from './live-client.ts';
import {
  type LiveWorkload,
  findLiveWorkload,
  listWorkloads,
  liveServices,
} from './live-workload.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';

/** Rules and services of a running mesh, for an explanation. Throws OperationError `E_PILOT_UNREACHABLE`, `E_LIVE_SERVER`. */
export async function readLiveMesh(pilot: PilotAddress): Promise<ExplainedMesh> {
  const client = new LiveClient(pilot);
  const [rules, services, endpoints] = await Promise.all([
    client.rules(),
    client.services(),
    client.endpoints(),
  ]);
  const workloads = listWorkloads(services, endpoints, rules);
  return {
    rules: { resources: rules, problems: [], origins: new Map() },
    services: liveServices(services, workloads, rules).filter((one) => one.workloads.length > 0),
    addressOf: (workload) => workloads.find(({ name }) => name === workload)?.places[0]?.address,
    statusOf: async (caller) => describeStatus(caller, workloads, await client.proxies()),
  };
}

/** Whether the proxy of a caller has what pilot wants it to have, in words. */
export function describeStatus(
  caller: Caller,
  workloads: readonly LiveWorkload[],
  proxies: readonly LiveProxy[],
): LiveStatus {
  const workload = findLiveWorkload(caller, workloads);
  const own = proxies.filter(
    ({ node: { id } }) =>
      // Where workloads share an address, their proxies are told apart by their names.
      [workload?.address].includes(id.address) &&
      (proxies.filter((other) => other.node.id.address === id.address).length === 1 ||
        id.id.split('.')[0] === caller.workload),
  );
  if (workload === undefined || own.length === 0) {
    return {
      synced: false,
      remarks: [`no sidecar of ${caller.workload} is connected to pilot`],
    };
  }
  return {
    synced: own.every(({ synced }) => synced),
    remarks: own.flatMap(({ node, synced, types }) => [
      `${node.id.id} at ${node.id.address}: ${synced ? 'has acknowledged everything' : 'has not acknowledged everything yet'}`,
      ...Object.entries(types).flatMap(([type, { rejection }]) =>
        rejection === undefined ? [] : [`it refuses a ${type}: ${rejection.text}`],
      ),
    ]),
  };
}
