/** Real servers on loopback for Consul to check, each of which a test makes ill. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { generate } from 'selfsigned';

export interface HealthTarget {
  readonly port: number;
  /** From now on it fails its check. */
  readonly fail: () => Promise<void> | void;
  readonly close: () => Promise<void> | void;
}

/** What an HTTP target was asked, such as `HEAD /health`, with one header of the test. */
export interface HttpTarget extends HealthTarget {
  readonly asked: string[];
}

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for localhost that nobody else has signed. */
export async function makeCertificate(): Promise<TestCertificate> {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  return { key: pems.private, cert: pems.cert };
}

/** Answers 200, then 503; by TLS with a certificate. */
export async function startHttpTarget(certificate?: TestCertificate): Promise<HttpTarget> {
  const asked: string[] = [];
  let status = 200;
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push([method, url, headers['x-check'] ?? ''].join(' ').trim());
    response.writeHead(status).end();
  };
  const server =
    certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener);
  return {
    asked,
    port: await listen(server),
    fail: () => {
      status = 503;
    },
    close: () => closeServer(server),
  };
}

/** Takes connections, then none. */
export async function startTcpTarget(): Promise<HealthTarget> {
  const server = createTcpServer((socket) => socket.on('error', () => undefined).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fail = async (): Promise<void> => {
    if (server.listening) await once(server.close(), 'close');
  };
  return { port: (server.address() as AddressInfo).port, fail, close: fail };
}

const serving = 1;
const notServing = 2;

/** The service grpc.health.v1.Health (grpc/health/v1/health.proto); its messages have one field. */
const healthService: grpc.ServiceDefinition = {
  Check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: () => ({}),
    responseSerialize: (status: number) => Buffer.from([0x08, status]),
    responseDeserialize: (bytes: Buffer) => bytes[1],
  },
};

/** SERVING, then NOT_SERVING; by TLS with a certificate. */
export async function startGrpcTarget(certificate?: TestCertificate): Promise<HealthTarget> {
  let status = serving;
  const server = new grpc.Server();
  server.addService(healthService, {
    Check: (_call: unknown, callback: grpc.sendUnaryData<number>) => {
      callback(null, status);
    },
  });
  const credentials =
    certificate === undefined
      ? grpc.ServerCredentials.createInsecure()
      : grpc.ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(certificate.key), cert_chain: Buffer.from(certificate.cert) },
        ]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    fail: () => {
      status = notServing;
    },
    close: () => {
      server.forceShutdown();
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server.close(), 'close');
  server.closeAllConnections();
  await closed;
}
