/** Durations as users write them in labels and Consul parses them (Go's time.ParseDuration). */
import type { Report, Setting } from './label-grammar.ts';

export interface Duration {
  readonly text: string;
  readonly ms: number;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Such as `10s` or `1m30s`; reports what is none, or longer than Go can say. */
export function parseDuration(setting: Setting | undefined, report: Report): Duration | undefined {
  if (setting === undefined) return undefined;
  const duration = readDuration(setting.value);
  if (duration === undefined) {
    const message = `"${setting.value.slice(0, 100)}" is not a duration; write one such as 10s or 1m30s`;
    report('E_DURATION', setting, message);
  }
  return duration;
}

/** Go counts nanoseconds in 63 bits: 292 years. */
const maxMs = 9.2e12;

/** Undefined for anything that is no positive duration. */
export function readDuration(text: string): Duration | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const ms = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0),
    0,
  );
  return ms > 0 && ms < maxMs ? { text, ms } : undefined;
}
