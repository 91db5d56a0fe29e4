import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('capture.sh', import.meta.url));

interface Run {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly error: string;
}

function plan(variables: Readonly<Record<string, string>> = {}, version = '4'): Run {
  const { status, stdout, stderr } = spawnSync('sh', [script, 'plan', version], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...variables },
    encoding: 'utf8',
  });
  return { status, lines: stdout.split('\n').slice(0, -1), error: stderr.trim() };
}

describe('capture.sh plan', () => {
  it('captures inbound and outbound TCP and the queries to the resolver of Docker', () => {
    assert.deepEqual(plan(), {
      status: 0,
      error: '',
      lines: [
        '*nat',
        ':CMESH_INBOUND - [0:0]',
        ':CMESH_OUTPUT - [0:0]',
        '-A CMESH_INBOUND -p tcp --dport 15008 -j RETURN',
        '-A CMESH_INBOUND -p tcp --dport 15020 -j RETURN',
        '-A CMESH_INBOUND -p tcp --dport 15021 -j RETURN',
        '-A CMESH_INBOUND -p tcp --dport 15090 -j RETURN',
        '-A CMESH_INBOUND -p tcp -j REDIRECT --to-ports 15006',
        '-A CMESH_OUTPUT -o lo -s 127.0.0.6/32 -j RETURN',
        '-A CMESH_OUTPUT -o lo ! -d 127.0.0.0/8 -p tcp -m owner --uid-owner 1337 -j CMESH_INBOUND',
        '-A CMESH_OUTPUT -m owner --uid-owner 1337 -j RETURN',
        '-A CMESH_OUTPUT -d 127.0.0.11/32 -p udp --dport 53 -j REDIRECT --to-ports 15053',
        '-A CMESH_OUTPUT -d 127.0.0.11/32 -p tcp --dport 53 -j REDIRECT --to-ports 15053',
        '-A CMESH_OUTPUT -o lo ! -d 240.240.0.0/16 -j RETURN',
        '-A CMESH_OUTPUT -p tcp -j REDIRECT --to-ports 15001',
        '-I PREROUTING 1 -p tcp -j CMESH_INBOUND',
        '-I OUTPUT 1 -j CMESH_OUTPUT',
        'COMMIT',
        '*raw',
        ':CMESH_DNS - [0:0]',
        '-A CMESH_DNS -d 127.0.0.11/32 -p udp --dport 53 -m owner ! --uid-owner 1337 -j CT --zone 2',
        '-A CMESH_DNS -s 127.0.0.1/32 -p udp --sport 15053 -m owner --uid-owner 1337 -j CT --zone 2',
        '-I OUTPUT 1 -p udp -j CMESH_DNS',
        'COMMIT',
      ],
    });
  });

  it('has the same rules for IPv6, where Docker has no resolver', () => {
    assert.deepEqual(plan({}, '6').lines.slice(8), [
      '-A CMESH_OUTPUT -o lo -s ::6/128 -j RETURN',
      '-A CMESH_OUTPUT -o lo ! -d ::1/128 -p tcp -m owner --uid-owner 1337 -j CMESH_INBOUND',
      '-A CMESH_OUTPUT -m owner --uid-owner 1337 -j RETURN',
      '-A CMESH_OUTPUT -o lo -j RETURN',
      '-A CMESH_OUTPUT -p tcp -j REDIRECT --to-ports 15001',
      '-I PREROUTING 1 -p tcp -j CMESH_INBOUND',
      '-I OUTPUT 1 -j CMESH_OUTPUT',
      'COMMIT',
    ]);
  });

  it('lets excluded ports and networks pass, each network in its IP version', () => {
    const variables = {
      CMESH_EXCLUDE_INBOUND_PORTS: '22, 9100',
      CMESH_EXCLUDE_OUTBOUND_PORTS: '3306',
      CMESH_EXCLUDE_OUTBOUND_CIDRS: '10.0.0.0/8,2001:db8::/32,192.0.2.1',
    };
    const usual = plan();
    const added = (version: string): readonly string[] =>
      plan(variables, version).lines.filter((line) => !usual.lines.includes(line));
    assert.deepEqual(
      { 4: added('4'), 6: added('6').filter((line) => !line.includes(' lo ')) },
      {
        4: [
          '-A CMESH_INBOUND -p tcp --dport 22 -j RETURN',
          '-A CMESH_INBOUND -p tcp --dport 9100 -j RETURN',
          '-A CMESH_OUTPUT -p tcp --dport 3306 -j RETURN',
          '-A CMESH_OUTPUT -d 10.0.0.0/8 -j RETURN',
          '-A CMESH_OUTPUT -d 192.0.2.1 -j RETURN',
        ],
        6: [
          '-A CMESH_INBOUND -p tcp --dport 22 -j RETURN',
          '-A CMESH_INBOUND -p tcp --dport 9100 -j RETURN',
          '-A CMESH_OUTPUT -p tcp --dport 3306 -j RETURN',
          '-A CMESH_OUTPUT -d 2001:db8::/32 -j RETURN',
        ],
      },
    );
  });

  it('takes other ports, another user and no resolver at all', () => {
    const { lines } = plan({
      CMESH_PROXY_UID: '101',
      CMESH_OUTBOUND_PORT: '16001',
      CMESH_INBOUND_PORT: '16006',
      CMESH_DNS_ADDRESS: '',
    });
    assert.deepEqual(
      lines.filter((line) => /uid|--to-ports/.test(line)),
      [
        '-A CMESH_INBOUND -p tcp -j REDIRECT --to-ports 16006',
        '-A CMESH_OUTPUT -o lo ! -d 127.0.0.0/8 -p tcp -m owner --uid-owner 101 -j CMESH_INBOUND',
        '-A CMESH_OUTPUT -m owner --uid-owner 101 -j RETURN',
        '-A CMESH_OUTPUT -p tcp -j REDIRECT --to-ports 16001',
      ],
    );
  });

  const mistakes: readonly (readonly [string, string, string])[] = [
    ['CMESH_EXCLUDE_INBOUND_PORTS', '80,http', "'http' is not a port number (1 to 65535)"],
    ['CMESH_EXCLUDE_OUTBOUND_PORTS', '65536', "'65536' is not a port number (1 to 65535)"],
    ['CMESH_EXCLUDE_OUTBOUND_PORTS', '080', "'080' is not a port number (1 to 65535)"],
    ['CMESH_OUTBOUND_PORT', '0', "'0' is not a port number (1 to 65535)"],
    ['CMESH_PROXY_UID', '0', "'0' is not a user id other than root's"],
    ['CMESH_DNS_ADDRESS', 'localhost', "'localhost' is not an IPv4 address"],
    ['CMESH_VIRTUAL_CIDR', '*', "'*' is not an IPv4 network such as 240.240.0.0/16"],
    ...['256.1.1.1', '10.0.0.0/33', '10.0.0.0/', '1.2.3', '::/129', 'a:b'].map(
      (cidr) =>
        [
          'CMESH_EXCLUDE_OUTBOUND_CIDRS',
          cidr,
          `'${cidr}' is not a network such as 10.0.0.0/8 or 2001:db8::/32`,
        ] as const,
    ),
  ];
  for (const [variable, value, message] of mistakes) {
    it(`refuses ${variable}=${value} with one message and no plan`, () => {
      assert.deepEqual(plan({ [variable]: value }), {
        status: 1,
        lines: [],
        error: `cmesh capture: ${variable}: ${message}`,
      });
    });
  }
});
