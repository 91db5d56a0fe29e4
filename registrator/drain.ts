/** `drain`: takes a container out of traffic, and waits until its callers know, so that it can be stopped. */
import { OperationError } from '../kit/errors.ts';
import { delay } from '../kit/lifecycle.ts';
import type { DrainTask } from './config.ts';
import { metaKeys } from './contract/service-record.ts';
import type { Container } from './docker/container.ts';
import { parseSettings } from './docker/labels.ts';
import { findObserved, observe } from './inspection.ts';
import type { Context, Parts } from './parts.ts';

/** Longer than callers take that follow Consul by blocking queries. */
const defaultTime = 5000;

/**
 * Turns on Consul's maintenance mode for all services of the container, and resolves when its time is over. The mode
 * ends with the container: what starts later is registered anew. Returns what was done, in lines.
 */
export async function drainContainer(
  parts: Parts,
  { container: text, time }: DrainTask,
  { signal }: Pick<Context, 'signal'>,
): Promise<string> {
  const { registry } = parts;
  const found = findObserved(await observe(parts), text);
  const ids = new Set(found.map(({ id }) => id));
  const held = await registry.read();
  const services = held.filter(({ meta }) => ids.has(meta[metaKeys.containerId] ?? ''));
  if (services.length === 0) return `nothing of ${text} is registered\n`;
  const wait = time ?? Math.max(...found.map(findDrainTime));
  await Promise.all(services.map(({ id }) => registry.maintain(id, 'is drained before its stop')));
  await delay(wait, signal);
  if (signal.aborted) throw new OperationError('E_ABORTED', 'was told to end before its time');
  const lines = services.map(({ id }) => `drained ${id}\n`).sort();
  return `${lines.join('')}waited ${wait / 1000} s; now run: docker stop ${found.map(({ name }) => name).join(' ')}\n`;
}

function findDrainTime(container: Container): number {
  const times = container.exposed.flatMap(
    (port) => parseSettings(container, port).value.drain ?? [],
  );
  return times.length === 0 ? defaultTime : Math.max(...times);
}
