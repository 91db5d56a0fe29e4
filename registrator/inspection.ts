/** `plan` and `explain`: look once, and say what there is. Nothing is written. */
import { systemClock } from '../kit/clock.ts';
import { OperationError } from '../kit/errors.ts';
import { findNearest } from '../kit/nearest.ts';
import type { Container, Observation } from './docker/container.ts';
import { Inventory } from './docker/inventory.ts';
import type { Parts } from './parts.ts';
import { selectAdopted } from './plan/adoption.ts';
import { compareServices, formatComparison } from './plan/comparison.ts';
import { planServices } from './plan/desired.ts';
import { explainContainer, findContainers, formatExplanation } from './plan/explain.ts';

/** The plan as a table, or as JSON. */
export async function showPlan(
  parts: Parts,
  { json }: { readonly json: boolean },
): Promise<string> {
  const desired = planServices(await observe(parts), parts.plan);
  const { registry, adoption } = parts;
  const found = await registry.readForeign();
  const adopted = adoption === undefined ? [] : selectAdopted(desired, found, adoption);
  const comparison = compareServices(desired, await registry.read(), { found, adopted });
  return json ? toJson(comparison) : formatComparison(comparison);
}

/** Throws OperationError `E_CONTAINER` when there is no such container. */
export async function showExplanation(
  parts: Parts,
  { container: text, json }: { readonly container: string; readonly json: boolean },
): Promise<string> {
  const observation = await observe(parts);
  const found = findContainers(observation.containers, text);
  if (found.length === 0) throw missingContainer(text, observation.containers);
  const held = await parts.registry.read();
  const explanations = found.map((container) =>
    explainContainer(container, observation, parts.plan, held),
  );
  return json ? toJson(explanations) : explanations.map(formatExplanation).join('\n');
}

async function observe({ engine }: Parts): Promise<Observation> {
  const inventory = new Inventory({ engine, clock: systemClock, onLate: () => undefined });
  const { failure, ...observation } = await inventory.refresh();
  if (failure !== undefined) throw failure as Error;
  return observation;
}

function missingContainer(text: string, containers: readonly Container[]): OperationError {
  const names = containers.map(({ name }) => name);
  const nearest = findNearest(text, names);
  const hint =
    nearest === undefined ? 'docker ps -a lists what there is' : `did you mean ${nearest}?`;
  return new OperationError('E_CONTAINER', `there is no container "${text}"; ${hint}`);
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
