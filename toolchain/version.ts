/** Version numbers of the programs that a machine may already have. */

/** Major, minor and patch, as in `1.40.0`. */
export type Version = readonly [major: number, minor: number, patch: number];

/** From `least` on, and before `before`. */
export interface VersionRange {
  readonly least: Version;
  readonly before: Version;
}

/** The first version number in what a program prints, or undefined. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return [Number(major), Number(minor), Number(patch)];
}

/** Tells whether a version lies in a range. */
export function isSupported(version: Version, range: VersionRange): boolean {
  return compare(version, range.least) >= 0 && compare(version, range.before) < 0;
}

/** Writes a version as people do. */
export function formatVersion(version: Version): string {
  return version.join('.');
}

/** Writes a range as package managers do. */
export function formatRange(range: VersionRange): string {
  return `>=${formatVersion(range.least)} <${formatVersion(range.before)}`;
}

function compare(left: Version, right: Version): number {
  const [major, minor, patch] = right;
  return left[0] - major || left[1] - minor || left[2] - patch;
}
