import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { exampleServices } from '../../test/support/analysis-examples.ts';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { readLines } from '../../test/support/lines.ts';
import { LiveAnalysis } from '../analysis/live-analysis.ts';
import type { ConfigObject } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { ConfigStore } from '../store/store.ts';

const root = '/apis/networking.istio.io/v1/namespaces/default';
const rules = `${root}/virtualservices`;
const policies = `${root}/destinationrules`;
const subsetOf = 'spec.http[0].route[0].destination.subset';

function rule(subset: string): object {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web' },
    spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web', subset } }] }] },
  };
}

function policy(...versions: readonly string[]): object {
  const subsets = versions.map((version) => ({ name: version, labels: { version } }));
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'web' },
    spec: { host: 'web', subsets },
  };
}

interface Answer {
  readonly status: number;
  /** Code and place of each warning. */
  readonly warnings: readonly string[];
  readonly body: ConfigObject;
}

describe('what the API says of objects among each other', () => {
  let store: ConfigStore;
  let catalog: WatchedCell<readonly RegisteredService[]>;
  let analysis: LiveAnalysis;
  let server: ApiServer;

  beforeEach(async () => {
    store = createMemoryStore({ clock: systemClock });
    catalog = new WatchedCell();
    catalog.set(exampleServices);
    analysis = new LiveAnalysis({ store, catalog, domain: 'service.consul', clock: systemClock });
    server = await startApiServer({ store, analysis });
  });

  afterEach(async () => {
    await server.close();
    await analysis.close();
  });

  async function ask(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(server.url + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const said = response.headers.get('warning') ?? '';
    return {
      status: response.status,
      warnings: [...said.matchAll(/299 - "([^:]*):/g)].map(([, place = '']) => place),
      body: (await response.json()) as ConfigObject,
    };
  }

  it('comes as a warning with every write, before it is done, and never refuses one', async () => {
    await ask('POST', policies, policy('v1'));
    const tried = await ask('POST', `${rules}?dryRun=All`, rule('v3'));
    const created = await ask('POST', rules, rule('v3'));
    const { body } = await ask('GET', `${rules}/web`);
    const replaced = await ask('PUT', `${rules}/web`, {
      ...body,
      spec: (rule('v4') as typeof body).spec,
    });
    const fixed = await ask('PUT', `${rules}/web`, {
      ...replaced.body,
      spec: (rule('v1') as typeof body).spec,
    });
    assert.deepEqual(
      [tried, created, replaced, fixed].map(({ status, warnings }) => [status, ...warnings]),
      [
        [201, `CM0102 ${subsetOf}`],
        [201, `CM0102 ${subsetOf}`],
        [200, `CM0102 ${subsetOf}`],
        [200],
      ],
    );
  });

  it('names another object that a write does harm to, also when it takes something away', async () => {
    await ask('POST', policies, policy('v1', 'v2'));
    await ask('POST', rules, rule('v2'));
    const { body } = await ask('GET', `${policies}/web`);
    const spec = (policy('v1') as ConfigObject).spec;
    const narrowed = await ask('PUT', `${policies}/web?dryRun=All`, { ...body, spec });
    const removed = await ask('DELETE', `${policies}/web`);
    const again = await ask('POST', policies, policy('v1', 'v2'));
    const harm = `CM0102 VirtualService default/web ${subsetOf}`;
    assert.deepEqual([narrowed.warnings, removed.warnings, again.warnings], [[harm], [harm], []]);
  });

  it('stands in the status of what is read, and nowhere in the store', async () => {
    await ask('POST', policies, policy('v1'));
    const created = await ask('POST', rules, rule('v3'));
    const got = await ask('GET', `${rules}/web`);
    const listed = await ask('GET', rules);
    const [item] = (listed.body as unknown as { readonly items: readonly ConfigObject[] }).items;
    const stored = store.list({ kind: 'VirtualService' }).items[0];
    await ask('PUT', `${policies}/web`, {
      ...(await ask('GET', `${policies}/web`)).body,
      spec: (policy('v1', 'v3') as ConfigObject).spec,
    });
    catalog.set(
      exampleServices.map((service) => ({
        ...service,
        endpoints: service.endpoints.map((one) => ({ ...one, labels: { version: 'v3' } })),
      })),
    );
    const later = await ask('GET', `${rules}/web`);
    const status = {
      observedGeneration: 1,
      validationMessages: [
        {
          type: { name: 'SubsetNotFound', code: 'CM0102' },
          level: 'ERROR',
          documentationUrl: 'docs/analysis.md#cm0102',
          path: subsetOf,
          message:
            'DestinationRule default/web for web.service.consul does not have subset "v3"; callers get 503. Did you mean "v1"?',
        },
      ],
    };
    assert.deepEqual(
      {
        created: created.body.status,
        got: got.body.status,
        listed: item?.status,
        stored: stored?.status,
        later: later.body.status,
        version: later.body.metadata.resourceVersion === got.body.metadata.resourceVersion,
      },
      {
        created: status,
        got: status,
        listed: status,
        stored: undefined,
        later: undefined,
        version: true,
      },
    );
  });

  it('is not written back by who sends what was read', async () => {
    await ask('POST', rules, rule('v3'));
    const { body } = await ask('GET', `${rules}/web`);
    const written = await ask('PUT', `${rules}/web`, body);
    assert.deepEqual(
      [
        written.body.metadata.resourceVersion === body.metadata.resourceVersion,
        store.list({ kind: 'VirtualService' }).items[0]?.status,
      ],
      [true, undefined],
    );
  });

  it('is shown by a watch with each change of an object, and makes no event by itself', async () => {
    await ask('POST', rules, rule('v1'));
    const { version } = store.list();
    const response = await fetch(
      `${server.url}${rules}?watch=1&resourceVersion=${version}&timeoutSeconds=30`,
    );
    // The first write changes the status of the rule only, the second one the rule.
    await ask('POST', policies, policy('v1'));
    const { body } = await ask('GET', `${rules}/web`);
    await ask('PUT', `${rules}/web`, { ...body, spec: (rule('v2') as ConfigObject).spec });
    const reader = readLines(response);
    const line = await reader.next();
    await reader.cancel();
    const event = JSON.parse(line ?? '') as {
      readonly type: string;
      readonly object: ConfigObject;
    };
    const { validationMessages } = event.object.status as {
      readonly validationMessages: readonly { readonly type: object }[];
    };
    assert.deepEqual(
      [event.type, validationMessages.map(({ type }) => type)],
      ['MODIFIED', [{ name: 'SubsetNotFound', code: 'CM0102' }]],
    );
  });

  it('is limited to what headers can hold', async () => {
    const route = Array.from({ length: 60 }, (_, index) => ({
      destination: { host: `nobody-${index}` },
      weight: 1,
    }));
    const many = { ...rule('v1'), spec: { hosts: ['web'], http: [{ route }] } };
    const { status, warnings } = await ask('POST', rules, many);
    assert.deepEqual([status, warnings.length, warnings.at(-1)], [201, 21, 'analysis']);
  });
});
