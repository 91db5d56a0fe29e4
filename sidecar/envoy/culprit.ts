/** Envoy's own log line: [time][thread][level][component] [source] text. */
const logLine = /^\[[^\]]*\]\[\d+\]\[(\w+)\]\[[^\]]*\] (?:\[[^\]]*\] )?(.*)$/;
/** Longer reasons carry a whole configuration with them. */
const maxLength = 600;

export interface CulpritFinder {
  /** Takes the next piece of what Envoy writes to standard error. */
  readonly read: (text: string) => void;
  /** Why Envoy ended, in its own words, if it said so. */
  readonly found: () => string | undefined;
}

/**
 * Finds in Envoy's output the line that says why it cannot run: the latest critical one, else the latest
 * error, else the latest line that is no log line, such as one of the dynamic linker.
 */
export function createCulpritFinder(): CulpritFinder {
  const latest: { critical?: string; error?: string; other?: string } = {};
  let rest = '';
  const note = (line: string): void => {
    const [, level, text = ''] = logLine.exec(line) ?? [];
    if (level === 'critical' || level === 'error') latest[level] = text;
    else if (level === undefined && line.trim() !== '') latest.other = line.trim();
  };
  return {
    read: (text) => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-10_000);
      lines.forEach(note);
    },
    found: () => {
      if (rest !== '') note(rest);
      return (latest.critical ?? latest.error ?? latest.other)?.slice(0, maxLength);
    },
  };
}
