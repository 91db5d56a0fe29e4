/** Prints where the named programs are, as one line of JSON, fetching what is missing. */
import { provideConsul } from './consul.ts';
import { provideEnvoy } from './envoy.ts';
import type { ProvideOptions } from './provide.ts';
import { ToolUnavailableError } from './tool-unavailable-error.ts';

const providers: Readonly<Record<string, (options: ProvideOptions) => Promise<string>>> = {
  envoy: provideEnvoy,
  consul: provideConsul,
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(providers, name));
  if (names.length === 0 || unknown.length > 0) {
    console.error(`usage: main.ts ${Object.keys(providers).join('|')}...`);
    return 2;
  }
  const paths: Record<string, string> = {};
  for (const [name, provider] of Object.entries(providers)) {
    if (!names.includes(name)) continue;
    paths[name] = await provider({
      env: process.env,
      onProgress: (message) => {
        console.error(`${name}: ${message}`);
      },
    });
  }
  console.log(JSON.stringify(paths));
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ToolUnavailableError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
