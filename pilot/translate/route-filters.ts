import { grpcStatusNames } from '../api/grpc-status.ts';
import type { CorsPolicy as ApiCorsPolicy, HttpFault } from '../api/virtual-service-schema.ts';
import type { CorsPolicy, Fault, FaultStatus } from '../ir/route.ts';
import { translateValue } from './route-match.ts';
import { milliseconds } from './traffic-policy.ts';

/** The faults that a rule injects; undefined when none is complete. */
export function translateFault(fault: HttpFault | undefined): Fault | undefined {
  const delay = translateDelay(fault?.delay);
  const abort = translateAbort(fault?.abort);
  if (delay === undefined && abort === undefined) return undefined;
  return { ...(delay === undefined ? {} : { delay }), ...(abort === undefined ? {} : { abort }) };
}

function translateDelay(delay: HttpFault['delay']): Fault['delay'] {
  const ms = milliseconds(delay?.fixedDelay);
  if (ms === undefined) return undefined;
  return { ms, percent: delay?.percentage?.value ?? delay?.percent ?? 100 };
}

function translateAbort(abort: HttpFault['abort']): Fault['abort'] {
  const status = faultStatus(abort);
  return status === undefined ? undefined : { percent: abort?.percentage?.value ?? 100, status };
}

function faultStatus(abort: HttpFault['abort']): FaultStatus | undefined {
  if (abort?.httpStatus !== undefined) return { kind: 'http', code: abort.httpStatus };
  const code = grpcStatusNames.indexOf(abort?.grpcStatus ?? 'OK');
  return code > 0 ? { kind: 'grpc', code } : undefined;
}

export function translateCors(cors: ApiCorsPolicy | undefined): CorsPolicy | undefined {
  if (cors === undefined) return undefined;
  const maxAgeMs = milliseconds(cors.maxAge);
  return {
    origins: [
      ...(cors.allowOrigins ?? []).map(translateValue),
      ...(cors.allowOrigin ?? []).map((value) => ({ kind: 'exact', value }) as const),
    ],
    methods: cors.allowMethods ?? [],
    allowHeaders: cors.allowHeaders ?? [],
    exposeHeaders: cors.exposeHeaders ?? [],
    ...(maxAgeMs === undefined ? {} : { maxAgeSeconds: Math.floor(maxAgeMs / 1000) }),
    ...(cors.allowCredentials === undefined ? {} : { credentials: cors.allowCredentials }),
    ...(cors.unmatchedPreflights === undefined || cors.unmatchedPreflights === 'UNSPECIFIED'
      ? {}
      : { forwardUnmatchedPreflights: cors.unmatchedPreflights === 'FORWARD' }),
  };
}
