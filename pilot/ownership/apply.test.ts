import assert from 'node:assert/strict';
import { applyFields, trackUpdate, type Application } from './apply.ts';
import { listPaths, oneField } from './field-set.ts';
import { fieldsOf, type Fields, type MergeSchema } from './field-walk.ts';
import { readFields, writeFields } from './fields-v1.ts';
import { readManagers, writeManagers, type Manager, type Writer } from './managers.ts';

const schema: MergeSchema = {
  properties: {
    spec: { properties: { ports: { 'x-kubernetes-list-map-keys': ['name'] } } },
  },
};

function writerOf(name: string, operation: Writer['operation'] = 'Apply'): Writer {
  return { name, operation, apiVersion: 'v1', time: '2026-01-01T00:00:00Z' };
}

interface State {
  readonly live?: Fields;
  readonly managers: readonly Manager[];
}

const nothing: State = { managers: [] };

function apply(state: State, name: string, applied: Fields, force = false): State {
  const application: Application = { ...state, applied, schema, writer: writerOf(name), force };
  const outcome = applyFields(application);
  assert.ok(outcome.ok, 'there are conflicts');
  return { live: outcome.content, managers: outcome.managers };
}

function update(state: State, name: string, after: Fields): State {
  const { live = {}, managers } = state;
  const writer = writerOf(name, 'Update');
  return { live: after, managers: trackUpdate({ before: live, after, schema, managers, writer }) };
}

function ownedBy({ managers }: State): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(managers.map(({ name, fields }) => [name, listPaths(fields)]));
}

function conflictsOf(state: State, name: string, applied: Fields): readonly string[] {
  const outcome = applyFields({ ...state, applied, schema, writer: writerOf(name), force: false });
  if (outcome.ok) return [];
  return outcome.conflicts.flatMap(({ manager, fields }) =>
    listPaths(fields).map((path) => `${manager.name} ${path}`),
  );
}

const http = { name: 'http', number: 80 };
const tls = { name: 'tls', number: 443 };

