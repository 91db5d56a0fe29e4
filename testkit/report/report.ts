import type { RunResult } from '../run/runner.ts';
import { reportJson } from './report-json.ts';
import { reportJunit } from './report-junit.ts';
import { reportReadable } from './report-readable.ts';
import { reportTap } from './report-tap.ts';

export const reporters = ['readable', 'tap', 'junit', 'json'] as const;

export type Reporter = (typeof reporters)[number];

/** The text of a report, with a line feed at its end. */
export function report(reporter: Reporter, result: RunResult, colours: boolean): string {
  switch (reporter) {
    case 'readable':
      return reportReadable(result, colours);
    case 'tap':
      return reportTap(result);
    case 'junit':
      return reportJunit(result);
    case 'json':
      return reportJson(result);
  }
}
