import { FractionalPercent_DenominatorTypeValues } from '../proto/messages.ts';

/** Small values of the Envoy API, from the units of the IR. */

/** google.protobuf.Duration from milliseconds. */
export function duration(ms: number): { readonly seconds: bigint; readonly nanos: number } {
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

export function socketAddress(
  address: string,
  port: number,
): {
  readonly address: {
    readonly case: 'socketAddress';
    readonly value: {
      readonly address: string;
      readonly portSpecifier: { readonly case: 'portValue'; readonly value: number };
    };
  };
} {
  return {
    address: {
      case: 'socketAddress',
      value: { address, portSpecifier: { case: 'portValue', value: port } },
    },
  };
}
