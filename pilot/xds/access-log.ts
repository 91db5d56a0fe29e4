import { accessLogFormat } from '../../sidecar/contract/access-log.ts';
import { StdoutAccessLogSchema } from '../proto/extensions.ts';
import type { AccessLog } from '../proto/generated/envoy/config/accesslog/v3/accesslog_pb.js';
import type { Init } from '../proto/init.ts';
import { packAny } from '../proto/writer.ts';

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
            value: { specifier: { case: 'inlineString', value: accessLogFormat } },
          },
        },
      },
    }),
  },
};
