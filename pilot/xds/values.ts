import { type HostPort, unixPrefix } from '../ir/cluster.ts';
import { FractionalPercent_DenominatorTypeValues } from '../proto/messages.ts';

/** Small values of the Envoy API, from the units of the IR. */

/** The longest duration that Envoy takes: what still is a 64-bit number of nanoseconds, some 292 years. */
const longest = 9_223_372_035_000;

/** google.protobuf.Duration from milliseconds, or Envoy's longest. */
export function duration(given: number): { readonly seconds: bigint; readonly nanos: number } {
  const ms = Math.min(given, longest);
  const seconds = Math.trunc(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1_000_000) };
}

/** As `duration`, for values that may be absent. */
export function optionalDuration(ms: number | undefined): ReturnType<typeof duration> | undefined {
  return ms === undefined ? undefined : duration(ms);
}

/** FractionalPercent in millionths, which keeps four decimals. */
export function fractionalPercent(percent: number): {
  readonly numerator: number;
  readonly denominator: number;
} {
  return {
    numerator: Math.round(percent * 10_000),
    denominator: FractionalPercent_DenominatorTypeValues.MILLION,
  };
}

interface PortAddress {
  readonly address: {
    readonly case: 'socketAddress';
    readonly value: {
      readonly address: string;
      readonly portSpecifier: { readonly case: 'portValue'; readonly value: number };
    };
  };
}

interface PipeAddress {
  readonly address: { readonly case: 'pipe'; readonly value: { readonly path: string } };
}

export function socketAddress(address: string, port: number): PortAddress {
  return {
    address: {
      case: 'socketAddress',
      value: { address, portSpecifier: { case: 'portValue', value: port } },
    },
  };
}

/** A Unix socket. A path that begins with @ is in Linux' abstract namespace. */
export function pipeAddress(path: string): PipeAddress {
  return { address: { case: 'pipe', value: { path } } };
}

/** Where a member of a cluster listens: a Unix socket has no port. */
export function memberAddress({ address, port }: HostPort): PortAddress | PipeAddress {
  return address.startsWith(unixPrefix)
    ? pipeAddress(address.slice(unixPrefix.length))
    : socketAddress(address, port);
}
