import assert from 'node:assert/strict';
import { createConsulClient } from '../../kit/consul-client.ts';
import { systemClock } from '../../kit/clock.ts';
import { HandClock } from '../../test/support/hand-clock.ts';
import { TestConsul } from '../../test/support/consul.ts';
import { type RecordedLog, recordLog } from '../../test/support/recorded-log.ts';
import { until } from '../../test/support/until.ts';
import { untilValue } from '../../test/support/until-value.ts';
import type { RegisteredService } from '../model/service.ts';
import { ConsulCatalog, type ConsulCatalogOptions } from './consul-catalog.ts';

/** `service: address:port state …` for each service, sorted. */
function summarise(services: readonly RegisteredService[]): readonly string[] {
  return services.map(({ hostname, endpoints }) => {
    const members = endpoints.map(
      ({ address, port, down }) => `${address}:${port}${down === true ? ' down' : ''}`,
    );
    return [hostname.replace('.service.consul', ':'), ...members].join(' ');
  });
}

describe('the catalogue of a real Consul', () => {
  let consul: TestConsul;
  let catalog: ConsulCatalog;
  let log: RecordedLog;

  before(async () => {
    consul = await TestConsul.start();
  });

  after(() => consul.stop());

  afterEach(() => catalog.close());

  function open(options: Partial<ConsulCatalogOptions> = {}): void {
    log = recordLog();
    catalog = new ConsulCatalog({ client: consul.client, clock: systemClock, log, ...options });
  }

  async function register(id: string, name: string, port: number): Promise<void> {
    const check = `${id}:docker`;
    await consul.put('/agent/service/register', {
      ID: id,
      Name: name,
      Address: '10.0.0.1',
      Port: port,
      Meta: { protocol: 'http' },
      Check: { CheckID: check, TTL: '24h', Status: 'passing' },
    });
    // Consul keeps what a check was told over a restart, and not what it was registered with.
    await consul.put(`/agent/check/pass/${check}`);
  }

  async function untilServices(...expected: readonly string[]): Promise<void> {
    try {
      await until(
        'the services',
        () => summarise(catalog.catalog.current() ?? []).join() === expected.join(),
      );
    } catch {
      assert.deepEqual(summarise(catalog.catalog.current() ?? []), expected);
    }
  }

  it('follows services and instances, and is empty but there at the start', async () => {
    open();
    assert.deepEqual(await untilValue(catalog.catalog, () => true), []);
    await register('web-1', 'web', 80);
    await untilServices('web: 10.0.0.1:80');
    await register('web-2', 'web', 81);
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81');
    await register('api-1', 'api', 90);
    await untilServices('api: 10.0.0.1:90', 'web: 10.0.0.1:80 10.0.0.1:81');
  });

  it('has no member that is critical, and has it again when it passes', async () => {
    open();
    await untilServices('api: 10.0.0.1:90', 'web: 10.0.0.1:80 10.0.0.1:81');
    await consul.put('/agent/check/fail/web-2:docker');
    await untilServices('api: 10.0.0.1:90', 'web: 10.0.0.1:80 10.0.0.1:81 down');
    await consul.put('/agent/check/pass/web-2:docker');
    await untilServices('api: 10.0.0.1:90', 'web: 10.0.0.1:80 10.0.0.1:81');
  });

  it('keeps a service that is gone, without members, and forgets it in the end', async () => {
    open({ memoryTime: 1000 });
    await untilServices('api: 10.0.0.1:90', 'web: 10.0.0.1:80 10.0.0.1:81');
    const seen = recordCatalogs();
    await consul.put('/agent/service/deregister/api-1');
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81');
    assert.deepEqual(seen(), [
      'api: 10.0.0.1:90, web: 10.0.0.1:80 10.0.0.1:81',
      'api: 10.0.0.1:90 down, web: 10.0.0.1:80 10.0.0.1:81',
      'web: 10.0.0.1:80 10.0.0.1:81',
    ]);
  });

  it('stays what it was while Consul restarts', async () => {
    open();
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81');
    const seen = recordCatalogs();
    await consul.halt('SIGKILL');
    await until('the outage to be noticed', () => log.lines.length > 0);
    await consul.run();
    await until('the end of the outage', () => log.lines.includes('info Consul answers again'));
    await register('web-3', 'web', 82);
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81 10.0.0.1:82');
    assert.deepEqual(seen(), [
      'web: 10.0.0.1:80 10.0.0.1:81',
      'web: 10.0.0.1:80 10.0.0.1:81 10.0.0.1:82',
    ]);
    await consul.put('/agent/service/deregister/web-3');
  });

  it('stays what it was while a Consul that lost its data is filled again', async () => {
    // Its time is over when the test says so: how long a Consul takes that begins anew is no matter here.
    const settleTime = 60_000;
    const clock = new HandClock();
    open({ settleTime, clock });
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81');
    const seen = recordCatalogs();
    await consul.halt('SIGKILL');
    await consul.loseData();
    await consul.run();
    await register('web-1', 'web', 80);
    await consul.untilPassing('web', '10.0.0.1:80');
    await register('web-4', 'web', 84);
    // When this one is seen, so has been what Consul had before it.
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81 10.0.0.1:84');
    clock.elapse(settleTime);
    // What nobody writes again is believed gone at last.
    await untilServices('web: 10.0.0.1:80 10.0.0.1:81 down 10.0.0.1:84');
    assert.deepEqual(seen(), [
      'web: 10.0.0.1:80 10.0.0.1:81',
      'web: 10.0.0.1:80 10.0.0.1:81 10.0.0.1:84',
      'web: 10.0.0.1:80 10.0.0.1:81 down 10.0.0.1:84',
    ]);
  });

  it('is not there before Consul has answered, and says once what to do', async () => {
    const unreachable = createConsulClient({ address: 'http://127.0.0.1:1' });
    let attempts = 0;
    open({
      client: {
        request: (request) => {
          attempts += 1;
          return (attempts > 3 ? consul.client : unreachable).request(request);
        },
      },
    });
    await until('the first attempt to fail', () => log.lines.length > 0);
    assert.equal(catalog.catalog.current(), undefined);
    await until('Consul to answer', () => catalog.catalog.current() !== undefined);
    assert.deepEqual(
      log.lines.map((line) => line.slice(0, 28)),
      ['warn Consul does not answer:', 'info Consul answers again'],
    );
  });

  /** Every catalogue from now on, the present one first, without repetitions. */
  function recordCatalogs(): () => readonly string[] {
    const seen: string[] = [];
    const unsubscribe = catalog.catalog.subscribe((services) => {
      const text = summarise(services).join(', ');
      if (seen.at(-1) !== text) seen.push(text);
    });
    return () => {
      unsubscribe();
      return seen;
    };
  }
});
