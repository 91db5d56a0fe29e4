import type { XdsType } from '../xds/resource.ts';

/** What a client wants of one type. Immutable. */
export interface Subscription {
  /** Everything: `legacy` since its first request named nothing, `explicit` since it named `*`. */
  readonly wildcard: 'no' | 'legacy' | 'explicit';
  readonly names: ReadonlySet<string>;
}

/** The names in one request: the whole list (state of the world) or what changes in it (delta). */
export type NamesInRequest =
  | { readonly kind: 'list'; readonly names: readonly string[] }
  | {
      readonly kind: 'change';
      readonly subscribe: readonly string[];
      readonly unsubscribe: readonly string[];
    };

export interface SubscriptionChange {
  readonly subscription: Subscription;
  /** Names that must be answered whatever the client was sent before. */
  readonly asked: readonly string[];
  /** Whether the client asks for everything with this request and did not before. */
  readonly askedAll: boolean;
}

/**
 * Whether a state-of-the-world response of this type lists everything, so that what it leaves out is removed. In
 * responses of the other types only what is listed counts (xDS protocol, "Deleting resources").
 */
export function isWhole(type: XdsType): boolean {
  return type === 'cluster' || type === 'listener';
}

const nothing: Subscription = { wildcard: 'no', names: new Set() };

/** Whether the client wants the resource called `name`. */
export function isSubscribed(subscription: Subscription, name: string): boolean {
  return subscription.wildcard !== 'no' || subscription.names.has(name);
}

/**
 * Applies the names of one request. Rules: xDS protocol, "How the client specifies what resources to return"
 * and, for delta, "Unsubscribing from resources" and "Deleting resources".
 */
export function changeSubscription(
  type: XdsType,
  previous: Subscription | undefined,
  request: NamesInRequest,
): SubscriptionChange {
  const change =
    request.kind === 'list'
      ? applyList(type, previous, request.names)
      : applyChange(type, previous, request);
  const before = previous ?? nothing;
  const askedAll = change.subscription.wildcard !== 'no' && before.wildcard === 'no';
  return { ...change, askedAll };
}

type Applied = Omit<SubscriptionChange, 'askedAll'>;

function applyList(
  type: XdsType,
  previous: Subscription | undefined,
  listed: readonly string[],
): Applied {
  const legacy = previous === undefined || previous.wildcard === 'legacy';
  if (listed.length === 0 && legacy && isWhole(type)) {
    return { subscription: { wildcard: 'legacy', names: nothing.names }, asked: [] };
  }
  if (previous !== undefined && isSameList(previous, listed)) {
    return { subscription: previous, asked: [] };
  }
  const names = new Set(listed);
  const wildcard = names.delete('*') ? 'explicit' : 'no';
  const asked = [...names].filter((name) => previous?.names.has(name) !== true);
  return { subscription: { wildcard, names }, asked };
}

function isSameList(previous: Subscription, listed: readonly string[]): boolean {
  if (previous.wildcard !== 'no' || previous.names.size !== listed.length) return false;
  return listed.every((name) => previous.names.has(name));
}

function applyChange(
  type: XdsType,
  previous: Subscription | undefined,
  request: NamesInRequest & { kind: 'change' },
): Applied {
  const { subscribe, unsubscribe } = request;
  if (previous !== undefined && subscribe.length === 0 && unsubscribe.length === 0) {
    return { subscription: previous, asked: [] };
  }
  const before = previous ?? firstSubscription(type, subscribe);
  const names = new Set(before.names);
  for (const name of subscribe) names.add(name);
  for (const name of unsubscribe) names.delete(name);
  names.delete('*');
  const wildcard = changeWildcard(before.wildcard, subscribe, unsubscribe);
  // Who gives up a name but keeps the wildcard does not know whether it still has the resource.
  const returned = wildcard === 'no' ? [] : unsubscribe;
  const asked = [...subscribe, ...returned].filter((name) => name !== '*');
  return { subscription: { wildcard, names }, asked };
}

/** An empty first request asks for all clusters or listeners, and for nothing of the other types. */
function firstSubscription(type: XdsType, subscribe: readonly string[]): Subscription {
  return subscribe.length === 0 && isWhole(type)
    ? { wildcard: 'legacy', names: nothing.names }
    : nothing;
}

function changeWildcard(
  before: Subscription['wildcard'],
  subscribe: readonly string[],
  unsubscribe: readonly string[],
): Subscription['wildcard'] {
  if (unsubscribe.includes('*')) return 'no';
  return subscribe.includes('*') ? 'explicit' : before;
}
