/** A name server: where unknown names are asked for. */
export interface Nameserver {
  readonly address: string;
  readonly port: number;
}

/** The name servers of a resolv.conf (resolv.conf(5)); the one on this host when it names none. */
export function parseNameservers(text: string): readonly Nameserver[] {
  const servers = text.split('\n').flatMap((line) => {
    const [, address] = /^nameserver\s+([\da-fA-F.:]+)/.exec(line) ?? [];
    return address === undefined ? [] : [{ address, port: 53 }];
  });
  return servers.length > 0 ? servers : [{ address: '127.0.0.1', port: 53 }];
}
