import { createServer, type AddressInfo } from 'node:net';
import { provideEnvoy } from '../../toolchain/envoy.ts';

/** The real Envoy that tests run. */
export function findEnvoy(): Promise<string> {
  return provideEnvoy({ env: process.env });
}

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks `probe` until it gives a value, for at most `limit` milliseconds; then throws with the last error. */
export async function eventually<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  limit = 15_000,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    let error: unknown;
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (caught) {
      error = caught;
    }
    if (Date.now() > end) throw new Error(`not within ${limit} ms`, { cause: error });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
