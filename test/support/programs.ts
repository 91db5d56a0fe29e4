/** The real programs that tests run. */
import { provideConsul } from '../../toolchain/consul.ts';
import { provideEnvoy } from '../../toolchain/envoy.ts';

let envoy: Promise<string> | undefined;
let consul: Promise<string> | undefined;

/** The path of an Envoy. Looked for once: the toolchain reads all of a cached program to check it. */
export function findEnvoy(): Promise<string> {
  envoy ??= provideEnvoy({ env: process.env });
  return envoy;
}

/** The path of a Consul. */
export function findConsul(): Promise<string> {
  consul ??= provideConsul({ env: process.env });
  return consul;
}