describe('server-side apply', () => {
  it('merges what several apply, each owning what they named', () => {
    const first = apply(nothing, 'a', { metadata: { labels: { a: '1' } }, spec: { x: 1, l: [1] } });
    const second = apply(first, 'b', { metadata: { labels: { b: '1' } }, spec: { x: 1, y: {} } });
    assert.deepEqual(
      [second.live, ownedBy(second)],
      [
        { metadata: { labels: { a: '1', b: '1' } }, spec: { x: 1, l: [1], y: {} } },
        {
          a: ['.metadata.labels.a', '.spec.l', '.spec.x'],
          b: ['.metadata.labels.b', '.spec.x', '.spec.y'],
        },
      ],
    );
  });

  it('removes what is no longer applied, unless somebody else owns it too', () => {
    const both = apply(apply(nothing, 'a', { spec: { x: 1, z: { deep: 1 } } }), 'b', {
      spec: { x: 1 },
    });
    const less = apply(both, 'a', { spec: { w: 1 } });
    const none = apply(apply(less, 'b', { spec: {} }), 'a', { spec: { w: 1 } });
    assert.deepEqual([less.live, none.live], [{ spec: { x: 1, w: 1 } }, { spec: { w: 1 } }]);
  });

  it('refuses to change the field of another, and takes it when forced', () => {
    const theirs = apply(nothing, 'a', { spec: { list: [1, 2], x: 1 } });
    const wanted = { spec: { list: [1], x: 1 } };
    const forced = apply(theirs, 'b', wanted, true);
    assert.deepEqual(
      [conflictsOf(theirs, 'b', wanted), forced.live, ownedBy(forced)],
      [['a .spec.list'], wanted, { a: ['.spec.x'], b: ['.spec.list', '.spec.x'] }],
    );
  });

  it('tells the items of a list with keys apart, and keeps their order', () => {
    const first = apply(nothing, 'a', { spec: { ports: [tls, http] } });
    const second = apply(first, 'b', { spec: { ports: [{ name: 'tls', protocol: 'TLS' }] } });
    const third = apply(second, 'a', { spec: { ports: [{ ...http, number: 8080 }] } });
    assert.deepEqual(
      [conflictsOf(first, 'b', { spec: { ports: [{ ...tls, number: 1 }] } }), third.live],
      [
        ['a .spec.ports[name="tls"].number'],
        {
          spec: {
            ports: [
              { name: 'tls', protocol: 'TLS' },
              { name: 'http', number: 8080 },
            ],
          },
        },
      ],
    );
    const gone = apply(apply(third, 'b', { spec: { x: 1 } }), 'a', { spec: { ports: [http] } });
    assert.deepEqual(gone.live, { spec: { ports: [http], x: 1 } });
  });

  it('gives what was there before the first apply an owner', () => {
    const found: State = { live: { spec: { x: 1, y: 1 } }, managers: [] };
    assert.deepEqual(
      [conflictsOf(found, 'a', { spec: { x: 2 } }), ownedBy(apply(found, 'a', { spec: { x: 1 } }))],
      [
        ['before-first-apply .spec.x'],
        { 'before-first-apply': ['.spec.x', '.spec.y'], a: ['.spec.x'] },
      ],
    );
  });

  it('gives what an update changes to the one who updates', () => {
    const applied = apply(nothing, 'a', { spec: { x: 1, y: 1, ports: [http, tls] } });
    const edited = update(applied, 'edit', {
      spec: { x: 2, ports: [{ ...http, number: 81 }], n: 1 },
    });
    assert.deepEqual(ownedBy(edited), {
      a: ['.spec.ports[name="http"]', '.spec.ports[name="http"].name'],
      edit: ['.spec.n', '.spec.ports[name="http"].number', '.spec.x'],
    });
    const conflicts = conflictsOf(edited, 'a', { spec: { x: 1, y: 1, ports: [http] } });
    assert.deepEqual(conflicts, ['edit .spec.ports[name="http"].number', 'edit .spec.x']);
  });

  it('changes nothing when the same is applied again', () => {
    const first = apply(nothing, 'a', { spec: { x: 1 } });
    const again = applyFields({
      ...first,
      applied: { spec: { x: 1 } },
      schema,
      writer: { ...writerOf('a'), time: '2027-01-01T00:00:00Z' },
      force: false,
    });
    assert.deepEqual(again, { ok: true, content: first.live, managers: first.managers });
  });
});

describe('managed fields', () => {
  it('are read and written as FieldsV1', () => {
    const value = { spec: { ports: [http], none: {}, list: [1] } };
    const fields = fieldsOf(value, schema);
    const json = writeFields(fields);
    assert.deepEqual(json, {
      'f:spec': {
        'f:list': {},
        'f:none': {},
        'f:ports': { 'k:{"name":"http"}': { '.': {}, 'f:name': {}, 'f:number': {} } },
      },
    });
    assert.deepEqual(readFields(json), fields);
  });

  it('keep ten updates apart at most', () => {
    const managers = Array.from({ length: 14 }, (_, index): Manager => {
      const time = `2026-01-${String(index + 1).padStart(2, '0')}T00:00:00Z`;
      const fields = { isIn: false, below: new Map([[`f:x${index}`, oneField]]) };
      return { ...writerOf(`w${index}`, 'Update'), time, fields };
    });
    const written = readManagers(writeManagers(managers));
    assert.deepEqual(
      written.map(({ name, fields }) => `${name} ${fields.below.size}`),
      ['ancient-changes 5', ...[5, 6, 7, 8, 9, 10, 11, 12, 13].map((index) => `w${index} 1`)],
    );
  });

  it('are refused when they are none', () => {
    const entry = { manager: 'a', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1' };
    const bad = [
      {},
      [null],
      [{}],
      [{ ...entry, operation: 'Other' }],
      [{ ...entry, fieldsV1: { 'x:y': {} } }],
      [{ ...entry, fieldsV1: { 'f:y': 1 } }],
      [{ ...entry, fieldsV1: { 'k:{': {} } }],
    ];
    for (const value of bad) assert.throws(() => readManagers(value), SyntaxError);
  });
});
