import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import { type ConsulRequest, createConsulClient } from '../../kit/consul-client.ts';
import { createLog } from '../../kit/log.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { ConsulPilots, prefix, summary } from '../../test/support/consul-pilots.ts';
import { TestConsul } from '../../test/support/consul.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { until } from '../../test/support/until.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { openConsulStore } from './consul-store.ts';
import type { ConfigStore } from './store.ts';

const log = createLog('test', 'silent');

function isForChanges({ path }: ConsulRequest): boolean {
  return path.includes('keys=true');
}

describe('the consul store, over its keys', () => {
  let pilots: ConsulPilots;

  before(async () => {
    pilots = await ConsulPilots.start();
  });
  afterEach(() => pilots.clear());
  after(() => pilots.stop());

  it('keeps one readable key for each object', async () => {
    const store = await pilots.open();
    const created = await store.create(virtualServiceObject('a', 'v1'));
    const { resourceVersion, ...metadata } = created.metadata;
    assert.match(resourceVersion ?? '', /^\d+$/);
    assert.deepEqual(JSON.parse(await pilots.raw(pilots.pathOf('a'))), { ...created, metadata });
    assert.match(await pilots.raw(pilots.pathOf('a')), /^\{\n {2}"apiVersion"/);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'b' } };
    await store.create({ ...secret, type: 'Opaque', data: {} });
    assert.match(await pilots.raw(`${prefix}/core/Secret/b/s`), /"kind": "Secret"/);
  });

  it('gives an object the same versions in every pilot, and after a restart', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await pilots.become(two, 'a:v1');
    await two.create(virtualServiceObject('b', 'v1'));
    await two.replace(virtualServiceObject('a', 'v2'));
    await pilots.become(one, 'a:v2 b:v1');
    const before = one.list();
    assert.deepEqual(two.list(), before);
    await pilots.closeAll();
    const three = await pilots.open();
    assert.deepEqual(three.list(), before);
  });

  it('shows both pilots the same changes in the same order', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    const watch = (store: ConfigStore): string[] => {
      const seen: string[] = [];
      store.watch(store.list().version, ({ type, object: { metadata } }) => {
        seen.push(`${type} ${metadata.name} ${metadata.resourceVersion ?? ''}`);
      });
      return seen;
    };
    const [atOne, atTwo] = [watch(one), watch(two)];
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const work = async (store: ConfigStore, own: readonly string[]): Promise<void> => {
      for (const name of own) await store.create(virtualServiceObject(name, 'v1'));
    };
    const empty = async (store: ConfigStore, own: readonly string[]): Promise<void> => {
      for (const name of own) await store.delete(keyOf(virtualServiceObject(name, 'v1')));
    };
    await Promise.all([work(one, names.slice(0, 3)), work(two, names.slice(3))]);
    // What is made and removed between two looks is seen by its own pilot only.
    await until('all objects', () => atOne.length === 6 && atTwo.length === 6);
    await Promise.all([empty(one, names.slice(3)), empty(two, names.slice(0, 3))]);
    await until('all removals', () => atOne.length === 12 && atTwo.length === 12);
    assert.deepEqual(atTwo, atOne);
    const numbers = atOne.map((line) => Number(line.split(' ')[2]));
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].sort((left, right) => left - right),
    );
  });

  it('lets two pilots write without a pause, and shows both the same in the end', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    const write = async (store: ConfigStore, name: string): Promise<void> => {
      await store.create(virtualServiceObject(name, 'v0'));
      for (let turn = 1; turn <= 100; turn += 1) {
        await store.replace(virtualServiceObject(name, `v${turn}`));
      }
    };
    await Promise.all([write(one, 'a'), write(two, 'b')]);
    await Promise.all([pilots.become(one, 'a:v100 b:v100'), pilots.become(two, 'a:v100 b:v100')]);
    assert.deepEqual(two.list(), one.list());
    const generations = one.list().items.map(({ metadata }) => metadata.generation);
    assert.deepEqual(generations, [101, 101]);
  });

  it('is quick to show a write to other pilots', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    await one.create(virtualServiceObject('a', 'v0'));
    const times: number[] = [];
    for (let turn = 1; turn <= 20; turn += 1) {
      const start = performance.now();
      const seen = pilots.become(two, `a:v${turn}`);
      await one.replace(virtualServiceObject('a', `v${turn}`));
      await seen;
      times.push(performance.now() - start);
    }
    const median = times.sort((left, right) => left - right)[10] ?? 0;
    assert.ok(median < 1000, `${median} ms`);
  });

  it('takes what people write by hand, in YAML too, and what they change and remove', async () => {
    const store = await pilots.open();
    await pilots.putByHand(pilots.pathOf('a'), `# by hand\n${virtualServiceYaml('a', 'v1')}`);
    await pilots.become(store, 'a:v1');
    const [{ metadata } = assert.fail()] = store.list().items;
    assert.deepEqual(
      [metadata.generation, metadata.creationTimestamp, typeof metadata.uid],
      [1, undefined, 'string'],
    );
    await pilots.putByHand(pilots.pathOf('a'), virtualServiceYaml('a', 'v2'));
    await pilots.become(store, 'a:v2');
    await store.replace(virtualServiceObject('a', 'v3'));
    const again = store.get(keyOf(virtualServiceObject('a', 'v1')));
    assert.deepEqual([again?.metadata.generation, again?.metadata.uid], [3, metadata.uid]);
    await pilots.deleteByHand(pilots.pathOf('a'));
    await pilots.become(store, '');
    assert.deepEqual(pilots.problems(store), []);
  });

  it('finds a write by hand that hides behind one of its own', async () => {
    let proceed: (() => void) | undefined;
    let gate = Promise.resolve();
    const store = await pilots.open({
      request: async (request) => {
        if (isForChanges(request)) await gate;
        return pilots.consul.client.request(request);
      },
    });
    await store.create(virtualServiceObject('a', 'v1'));
    gate = new Promise((resolve) => (proceed = resolve));
    // Ends the query that runs; the next one is not sent before both writes are made.
    await store.replace(virtualServiceObject('a', 'v2'));
    await pilots.putByHand(pilots.pathOf('b'), virtualServiceYaml('b', 'v1'));
    await store.replace(virtualServiceObject('a', 'v3'));
    assert.equal(summary(store), 'a:v3');
    proceed?.();
    await pilots.become(store, 'a:v3 b:v1');
  });

  it('asks Consul for the transaction of a write, and not for all that is there', async () => {
    const seen = { transactions: 0, queries: 0, others: [] as string[] };
    const store = await pilots.open({
      request: (request) => {
        if (request.path.startsWith('/v1/txn')) seen.transactions += 1;
        else if (isForChanges(request)) seen.queries += 1;
        else seen.others.push(request.path);
        return pilots.consul.client.request(request);
      },
    });
    await store.create(virtualServiceObject('a', 'v0'));
    Object.assign(seen, { transactions: 0, queries: 0, others: [] });
    const start = performance.now();
    for (let turn = 1; turn <= 100; turn += 1) {
      await store.replace(virtualServiceObject('a', `v${turn}`));
    }
    const duration = performance.now() - start;
    const { transactions, queries, others } = seen;
    assert.equal(transactions, 100);
    assert.ok(queries <= duration / 20 + 2, `${queries} queries in ${duration} ms`);
    assert.ok(others.length <= 1 + duration / 1000, others.join());
  });

  it('says what is wrong with what people write, and keeps the last good content in force', async () => {
    const store = await pilots.open();
    await store.create(virtualServiceObject('a', 'v1'));
    await pilots.putByHand(pilots.pathOf('a'), virtualServiceYaml('a', 'N_O'));
    await pilots.putByHand(pilots.pathOf('b'), virtualServiceYaml('c', 'v1'));
    await pilots.putByHand(pilots.pathOf('d'), 'a: [');
    await pilots.putByHand(
      pilots.pathOf('e'),
      `${virtualServiceYaml('e', 'v1')}---\n${virtualServiceYaml('f', 'v1')}`,
    );
    await pilots.putByHand(`${prefix}/note`, 'hello');
    await untilValue(store.problems, (found) => found.length === 5);
    const stays = 'the last good content of the key stays in force';
    assert.deepEqual(
      [summary(store), pilots.problems(store)],
      [
        'a:v1',
        [
          `E_FIELD_INVALID ${pilots.pathOf('a')}:13:21 VirtualService default/a: spec.http[0].route[0].destination.subset: Invalid value: "N_O": must be letters, digits and -, at most 63 of them`,
          `E_KEY_MISMATCH ${pilots.pathOf('b')}: holds VirtualService default/c, which belongs under ${pilots.pathOf('c')}; ${stays}`,
          `E_YAML ${pilots.pathOf('d')}:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]; ${stays}`,
          `E_KEY_CONTENT ${pilots.pathOf('e')}: holds 2 objects; a key holds one; ${stays}`,
          `E_KEY_UNKNOWN ${prefix}/note: is no key of an object: those are ${prefix}/GROUP/KIND/NAMESPACE/NAME; it is passed over`,
        ],
      ],
    );
    await assert.rejects(store.replace(virtualServiceObject('a', 'v2')), { code: 'E_FILE_BROKEN' });
    await assert.rejects(store.create(virtualServiceObject('d', 'v2')), { code: 'E_FILE_BROKEN' });
    assert.equal(await pilots.raw(pilots.pathOf('a')), virtualServiceYaml('a', 'N_O'));
    await pilots.putByHand(pilots.pathOf('a'), virtualServiceYaml('a', 'v2'));
    await pilots.become(store, 'a:v2');
    assert.equal(pilots.problems(store).length, 4);
  });

  it('refuses what does not fit into Consul before it sends it', async () => {
    const store = await pilots.open();
    const large = (length: number): ConfigObject => {
      const object = virtualServiceObject('large', 'v1');
      const annotations = { text: 'x'.repeat(length) };
      return { ...object, metadata: { ...object.metadata, annotations } };
    };
    await store.create(large(300_000));
    assert.equal(store.list().items.length, 1);
    await assert.rejects(store.replace(large(400_000)), {
      code: 'E_TOO_LARGE',
      message:
        /VirtualService "large" has 400\d\d\d bytes as JSON; a config store in Consul takes \d+ /,
    });
    assert.ok(JSON.stringify(store.list()).length < 310_000);
  });
});

