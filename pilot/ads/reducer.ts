/**
 * One ADS stream as a state machine without I/O: (state, event) → (state, effects). stream.ts feeds it and carries out
 * the effects; plan.ts decides what to send. Both transports share it: they differ in how names arrive, in
 * acknowledgements and in whether a response is a difference or the whole.
 */
import { emptyBundle } from '../xds/bundle.ts';
import type { Snapshot, XdsType } from '../xds/resource.ts';
import { claimedBundle } from './bundle-diff.ts';
import { advance } from './plan.ts';
import type {
  InFlight,
  Outcome,
  OverdueEvent,
  Rejection,
  RequestEvent,
  StreamEvent,
  StreamState,
} from './stream-state.ts';
import { withType } from './stream-state.ts';
import { changeSubscription, isSubscribed, isWhole } from './subscription.ts';

const none: ReadonlySet<string> = new Set();

/** What happens to the stream with `event`: its next state and what is to be done, in order. */
export function reduce(state: StreamState, event: StreamEvent): Outcome {
  switch (event.kind) {
    case 'snapshot':
      return advance(takeSnapshot(state, event.snapshot), []);
    case 'overdue':
      return advance(stopWaiting(state, event), []);
    case 'request':
      return takeRequest(state, event);
  }
}

function takeSnapshot(state: StreamState, target: Snapshot): StreamState {
  const { cluster, endpoint } = target;
  const warming = new Set(
    [...state.warming].filter(
      (name) => cluster.resources.has(name) && endpoint.resources.has(name),
    ),
  );
  return { ...state, target, warming, synced: false };
}

/** Gives up on what the client did not do in time. */
function stopWaiting(state: StreamState, event: OverdueEvent): StreamState {
  if (event.what === 'clusters') return { ...state, late: event.nonce };
  const asked = state.types.endpoint.subscription;
  const warming = new Set([...state.warming].filter((name) => asked?.names.has(name) === true));
  return { ...state, warming, waiting: false, presumed: true };
}

function takeRequest(state: StreamState, request: RequestEvent): Outcome {
  const held = state.types[request.type];
  // A state-of-the-world request that answers an older response will be followed by one that answers the last
  // (xDS protocol, "ACK and NACK semantics summary"). Delta requests change the subscription whatever they answer.
  const stale = request.nonce !== '' && request.nonce !== held.nonce;
  if (stale && state.transport === 'sotw') return { state, effects: [] };
  const answered =
    held.inFlight?.nonce === request.nonce
      ? takeAnswer(state, request, held.inFlight)
      : { state, effects: [] };
  return advance(takeNames(answered.state, request), answered.effects);
}

function takeAnswer(state: StreamState, request: RequestEvent, inFlight: InFlight): Outcome {
  const settled = settleWarming(state, request.type, inFlight);
  return request.error === undefined
    ? takeAcceptance(settled, request.type, inFlight)
    : takeRejection(settled, request.type, makeRejection(request.error, inFlight));
}

function takeAcceptance(state: StreamState, type: XdsType, inFlight: InFlight): Outcome {
  const held = state.types[type];
  const { version } = inFlight;
  const everything = state.transport === 'sotw' && isWhole(type);
  const rejected = everything ? none : without(held.rejected, inFlight);
  const rejection = rejected.size > 0 ? held.rejection : undefined;
  return {
    state: withType(state, type, { inFlight: undefined, acked: version, rejected, rejection }),
    effects: [{ kind: 'acked', type, version }],
  };
}

function takeRejection(state: StreamState, type: XdsType, rejection: Rejection): Outcome {
  const rejected = new Set([...state.types[type].rejected, ...rejection.names]);
  return {
    state: withType(state, type, { inFlight: undefined, rejected, rejection }),
    effects: [{ kind: 'rejected', type, rejection }],
  };
}

/** Endpoints are dealt with when the client answers, either way: a rejection will not change by waiting. */
function settleWarming(state: StreamState, type: XdsType, inFlight: InFlight): StreamState {
  if (type !== 'endpoint' || state.warming.size === 0) return state;
  return { ...state, warming: without(state.warming, inFlight) };
}

function without(names: ReadonlySet<string>, inFlight: InFlight): ReadonlySet<string> {
  if (names.size === 0) return names;
  const rest = new Set(names);
  for (const resource of inFlight.resources) rest.delete(resource.name);
  for (const name of inFlight.removed) rest.delete(name);
  return rest;
}

function makeRejection(text: string, inFlight: InFlight): Rejection {
  const all = inFlight.resources.map((resource) => resource.name);
  const named = all.filter((name) => text.includes(name));
  return { version: inFlight.version, text, names: named.length > 0 ? named : all };
}

function takeNames(state: StreamState, request: RequestEvent): StreamState {
  const { type, names, versions } = request;
  const held = state.types[type];
  const { subscription, asked, askedAll } = changeSubscription(type, held.subscription, names);
  if (subscription === held.subscription && asked.length === 0) return state;
  const claims = held.subscription === undefined && versions.size > 0;
  const wanted = claims ? asked.filter((name) => !versions.has(name)) : asked;
  const subscribed = (name: string): boolean => isSubscribed(subscription, name);
  const rejected = keep(held.rejected, subscribed);
  return withType(state, type, {
    subscription,
    given: claims ? claimedBundle(held.given, versions) : askedAll ? emptyBundle(type) : held.given,
    pending: keep(new Set([...held.pending, ...wanted]), subscribed),
    unanswered: held.unanswered || askedAll,
    rejected,
    rejection: rejected.size > 0 ? held.rejection : undefined,
  });
}

function keep(
  names: ReadonlySet<string>,
  condition: (name: string) => boolean,
): ReadonlySet<string> {
  return names.size === 0 ? none : new Set([...names].filter(condition));
}
