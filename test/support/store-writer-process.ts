/**
 * Writes into directory stores without end, one writer for each folder of its arguments, until it is killed. Says
 * on standard output what each tries and what has been acknowledged: `try FOLDER NAME VALUE`, `did FOLDER NAME VALUE`;
 * a value of - is a deletion. Writing to a pipe is synchronous, so what was said is said even by one who is killed.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { keyOf } from '../../pilot/api/kinds.ts';
import { openDirStore } from '../../pilot/store/dir-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import { virtualServiceObject } from './config-objects.ts';

const names = ['first', 'second', 'third', 'own-1', 'own-2', 'own-3'];

await Promise.all(process.argv.slice(2).map(work));

async function work(path: string): Promise<void> {
  const store = await openDirStore({ path, clock: systemClock, log: createLog('test', 'silent') });
  for (let turn = 0; ; turn += 1) {
    const name = names[Math.floor(Math.random() * names.length)] ?? '';
    const isDeletion = name.startsWith('own') && Math.random() < 0.3;
    const value = isDeletion ? '-' : `v${process.pid}-${turn}`;
    writeSync(1, `try ${path} ${name} ${value}\n`);
    await write(store, name, value);
    writeSync(1, `did ${path} ${name} ${value}\n`);
  }
}

async function write(store: ConfigStore, name: string, value: string): Promise<void> {
  const object = virtualServiceObject(name, value);
  const exists = store.get(keyOf(object)) !== undefined;
  if (value !== '-') await (exists ? store.replace(object) : store.create(object));
  else if (exists) await store.delete(keyOf(object));
}
