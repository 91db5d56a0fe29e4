/** Where a server listens. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads HOST:PORT; undefined when it is none. */
export function splitAddress(text: string): HostPort | undefined {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const host = match?.[1];
  const port = Number(match?.[2]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}
