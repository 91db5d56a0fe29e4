import { StdoutAccessLogSchema } from '../proto/extensions.ts';
import type { AccessLog } from '../proto/generated/envoy/config/accesslog/v3/accesslog_pb.js';
import type { Init } from '../proto/init.ts';
import { packAny } from '../proto/writer.ts';

/** Istio's default text format, which its users and tools read. */
const format = [
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE%',
  '%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%',
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION%',
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%"',
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW%',
  '%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%',
  '%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n',
].join(' ');

/** One line per request or connection on the standard output of the proxy. */
export const accessLog: Init<AccessLog> = {
  name: 'envoy.access_loggers.stdout',
  configType: {
    case: 'typedConfig',
    value: packAny(StdoutAccessLogSchema, {
      accessLogFormat: {
        case: 'logFormat',
        value: {
          format: {
            case: 'textFormatSource',
            value: { specifier: { case: 'inlineString', value: format } },
          },
        },
      },
    }),
  },
};
