/** Reads a streamed answer line by line, as it comes. */
export interface LineReader {
  /** The next line without its end; undefined when the answer is complete. */
  readonly next: () => Promise<string | undefined>;
  readonly cancel: () => Promise<void>;
}

export function readLines(response: Response): LineReader {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('the answer has no body');
  let rest = '';
  const next = async (): Promise<string | undefined> => {
    for (;;) {
      const end = rest.indexOf('\n');
      if (end !== -1) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        return line;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest += value;
    }
  };
  return { next, cancel: () => reader.cancel() };
}
