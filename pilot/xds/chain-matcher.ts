import type { FilterChain } from '../ir/listener.ts';
import type {
  ApplicationProtocolInput,
  DestinationIPInput,
  DestinationPortInput,
  FilterStateInput,
} from '../proto/generated/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js';
import type {
  Matcher,
  Matcher_OnMatch as OnMatch,
} from '../proto/generated/xds/type/matcher/v3/matcher_pb.js';
import type { StringValue } from '@bufbuild/protobuf/wkt';
import type { Init } from '../proto/init.ts';
import { messageType } from '../proto/registry.ts';
import { packAny } from '../proto/writer.ts';

const inputs = 'envoy.extensions.matching.common_inputs.network.v3';
const portInput = packAny(messageType<DestinationPortInput>(`${inputs}.DestinationPortInput`), {});
const addressInput = packAny(messageType<DestinationIPInput>(`${inputs}.DestinationIPInput`), {});
const protocolInput = packAny(
  messageType<ApplicationProtocolInput>(`${inputs}.ApplicationProtocolInput`),
  {},
);

/** Where a listener filter notes that the inspector has seen bytes: after a silence it is not reached. */
export const spoken = { key: 'composemesh.spoken', value: 'speaks' } as const;
const spokenInput = packAny(messageType<FilterStateInput>(`${inputs}.FilterStateInput`), {
  key: spoken.key,
});

/** What the HTTP inspector reports, in the quotes that the input adds. */
const httpProtocols = ["'http/1.0'", "'http/1.1'", "'h2c'"];

/**
 * Chooses a filter chain by destination port, then by whether the bytes are HTTP, then by whether there are any, then by destination
 * address. It is a matcher and not a match in each chain because those are tried address first, and because
 * a changed matcher drains no connection: only chains that change or go do (Envoy, Listener.filter_chain_matcher).
 */
export function toChainMatcher(chains: readonly FilterChain[]): Init<Matcher> | undefined {
  const ports = groupBy(chains, ({ match }) => match.destinationPort);
  const anyPort = chooseByProtocol(ports.get(undefined) ?? []);
  const branches = [...ports].flatMap(([port, group]) => {
    const branch = chooseByProtocol(group);
    return port === undefined || branch === undefined ? [] : [[String(port), branch] as const];
  });
  if (branches.length > 0) return tree(portInput, branches, anyPort);
  return anyPort === undefined ? undefined : asMatcher(anyPort);
}

function chooseByProtocol(chains: readonly FilterChain[]): Init<OnMatch> | undefined {
  const http = chains.find(({ match }) => match.http === true);
  const others = chains.filter(({ match }) => match.http !== true);
  if (http === undefined) return chooseByAddress(others);
  const branches = httpProtocols.map((protocol) => [protocol, takeChain(http)] as const);
  return nested(tree(protocolInput, branches, chooseBySilence(others, http)));
}

/** What is not HTTP, and what has said nothing yet, may go different ways. */
function chooseBySilence(
  others: readonly FilterChain[],
  http: FilterChain,
): Init<OnMatch> | undefined {
  const heard = chooseByAddress(others);
  if (heard === undefined || !others.some(({ match }) => match.spoken === true)) return heard;
  const silent = chooseByAddress(others, http);
  return nested(tree(spokenInput, [[spoken.value, heard]], silent));
}

/** With `silent`, that chain stands for those that want to hear something first. */
function chooseByAddress(
  chains: readonly FilterChain[],
  silent?: FilterChain,
): Init<OnMatch> | undefined {
  const take = (chain: FilterChain): Init<OnMatch> =>
    takeChain(chain.match.spoken === true ? (silent ?? chain) : chain);
  const general = chains.find(({ match }) => match.destination === undefined);
  const fallback = general === undefined ? undefined : take(general);
  const branches = chains.flatMap((chain) => {
    const { destination } = chain.match;
    return destination === undefined ? [] : [[destination, take(chain)] as const];
  });
  return branches.length === 0 ? fallback : nested(tree(addressInput, branches, fallback));
}

type Branch = readonly [string, Init<OnMatch>];

function tree(
  input: ReturnType<typeof packAny>,
  branches: readonly Branch[],
  onNoMatch: Init<OnMatch> | undefined,
): Init<Matcher> {
  return {
    matcherType: {
      case: 'matcherTree',
      value: {
        input: { name: 'input', typedConfig: input },
        treeType: { case: 'exactMatchMap', value: { map: Object.fromEntries(branches) } },
      },
    },
    onNoMatch,
  };
}

function nested(value: Init<Matcher>): Init<OnMatch> {
  return { onMatch: { case: 'matcher', value } };
}

/** A matcher cannot be a bare action, but it may have nothing but what happens on no match. */
function asMatcher(branch: Init<OnMatch>): Init<Matcher> {
  const { onMatch } = branch;
  return onMatch?.case === 'matcher' ? (onMatch.value as Init<Matcher>) : { onNoMatch: branch };
}

function takeChain({ name }: FilterChain): Init<OnMatch> {
  const value = packAny(messageType<StringValue>('google.protobuf.StringValue'), { value: name });
  return { onMatch: { case: 'action', value: { name, typedConfig: value } } };
}

function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
