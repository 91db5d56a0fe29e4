/** Provides a real Consul: for the tests, and for a mesh that runs without containers. */
import { goModuleSource } from './go-module.ts';
import { imageSource } from './image.ts';
import { consulPin } from './pins.ts';
import { provide, type ProvideOptions, type Tool } from './provide.ts';

const consul: Tool = {
  program: 'consul',
  variable: 'CONSUL_BIN',
  versionArguments: ['version'],
  supported: { least: [1, 19, 0], before: [2, 0, 0] },
  pinned: consulPin.version,
  sources: [
    imageSource({ image: consulPin.image, path: consulPin.imagePath }),
    goModuleSource({
      module: consulPin.goModule,
      version: consulPin.version,
      sum: consulPin.goSum,
    }),
  ],
  remedies: [
    `start Docker where ${consulPin.image} can be pulled, and run this again`,
    'install Go 1.24 or newer, so that Consul can be built, and run this again',
    'install Consul 1.19 or newer and put it on PATH, or set CONSUL_BIN to its path',
  ],
};

/**
 * The path of a Consul of a supported version: CONSUL_BIN, PATH, the cache, the pinned image, Go.
 * Throws a ToolUnavailableError when there is none.
 */
export async function provideConsul(options: ProvideOptions): Promise<string> {
  return provide(consul, options);
}
