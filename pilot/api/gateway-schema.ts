import { serverTlsSchema } from './server-tls.ts';
import type { Decoded } from './schema.ts';
import { list, message, text, textMap, texts, uint32 } from './schema.ts';

/** The fields of Istio's Gateway (istio/api networking/v1alpha3/gateway.proto). */

const port = message(
  'The port it listens on.',
  {
    number: uint32('Port number, 1 to 65535.'),
    protocol: text('HTTP, HTTPS, GRPC, GRPC-WEB, HTTP2, MONGO, TCP or TLS.'),
    name: text('Name of the port, unique in the gateway.'),
    targetPort: uint32('Has no effect at a gateway.'),
  },
  ['number', 'protocol', 'name'],
);

const server = message(
  'A port of the gateway and what it takes.',
  {
    port,
    bind: text('Address to listen at; all by default.'),
    hosts: texts('Names it takes, as NAME or NAMESPACE/NAME, with optional wildcard.'),
    tls: serverTlsSchema,
    defaultEndpoint: text('Where connections go by default, such as 127.0.0.1:8080.'),
    name: text('Name of the server, unique in the gateway.'),
  },
  ['port', 'hosts'],
);

export const gatewaySchema = message('A proxy at the edge of the mesh, and its ports.', {
  servers: list('Ports and what they take.', server),
  selector: textMap('Labels of the proxies that are the gateway.'),
});

export type GatewaySpec = Decoded<typeof gatewaySchema>;
export type GatewayServer = Decoded<typeof server>;