describe('the consul store, with access control', () => {
  it('writes with a token that may, and says what a token lacks that may not', async () => {
    const master = 'b1gs33cr3t-0000-0000-0000-000000000000';
    const consul = await TestConsul.start({
      acl: {
        enabled: true,
        default_policy: 'deny',
        tokens: { initial_management: master, agent: master, default: master },
      },
    });
    try {
      const { address } = consul;
      const admin = createConsulClient({ address, token: master });
      const makeToken = async (name: string, policy: string): Promise<string> => {
        const rules = `key_prefix "${prefix}/" { policy = "${policy}" }`;
        await admin.request({
          method: 'PUT',
          path: '/v1/acl/policy',
          body: { Name: name, Rules: rules },
        });
        const { body } = await admin.request({
          method: 'PUT',
          path: '/v1/acl/token',
          body: { Policies: [{ Name: name }] },
        });
        return (body as { SecretID: string }).SecretID;
      };
      const openWith = async (token: string): Promise<ConfigStore> => {
        const client = createConsulClient({ address, token });
        return openConsulStore({ client, prefix, clock: systemClock, log });
      };
      const writer = await openWith(await makeToken('writer', 'write'));
      await writer.create(virtualServiceObject('a', 'v1'));
      const reader = await openWith(await makeToken('reader', 'read'));
      assert.equal(summary(reader), 'a:v1');
      await assert.rejects(reader.replace(virtualServiceObject('a', 'v2')), {
        code: 'E_READ_ONLY',
        message:
          /^Consul .* ACL token .* key_prefix policy "write" .*\(Permission denied: .* 'key:write' on "[^"]*\.head"; [^\n{}]*\)$/,
      });
      assert.deepEqual([summary(reader), summary(writer)], ['a:v1', 'a:v1']);
      await writer.close();
      await reader.close();
    } finally {
      await consul.stop();
    }
  });
});
