import type { ApiListener } from '../ir/listener.ts';
import { HttpConnectionManagerSchema, HttpFaultSchema, RouterSchema } from '../proto/extensions.ts';
import { ListenerSchema } from '../proto/messages.ts';
import { encode, packAny } from '../proto/writer.ts';
import { adsSource } from './config-source.ts';
import { filter, httpFilterNames } from './http-filters.ts';

/** The filters that gRPC clients know (gRPC A33, A39): they refuse a listener that has others. */
const filters = [
  filter(httpFilterNames.fault, packAny(HttpFaultSchema, {})),
  filter(httpFilterNames.router, packAny(RouterSchema, {})),
];

/** The bytes of an envoy.config.listener.v3.Listener without an address (gRPC A27). */
export function encodeApiListener({ name, routes }: ApiListener): Uint8Array {
  return encode(ListenerSchema, {
    name,
    apiListener: {
      apiListener: packAny(HttpConnectionManagerSchema, {
        routeSpecifier: {
          case: 'rds',
          value: { configSource: adsSource, routeConfigName: routes },
        },
        httpFilters: filters,
      }),
    },
  });
}
