import assert from 'node:assert/strict';
import type { RegisteredService, ServiceRecord } from '../contract/registration.ts';
import type { DesiredState } from './desired.ts';
import { diffServices, operationId } from './diff.ts';

const health = { status: 'passing', output: 'container web is running' } as const;
const bad = { status: 'critical', output: 'container web is paused' } as const;

const record: ServiceRecord = {
  id: 'host:web:80',
  name: 'web',
  tags: ['a', 'b'],
  meta: { protocol: 'http', 'composemesh-container': 'c1' },
  address: '10.0.0.2',
  port: 80,
  weight: 1,
  checks: [{ kind: 'tcp', name: 'TCP', notes: 'connect', definition: {} }],
  health,
};

const held: RegisteredService = { ...record, checks: { 'service:host:web:80:tcp': 'connect' } };

const desire = (
  records: readonly ServiceRecord[],
  more: Partial<DesiredState> = {},
): DesiredState => ({
  records,
  retained: new Map(),
  unknown: new Set(),
  running: new Set(),
  problems: [],
  ...more,
});

const withoutCheck = (service: RegisteredService): RegisteredService => {
  const copy: { health?: unknown } & RegisteredService = { ...service };
  delete copy.health;
  return copy;
};

describe('diffServices', () => {
  it('writes nothing when nothing differs', () => {
    assert.deepEqual(diffServices(desire([record]), [held]), []);
  });

  it('registers what is missing', () => {
    assert.deepEqual(diffServices(desire([record]), []), [
      { kind: 'register', record, isNew: true },
    ]);
  });

  const differences: readonly (readonly [string, RegisteredService])[] = [
    ['address', { ...held, address: '10.0.0.3' }],
    ['port', { ...held, port: 81 }],
    ['weight', { ...held, weight: 2 }],
    ['tags', { ...held, tags: ['b', 'a'] }],
    ['a tag', { ...held, tags: ['a'] }],
    ['Meta', { ...held, meta: { ...held.meta, protocol: 'tcp' } }],
    ['a Meta key', { ...held, meta: { ...held.meta, more: '1' } }],
    ['the definition of a check', { ...held, checks: { 'service:host:web:80:tcp': 'other' } }],
    ['a lost check', { ...held, checks: {} }],
    ['our check, which the agent lost', withoutCheck(held)],
  ];
  for (const [what, service] of differences) {
    it(`registers again for ${what}`, () => {
      assert.deepEqual(diffServices(desire([record]), [service]), [
        { kind: 'register', record, isNew: false },
      ]);
    });
  }

  it('deregisters before it registers a new name', () => {
    assert.deepEqual(diffServices(desire([record]), [{ ...held, name: 'old' }]), [
      { kind: 'deregister', id: record.id, name: 'old' },
      { kind: 'register', record, isNew: false },
    ]);
  });

  it('writes only the health when only that differs', () => {
    assert.deepEqual(
      [
        diffServices(desire([{ ...record, health: bad }]), [held]),
        diffServices(desire([record]), [{ ...held, health: bad }]),
        diffServices(desire([record]), [{ ...held, health: { ...health, output: 'other' } }]),
      ],
      [
        [{ kind: 'drain', id: record.id, health: bad }],
        [{ kind: 'restore', id: record.id, health }],
        [{ kind: 'restore', id: record.id, health }],
      ],
    );
  });

  it('tells another reason to be critical from what takes traffic away', () => {
    const service: RegisteredService = { ...held, health: { ...bad, output: 'other' } };
    const operation = { kind: 'explain', service, health: bad };
    assert.deepEqual(
      [
        diffServices(desire([{ ...record, health: bad }]), [service]),
        diffServices(desire([], { retained: new Map([['c1', bad]]) }), [service]),
      ],
      [[operation], [operation]],
    );
  });

  it('drains first, then deregisters, then registers, then restores; each by id', () => {
    const of = (id: string): ServiceRecord => ({ ...record, id });
    const operations = diffServices(
      desire([of('1'), { ...of('5'), health: bad }, { ...of('4'), health: bad }, of('2')]),
      [
        { ...held, id: '1', checks: { 'service:1:tcp': 'connect' }, health: bad },
        { ...held, id: '4', checks: { 'service:4:tcp': 'connect' } },
        { ...held, id: '5', checks: { 'service:5:tcp': 'connect' } },
        { ...held, id: '3' },
      ],
    );
    assert.deepEqual(
      operations.map((operation) => [operation.kind, operationId(operation)]),
      [
        ['drain', '4'],
        ['drain', '5'],
        ['deregister', '3'],
        ['register', '2'],
        ['restore', '1'],
      ],
    );
  });

  it('leaves alone what belongs to a container that could not be read', () => {
    assert.deepEqual(diffServices(desire([], { unknown: new Set(['c1']) }), [held]), []);
  });

  it('keeps what is retained, with its health', () => {
    assert.deepEqual(diffServices(desire([], { retained: new Map([['c1', bad]]) }), [held]), [
      { kind: 'drain', id: held.id, health: bad },
    ]);
  });

  it('writes over what it takes over, and removes the rest of it', () => {
    const other = { id: record.id, name: record.name, address: '10.0.0.9', port: 1 };
    const gone = { ...other, id: 'old:gone:80', name: 'gone' };
    const renamed = { ...other, name: 'before' };
    assert.deepEqual(
      [
        diffServices(desire([record]), [], [other, gone]),
        diffServices(desire([record]), [], [renamed]),
      ],
      [
        [
          { kind: 'deregister', id: 'old:gone:80', name: 'gone' },
          { kind: 'register', record, isNew: false, adopts: true },
        ],
        [
          { kind: 'deregister', id: record.id, name: 'before' },
          { kind: 'register', record, isNew: false, adopts: true },
        ],
      ],
    );
  });
});
