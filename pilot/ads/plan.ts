/** Decides what a stream is to be sent now: pure, called after every event. */
import { encode } from '../proto/writer.ts';
import { ClusterLoadAssignmentSchema } from '../proto/messages.ts';
import { createResource, emptyBundle } from '../xds/bundle.ts';
import type { Bundle, EncodedResource, Snapshot, XdsType } from '../xds/resource.ts';
import { allResources, diffBundles, findResource, mergeBundles } from './bundle-diff.ts';
import type { PushRule } from './push-order.ts';
import { pushOrder } from './push-order.ts';
import type { Effect, Outcome, SendEffect, StreamState, TypeState } from './stream-state.ts';
import { withType } from './stream-state.ts';
import type { Subscription } from './subscription.ts';
import { isSubscribed, isWhole } from './subscription.ts';

type Targeted = StreamState & { readonly target: Snapshot };
type Requested = TypeState & { readonly subscription: Subscription };

interface Step {
  readonly state: Targeted;
  readonly effects: readonly Effect[];
}

interface Content {
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

const none: ReadonlySet<string> = new Set();

/** Sends all that may be sent now. `effects` are those of the event so far. */
export function advance(state: StreamState, effects: readonly Effect[]): Outcome {
  if (!isTargeted(state)) return { state, effects };
  let current: Targeted = state;
  const all = [...effects];
  // A step of one type may free another, also an earlier one: goes through the order until nothing moves.
  for (let before: Targeted | undefined; before !== current;) {
    before = current;
    for (const rule of pushOrder) {
      const step = takeStep(current, rule);
      current = step.state;
      all.push(...step.effects);
    }
  }
  return finish(current, all);
}

function isTargeted(state: StreamState): state is Targeted {
  return state.target !== undefined;
}

function finish(state: Targeted, effects: Effect[]): Outcome {
  const synced = pushOrder.every(({ type }) => isDelivered(state, type));
  if (synced && !state.synced) effects.push({ kind: 'synced', snapshot: state.target });
  const waiting = state.waiting || isWaitingInVain(state);
  if (waiting && !state.waiting) {
    effects.push({ kind: 'await', event: { kind: 'overdue', what: 'requests' } });
  }
  const same = synced === state.synced && waiting === state.waiting;
  return { state: same ? state : { ...state, synced, waiting }, effects };
}

/** Whether something is held back for what the client has not asked for and perhaps never will. */
function isWaitingInVain(state: Targeted): boolean {
  const { cluster, endpoint, listener, route } = state.types;
  if (cluster.subscription === undefined || cluster.inFlight !== undefined) return false;
  const unrequested = listener.subscription === undefined || route.subscription === undefined;
  if (unrequested && !state.presumed && cluster.given !== state.target.cluster) return true;
  return [...state.warming].some((name) => endpoint.subscription?.names.has(name) !== true);
}

function takeStep(state: Targeted, rule: PushRule): Step {
  const held = state.types[rule.type];
  if (!isRequested(held) || held.inFlight !== undefined) return { state, effects: [] };
  if (!rule.after.every((type) => isReady(state, type))) return { state, effects: [] };
  const next = desiredBundle(state, rule);
  const content =
    state.transport === 'delta'
      ? deltaContent(state, rule.type, held, next)
      : wholeContent(state, rule.type, held, next);
  if (content === undefined) {
    const moved = held.given === next ? state : withType(state, rule.type, { given: next });
    return { state: moved, effects: [] };
  }
  return send(state, rule.type, next, content);
}

function isRequested(held: TypeState): held is Requested {
  return held.subscription !== undefined;
}

/** Whether what other types need of `type` has arrived at the client. */
function isReady(state: Targeted, type: XdsType): boolean {
  const { inFlight, given, subscription } = state.types[type];
  if (type === 'endpoint') return state.warming.size === 0;
  if (subscription === undefined) return true;
  const waited = inFlight === undefined || inFlight.nonce === state.late;
  return waited && diffBundles(given, state.target[type]).changed.length === 0;
}

/**
 * Whether the client has exactly the target of `type` and accepted it; one that never asks counts in the end. What it
 * refused and is not to have any more keeps nothing in use.
 */
function isSettled(state: Targeted, type: XdsType): boolean {
  const held = state.types[type];
  if (held.subscription === undefined) return state.presumed;
  const { resources } = state.target[type];
  return isDelivered(state, type) && ![...held.rejected].some((name) => resources.has(name));
}

/** Whether the client has answered for all that it is to have of `type`. */
export function isDelivered(state: Targeted, type: XdsType): boolean {
  const held = state.types[type];
  if (held.subscription === undefined) return true;
  if (held.inFlight !== undefined || held.unanswered || held.pending.size > 0) return false;
  return held.given === state.target[type];
}

/** The target, with what it takes away as long as that may be in use. */
function desiredBundle(state: Targeted, rule: PushRule): Bundle {
  const { type } = rule;
  const target = state.target[type];
  if (rule.removalsAfter.every((other) => isSettled(state, other))) return target;
  // A cluster that stays and has lost its endpoints must be told so; one that goes keeps them until it is gone.
  const gone = type === 'endpoint' ? state.target.cluster : emptyBundle(type);
  return mergeBundles(state.types[type].given, target, gone);
}

function send(state: Targeted, type: XdsType, next: Bundle, content: Content): Step {
  const nonce = state.sequence.toString(36);
  const { version } = next;
  const { given } = state.types[type];
  const sent = withType({ ...state, sequence: state.sequence + 1 }, type, {
    given: next,
    pending: none,
    unanswered: false,
    nonce,
    inFlight: { nonce, version, ...content },
    sent: version,
  });
  const effect: SendEffect = { kind: 'send', type, nonce, version, ...content };
  if (type !== 'cluster') return { state: sent, effects: [effect] };
  return {
    state: warmClusters(sent, given, next),
    effects: [effect, { kind: 'await', event: { kind: 'overdue', what: 'clusters', nonce } }],
  };
}

/**
 * After clusters were sent: a new cluster is not usable until it has endpoints, and a changed one may have forgotten
 * its own (Envoy issues 31535 and 22418), so they are sent again although they did not change.
 */
function warmClusters(state: Targeted, before: Bundle, after: Bundle): Targeted {
  const { endpoint } = state.types;
  const warming = new Set(state.warming);
  const pending = new Set(endpoint.pending);
  for (const { name } of diffBundles(before, after).changed) {
    // A client that comes back asks for its clusters first: it will claim endpoints that it forgets just now.
    const claimed = endpoint.subscription === undefined && before.resources.has(name);
    if (claimed || endpoint.subscription?.names.has(name) === true) pending.add(name);
    if (!before.resources.has(name) && state.target.endpoint.resources.has(name)) warming.add(name);
  }
  return withType({ ...state, warming }, 'endpoint', { pending });
}

/** What to send when a response is a difference; undefined when there is nothing to say. */
function deltaContent(
  state: Targeted,
  type: XdsType,
  held: Requested,
  next: Bundle,
): Content | undefined {
  const { subscription, pending } = held;
  const step = diffBundles(held.given, next);
  const changed = subscribed(step.changed, subscription);
  const gone = step.removed.filter((name) => isSubscribed(subscription, name));
  const sent = pending.size === 0 ? none : new Set(changed.map(({ name }) => name));
  const extra = [...pending].filter((name) => !sent.has(name));
  const answers = extra.map((name) => answer(type, next, name));
  // What is gone and asked for at once is answered once: Envoy refuses a response that names a resource twice.
  const unasked = gone.filter((name) => !pending.has(name));
  const emptied = type === 'endpoint' ? emptiedEndpoints(state, held.given, unasked) : [];
  const removed =
    type === 'endpoint'
      ? []
      : [...gone, ...extra.filter((_, index) => answers[index] === undefined)];
  const added = [...answers.filter((resource) => resource !== undefined), ...emptied];
  if (changed.length + added.length + removed.length === 0 && !held.unanswered) return undefined;
  return {
    resources: shared(next, added.length === 0 ? changed : [...changed, ...added]),
    removed,
  };
}

function wholeContent(
  state: Targeted,
  type: XdsType,
  held: Requested,
  next: Bundle,
): Content | undefined {
  const { subscription, pending, unanswered, given } = held;
  const step = diffBundles(given, next);
  const changed = step.changed.some(({ name }) => isSubscribed(subscription, name));
  const gone = step.removed.filter((name) => isSubscribed(subscription, name));
  // Only clusters and listeners go by being left out; endpoints that are gone are sent empty, routes just stay.
  const lost = type === 'endpoint' ? emptiedEndpoints(state, given, gone) : gone;
  const news = changed || pending.size > 0 || unanswered || (lost.length > 0 && type !== 'route');
  if (!news) return undefined;
  const all = subscribed(allResources(next), subscription);
  if (isWhole(type)) return { resources: all, removed: [] };
  const refused = ({ name, version }: EncodedResource): boolean =>
    held.rejected.has(name) && given.resources.get(name)?.version === version;
  const accepted = all.some(refused) ? all.filter((resource) => !refused(resource)) : all;
  if (type !== 'endpoint') return { resources: accepted, removed: [] };
  const missing = [...subscription.names].filter((name) => !next.resources.has(name));
  const resources = missing.length === 0 ? accepted : [...accepted, ...missing.map(emptyEndpoints)];
  return { resources, removed: [] };
}

/** The same array when the subscription covers all of it, so that its encoding is shared. */
function subscribed(
  resources: readonly EncodedResource[],
  subscription: Subscription,
): readonly EncodedResource[] {
  if (subscription.wildcard !== 'no') return resources;
  const wanted = resources.filter(({ name }) => subscription.names.has(name));
  return wanted.length === resources.length ? resources : wanted;
}

/** The bundle's own array when `resources` are all of the bundle: many streams ask for the same at the same time. */
function shared(bundle: Bundle, resources: readonly EncodedResource[]): readonly EncodedResource[] {
  if (resources.length !== bundle.resources.size) return resources;
  const whole = resources.every((resource) => bundle.resources.get(resource.name) === resource);
  return whole ? allResources(bundle) : resources;
}

/** What to answer to a client that asks for `name`: for endpoints always something. */
function answer(type: XdsType, bundle: Bundle, name: string): EncodedResource | undefined {
  return findResource(bundle, name) ?? (type === 'endpoint' ? emptyEndpoints(name) : undefined);
}

/** Endpoints that are gone although their cluster stays. */
function emptiedEndpoints(
  state: Targeted,
  given: Bundle,
  gone: readonly string[],
): readonly EncodedResource[] {
  return gone
    .filter((name) => state.target.cluster.resources.has(name))
    .map(emptyEndpoints)
    .filter((empty) => given.resources.get(empty.name)?.version !== empty.version);
}

/** No endpoints, said explicitly: without an answer Envoy keeps the cluster warming (Envoy issue 46383). */
function emptyEndpoints(name: string): EncodedResource {
  return createResource(name, encode(ClusterLoadAssignmentSchema, { clusterName: name }));
}
