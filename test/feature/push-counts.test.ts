import assert from 'node:assert/strict';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { createLog } from '../../kit/log.ts';
import { type Pilot, startPilot } from '../../pilot/app.ts';
import type { AdsCounters } from '../../pilot/ads/status.ts';
import type { XdsType } from '../../pilot/xds/resource.ts';
import { until } from '../support/until.ts';
import { LightProxy } from './light-proxy.ts';
import { type ScaleMesh, addressOf, createScaleMesh } from './scale-mesh.ts';

const size = { services: 60, endpoints: 4, rules: 12 } as const;
const proxies = 30;
/** What is sent to all proxies together: responses and resources. */
type Sent = Partial<Record<XdsType, readonly [responses: number, resources: number]>>;

describe('a change costs what it touches', () => {
  const lifecycle = new Lifecycle();
  let mesh: ScaleMesh;
  let pilot: Pilot;

  before(async () => {
    mesh = lifecycle.add(await createScaleMesh(size));
    pilot = await startPilot(
      {
        registry: { kind: 'none' },
        store: { kind: 'dir', path: mesh.path },
        grpc: '127.0.0.1:0',
        http: { host: '127.0.0.1', port: 0 },
        domain: 'service.consul',
        logLevel: 'silent',
      },
      createLog('test', 'silent'),
    );
    lifecycle.add(pilot);
    const fleet = Array.from({ length: proxies }, (_, index) =>
      lifecycle.add(
        new LightProxy({
          server: pilot.grpc,
          id: `service-${index}.default`,
          address: addressOf(index, 0),
          labels: { half: index % 2 === 0 ? 'even' : 'odd' },
        }),
      ),
    );
    await until('all proxies to be synced', () => fleet.every((proxy) => proxy.isSynced()));
    await pilot.ads.whenSynced();
  });
  after(() => lifecycle.close());

  /** What is sent for `change`, once as many responses of `type` were acknowledged. */
  async function sentFor(
    change: () => Promise<unknown>,
    type: XdsType,
    responses = proxies,
  ): Promise<Sent> {
    const before = pilot.ads.counters();
    await change();
    const acks = before.types[type].acks + responses;
    await until('acknowledgements', () => pilot.ads.counters().types[type].acks >= acks);
    await pilot.ads.whenSynced();
    return difference(before, pilot.ads.counters());
  }

  it('sends the endpoints of one cluster for a change of one service, to every proxy', async () => {
    const sent = await sentFor(() => mesh.changeEndpoint(40, 1), 'endpoint');
    assert.deepEqual(sent, { endpoint: [proxies, proxies] });
  });

  it('sends the endpoints of the subset, too, that a changed member is in', async () => {
    const sent = await sentFor(() => mesh.changeEndpoint(3, 1), 'endpoint');
    assert.deepEqual(sent, { endpoint: [proxies, 2 * proxies] });
  });

  it('sends one route table for a change of one rule', async () => {
    const sent = await sentFor(() => mesh.changeRule(3, 1), 'route');
    assert.deepEqual(sent, { route: [proxies, proxies] });
  });

  it('sends nothing to the proxies that a rule does not concern', async () => {
    const callers = { half: 'even' };
    const divide = (): Promise<unknown> => mesh.changeRule(4, 1, { user: 'jason', callers });
    // From now on there are two kinds of proxies: for the others the rule has no route for jason any more.
    assert.deepEqual(await sentFor(divide, 'route'), { route: [proxies, proxies] });
    const change = (): Promise<unknown> => mesh.changeRule(4, 1, { user: 'jane', callers });
    const half = proxies / 2;
    assert.deepEqual(await sentFor(change, 'route', half), { route: [half, half] });
  });
});

function difference(before: AdsCounters, after: AdsCounters): Sent {
  const types = Object.keys(after.types) as XdsType[];
  return Object.fromEntries(
    types
      .map((type) => {
        const [from, to] = [before.types[type], after.types[type]];
        return [type, [to.pushes - from.pushes, to.resources - from.resources]] as const;
      })
      .filter(([, [responses]]) => responses > 0),
  );
}
