import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import {
  type ConsulClient,
  type ConsulRequest,
  createConsulClient,
} from '../../kit/consul-client.ts';
import { createLog } from '../../kit/log.ts';
import { formatProblem } from '../../kit/problem.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { TestConsul } from '../../test/support/consul.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { until } from '../../test/support/until.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { openConsulStore } from './consul-store.ts';
import type { ConfigStore, StoreEvent } from './store.ts';

const log = createLog('test', 'silent');
const prefix = 'mesh/config';

/** `name:subset` of every VirtualService in force. */
function summary(store: ConfigStore): string {
  const lines = store.list().items.map(({ metadata, spec }) => {
    const { http } = spec as { http: { route: { destination: { subset: string } }[] }[] };
    return `${metadata.name}:${http[0]?.route[0]?.destination.subset ?? ''}`;
  });
  return lines.join(' ');
}

function isForChanges({ path }: ConsulRequest): boolean {
  return path.includes('keys=true');
}

function versions(store: ConfigStore): readonly (string | undefined)[] {
  return store.list().items.map(({ metadata }) => metadata.resourceVersion);
}

describe('the consul store, over its keys', () => {
  let consul: TestConsul;
  let stores: ConfigStore[] = [];

  const open = async (client: ConsulClient = consul.client): Promise<ConfigStore> => {
    const store = await openConsulStore({ client, prefix, clock: systemClock, log });
    stores.push(store);
    return store;
  };
  const become = (store: ConfigStore, expected: string): Promise<unknown> =>
    untilValue(store.resources, () => summary(store) === expected);
  const pathOf = (name: string): string =>
    `${prefix}/networking.istio.io/VirtualService/default/${name}`;
  const raw = async (path: string): Promise<string> => {
    const response = await fetch(`${consul.address}/v1/kv/${path}?raw`);
    return response.text();
  };
  /** As somebody does with `consul kv put`. */
  const putByHand = async (path: string, text: string): Promise<void> => {
    await fetch(`${consul.address}/v1/kv/${path}`, { method: 'PUT', body: text });
  };
  const deleteByHand = async (path: string): Promise<void> => {
    await fetch(`${consul.address}/v1/kv/${path}`, { method: 'DELETE' });
  };
  const problems = (store: ConfigStore): readonly string[] =>
    (store.problems.current() ?? []).map(formatProblem);
  const closeAll = async (): Promise<void> => {
    for (const store of stores) await store.close();
    stores = [];
  };

  before(async () => {
    consul = await TestConsul.start();
  });
  afterEach(async () => {
    await closeAll();
    await deleteByHand(`${prefix}/?recurse=true`);
  });
  after(() => consul.stop());

  it('keeps one readable key for each object', async () => {
    const store = await open();
    const created = await store.create(virtualServiceObject('a', 'v1'));
    const { resourceVersion, ...metadata } = created.metadata;
    assert.match(resourceVersion ?? '', /^\d+$/);
    assert.deepEqual(JSON.parse(await raw(pathOf('a'))), { ...created, metadata });
    assert.match(await raw(pathOf('a')), /^\{\n {2}"apiVersion"/);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'b' } };
    await store.create({ ...secret, type: 'Opaque', data: {} });
    assert.match(await raw(`${prefix}/core/Secret/b/s`), /"kind": "Secret"/);
  });

  it('gives an object the same versions in every pilot, and after a restart', async () => {
    const [one, two] = [await open(), await open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await become(two, 'a:v1');
    await two.create(virtualServiceObject('b', 'v1'));
    await two.replace(virtualServiceObject('a', 'v2'));
    await become(one, 'a:v2 b:v1');
    const before = one.list();
    assert.deepEqual(two.list(), before);
    await closeAll();
    const three = await open();
    assert.deepEqual(three.list(), before);
  });

  it('shows both pilots the same changes in the same order', async () => {
    const [one, two] = [await open(), await open()];
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
    const [one, two] = [await open(), await open()];
    const write = async (store: ConfigStore, name: string): Promise<void> => {
      await store.create(virtualServiceObject(name, 'v0'));
      for (let turn = 1; turn <= 100; turn += 1) {
        await store.replace(virtualServiceObject(name, `v${turn}`));
      }
    };
    await Promise.all([write(one, 'a'), write(two, 'b')]);
    await Promise.all([become(one, 'a:v100 b:v100'), become(two, 'a:v100 b:v100')]);
    assert.deepEqual(two.list(), one.list());
    const generations = one.list().items.map(({ metadata }) => metadata.generation);
    assert.deepEqual(generations, [101, 101]);
  });

  it('is quick to show a write to other pilots', async () => {
    const [one, two] = [await open(), await open()];
    await one.create(virtualServiceObject('a', 'v0'));
    const times: number[] = [];
    for (let turn = 1; turn <= 20; turn += 1) {
      const start = performance.now();
      const seen = become(two, `a:v${turn}`);
      await one.replace(virtualServiceObject('a', `v${turn}`));
      await seen;
      times.push(performance.now() - start);
    }
    const median = times.sort((left, right) => left - right)[10] ?? 0;
    assert.ok(median < 1000, `${median} ms`);
  });

  it('takes what people write by hand, in YAML too, and what they change and remove', async () => {
    const store = await open();
    await putByHand(pathOf('a'), `# by hand\n${virtualServiceYaml('a', 'v1')}`);
    await become(store, 'a:v1');
    const [{ metadata } = assert.fail()] = store.list().items;
    assert.deepEqual(
      [metadata.generation, metadata.creationTimestamp, typeof metadata.uid],
      [1, undefined, 'string'],
    );
    await putByHand(pathOf('a'), virtualServiceYaml('a', 'v2'));
    await become(store, 'a:v2');
    await store.replace(virtualServiceObject('a', 'v3'));
    const again = store.get(keyOf(virtualServiceObject('a', 'v1')));
    assert.deepEqual([again?.metadata.generation, again?.metadata.uid], [3, metadata.uid]);
    await deleteByHand(pathOf('a'));
    await become(store, '');
    assert.deepEqual(problems(store), []);
  });

  it('finds a write by hand that hides behind one of its own', async () => {
    let proceed: (() => void) | undefined;
    let gate = Promise.resolve();
    const store = await open({
      request: async (request) => {
        if (isForChanges(request)) await gate;
        return consul.client.request(request);
      },
    });
    await store.create(virtualServiceObject('a', 'v1'));
    gate = new Promise((resolve) => (proceed = resolve));
    // Ends the query that runs; the next one is not sent before both writes are made.
    await store.replace(virtualServiceObject('a', 'v2'));
    await putByHand(pathOf('b'), virtualServiceYaml('b', 'v1'));
    await store.replace(virtualServiceObject('a', 'v3'));
    assert.equal(summary(store), 'a:v3');
    proceed?.();
    await become(store, 'a:v3 b:v1');
  });

  it('asks Consul for the transaction of a write, and not for all that is there', async () => {
    const seen = { transactions: 0, queries: 0, others: [] as string[] };
    const store = await open({
      request: (request) => {
        if (request.path.startsWith('/v1/txn')) seen.transactions += 1;
        else if (isForChanges(request)) seen.queries += 1;
        else seen.others.push(request.path);
        return consul.client.request(request);
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
    const store = await open();
    await store.create(virtualServiceObject('a', 'v1'));
    await putByHand(pathOf('a'), virtualServiceYaml('a', 'NO'));
    await putByHand(pathOf('b'), virtualServiceYaml('c', 'v1'));
    await putByHand(pathOf('d'), 'a: [');
    await putByHand(
      pathOf('e'),
      `${virtualServiceYaml('e', 'v1')}---\n${virtualServiceYaml('f', 'v1')}`,
    );
    await putByHand(`${prefix}/note`, 'hello');
    await untilValue(store.problems, (found) => found.length === 5);
    const stays = 'the last good content of the key stays in force';
    assert.deepEqual(
      [summary(store), problems(store)],
      [
        'a:v1',
        [
          `E_FIELD_INVALID ${pathOf('a')}:13:21 VirtualService default/a: spec.http[0].route[0].destination.subset: Invalid value: "NO": must be lower-case letters, digits and -, at most 63 of them`,
          `E_KEY_MISMATCH ${pathOf('b')}: holds VirtualService default/c, which belongs under ${pathOf('c')}; ${stays}`,
          `E_YAML ${pathOf('d')}:1:5: Flow sequence in block collection must be sufficiently indented and end with a ]; ${stays}`,
          `E_KEY_CONTENT ${pathOf('e')}: holds 2 objects; a key holds one; ${stays}`,
          `E_KEY_UNKNOWN ${prefix}/note: is no key of an object: those are ${prefix}/GROUP/KIND/NAMESPACE/NAME; it is passed over`,
        ],
      ],
    );
    await assert.rejects(store.replace(virtualServiceObject('a', 'v2')), { code: 'E_FILE_BROKEN' });
    await assert.rejects(store.create(virtualServiceObject('d', 'v2')), { code: 'E_FILE_BROKEN' });
    assert.equal(await raw(pathOf('a')), virtualServiceYaml('a', 'NO'));
    await putByHand(pathOf('a'), virtualServiceYaml('a', 'v2'));
    await become(store, 'a:v2');
    assert.equal(problems(store).length, 4);
  });

  it('refuses what does not fit into Consul before it sends it', async () => {
    const store = await open();
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

  it('goes on from memory while Consul is away, and with writing when it is back', async () => {
    const store = await open();
    await store.create(virtualServiceObject('a', 'v1'));
    const events: StoreEvent[] = [];
    store.watch(store.list().version, (event) => events.push(event));
    const before = [store.list(), store.resources.current()];
    await consul.halt('SIGKILL');
    await assert.rejects(store.replace(virtualServiceObject('a', 'v2')), {
      code: 'E_UNAVAILABLE',
      message: /does not answer, so nothing can be written now; what is in force stays/,
    });
    await assert.rejects(store.delete(keyOf(virtualServiceObject('a', 'v1'))), {
      code: 'E_UNAVAILABLE',
    });
    assert.deepEqual([store.list(), store.resources.current(), events], [...before, []]);
    await consul.run();
    await store.replace(virtualServiceObject('a', 'v2'));
    assert.equal(summary(store), 'a:v2');
  });

  it('writes back what a Consul that lost its data no longer has, with later versions', async () => {
    const [one, two] = [await open(), await open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await one.create(virtualServiceObject('b', 'v1'));
    await become(two, 'a:v1 b:v1');
    const before = one.list();
    const gone: string[] = [];
    for (const store of [one, two]) {
      store.watch(before.version, ({ type }) => {
        if (type === 'DELETED') gone.push(type);
      });
    }
    await consul.halt('SIGKILL');
    await consul.loseData();
    await consul.run();
    await until('both pilots to agree on new versions', () => {
      const now = versions(one);
      return (
        now.every((version) => Number(version) > Number(before.version)) &&
        String(now) === String(versions(two))
      );
    });
    const kept = one
      .list()
      .items.map(({ metadata: { uid, creationTimestamp } }) => ({ uid, creationTimestamp }));
    assert.deepEqual(
      [summary(one), summary(two), gone, kept],
      [
        'a:v1 b:v1',
        'a:v1 b:v1',
        [],
        before.items.map(({ metadata: { uid, creationTimestamp } }) => ({
          uid,
          creationTimestamp,
        })),
      ],
    );
    assert.match(await raw(pathOf('b')), /"name": "b"/);
    await two.replace(virtualServiceObject('b', 'v2'));
    await become(one, 'a:v1 b:v2');
  });

  it('does not go by a reading that was begun before Consul lost its data', async () => {
    let proceed: (() => void) | undefined;
    let state: 'passing' | 'holding' | 'held' = 'passing';
    const isHeld = (): boolean => state === 'held';
    let answered: (() => void) | undefined;
    const done = new Promise<void>((resolve) => (answered = resolve));
    const store = await open({
      request: async (request) => {
        if (state !== 'holding' || !request.path.includes('recurse=true')) {
          return consul.client.request(request);
        }
        state = 'held';
        await new Promise<void>((resolve) => (proceed = resolve));
        const reply = await consul.client.request(request);
        // As it was just before the object was written back.
        const entries = reply.body as readonly { readonly Key: string }[];
        setImmediate(() => answered?.());
        return { body: entries.filter(({ Key }) => Key !== pathOf('a')), index: 1 };
      },
    });
    for (let turn = 0; turn < 50; turn += 1) {
      const object = virtualServiceObject('a', `v${turn}`);
      await (turn === 0 ? store.create(object) : store.replace(object));
    }
    state = 'holding';
    await until('a reading of everything', isHeld);
    const { version } = store.list();
    await consul.halt('SIGKILL');
    await consul.loseData();
    await consul.run();
    await until(
      'the object to be written back',
      () => Number(versions(store)[0]) > Number(version),
    );
    proceed?.();
    await done;
    // Behind what is done with the answer.
    await store.create(virtualServiceObject('b', 'v1'));
    assert.equal(summary(store), 'a:v49 b:v1');
  });

  it('believes that everything is gone when somebody deletes it', async () => {
    const [one, two] = [await open(), await open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await become(two, 'a:v1');
    await deleteByHand(`${prefix}/?recurse=true`);
    await Promise.all([become(one, ''), become(two, '')]);
    await two.create(virtualServiceObject('b', 'v1'));
    await become(one, 'b:v1');
  });

  it('takes over an older state that Consul was set back to', async () => {
    const [one, two] = [await open(), await open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await become(two, 'a:v1');
    const snapshot = await (await fetch(`${consul.address}/v1/snapshot`)).arrayBuffer();
    await one.replace(virtualServiceObject('a', 'v2'));
    await one.create(virtualServiceObject('b', 'v1'));
    await become(two, 'a:v2 b:v1');
    const { version } = one.list();
    await fetch(`${consul.address}/v1/snapshot`, { method: 'PUT', body: snapshot });
    await two.create(virtualServiceObject('c', 'v1'));
    await Promise.all([become(one, 'a:v1 c:v1'), become(two, 'a:v1 c:v1')]);
    assert.ok(Number(versions(two)[0]) > Number(version), 'versions go on growing');
    assert.deepEqual(one.list(), two.list());
  });

  it('waits for a Consul that does not answer yet, until it is told to end', async () => {
    const client = createConsulClient({ address: 'http://127.0.0.1:1' });
    const controller = new AbortController();
    const opening = openConsulStore({ client, prefix, clock: systemClock, log }, controller.signal);
    controller.abort();
    await assert.rejects(opening, { code: 'E_CLOSED' });
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
        message: /ACL token .* key_prefix policy "write"/,
      });
      assert.deepEqual([summary(reader), summary(writer)], ['a:v1', 'a:v1']);
      await writer.close();
      await reader.close();
    } finally {
      await consul.stop();
    }
  });
});
