/**
 * Prints where the named programs are, as one line of JSON, fetching what is missing; with
 * `--quiet` it only fetches. Progress goes to standard error.
 */
import { provideConsul } from './consul.ts';
import { provideEnvoy } from './envoy.ts';
import { type ProvideOptions, tellOnce } from './provide.ts';
import { ToolUnavailableError } from './tool-unavailable-error.ts';

type Provider = (options: ProvideOptions) => Promise<string>;

const providers: Readonly<Record<string, Provider>> = {
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
  const wanted = Object.entries(providers).filter(([name]) => names.includes(name));
  const outcomes = await Promise.all(wanted.map(([name, provider]) => attempt(name, provider)));
  const errors = outcomes.flatMap(({ error }) => (error === undefined ? [] : [error]));
  for (const message of errors) console.error(message);
  if (errors.length > 0) return 1;
  const paths = Object.fromEntries(outcomes.map(({ name, path }) => [name, path]));
  if (!args.includes('--quiet')) console.log(JSON.stringify(paths));
  return 0;
}

interface Outcome {
  readonly name: string;
  readonly path?: string;
  readonly error?: string;
}

/** Side by side, so that a user learns at once of everything that is missing. */
async function attempt(name: string, provider: Provider): Promise<Outcome> {
  const onProgress = tellOnce((message) => {
    console.error(`${name}: ${message}`);
  });
  try {
    return { name, path: await provider({ env: process.env, onProgress }) };
  } catch (error) {
    if (error instanceof ToolUnavailableError) return { name, error: error.message };
    throw error;
  }
}

process.exitCode = await main(process.argv.slice(2));
