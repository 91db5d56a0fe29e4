/**
 * Prints where the named programs are, as one line of JSON, fetching what is missing; with
 * `--quiet` it only fetches. Progress goes to standard error.
 */
import { provideConsul } from './consul.ts';
import { provideEnvoy } from './envoy.ts';
import type { ProvideOptions } from './provide.ts';
import { ToolUnavailableError } from './tool-unavailable-error.ts';

const providers: Readonly<Record<string, (options: ProvideOptions) => Promise<string>>> = {
  envoy: provideEnvoy,
  consul: provideConsul,
};

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => arg !== '--quiet');
  const unknown = names.filter((name) => !Object.hasOwn(providers, name));
  if (names.length === 0 || unknown.length > 0) {
    console.error(`usage: main.ts [--quiet] ${Object.keys(providers).join('|')}...`);
    return 2;
  }
  const paths = await provideAll(names);
  if (!args.includes('--quiet')) console.log(JSON.stringify(paths));
  return 0;
}

async function provideAll(names: readonly string[]): Promise<Readonly<Record<string, string>>> {
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
  return paths;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ToolUnavailableError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
