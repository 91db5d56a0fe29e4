import { accessLogFormat, formatConnectionLog } from '../../sidecar/contract/access-log.ts';
import type { RouteOrigin } from '../ir/route.ts';
import { StdoutAccessLogSchema } from '../proto/extensions.ts';
import type { AccessLog } from '../proto/generated/envoy/config/accesslog/v3/accesslog_pb.js';
import type { Init } from '../proto/init.ts';
import { packAny } from '../proto/writer.ts';

/** One line per request or connection on the standard output of the proxy. */
export const accessLog = writeLines(accessLogFormat);

/** The access log of byte streams that a rule of the user decides on. */
export function connectionLog(origin: RouteOrigin | undefined): Init<AccessLog> {
  return origin === undefined ? accessLog : writeLines(formatConnectionLog(origin));
}

function writeLines(format: string): Init<AccessLog> {
  return {
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
}
