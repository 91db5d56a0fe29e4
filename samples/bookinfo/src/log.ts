/** Writes one line. */
export type Log = (line: string) => void;

/** Lines on standard output, each with the name of its service. */
export function createLog(service: string): Log {
  return (line) => {
    process.stdout.write(`${service}: ${line}\n`);
  };
}
