import assert from 'node:assert/strict';
import { decode, encode, RECURSION_DESIRED, type Packet } from 'dns-packet';
import fc from 'fast-check';
import { judgeQuery, type Names } from './answer.ts';
import { encodeServerFailure } from './message.ts';

const names: Names = {
  reviews: ['240.240.0.1'],
  'reviews.service.consul': ['240.240.0.1'],
  both: ['240.240.0.2', '240.240.0.3', '2001:2::2', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'],
  none: [],
  odd: ['not an address', 'fe80::1%eth0', '1.2.3', ''],
  crowd: Array.from({ length: 80 }, (_, index) => `240.240.1.${index}`),
};

function query(name: string, type: string, packet: Partial<Packet> = {}): Buffer {
  return encode({
    type: 'query',
    id: 4711,
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as 'A', class: 'IN' }],
    ...packet,
  });
}

/** The reply in short: rcode and addresses, or what is done instead. */
function judge(packet: Buffer, transport: 'udp' | 'tcp' = 'udp'): string {
  const verdict = judgeQuery(packet, names, transport);
  if (verdict.kind !== 'reply') return verdict.kind;
  const reply = decode(verdict.packet);
  const answers = (reply.answers ?? []).map((answer) =>
    answer.type === 'A' || answer.type === 'AAAA'
      ? `${answer.name} ${String(answer.ttl)} ${answer.type} ${answer.data}`
      : answer.type,
  );
  const rcode = verdict.packet.readUInt8(3) & 0x0f;
  return [
    rcode === 0 ? 'NOERROR' : `rcode ${rcode}`,
    ...(reply.flag_tc ? ['truncated'] : []),
    ...answers,
  ].join(', ');
}

describe('answers to DNS queries', () => {
  it('are the virtual addresses of names of the mesh, in any case, each family by its type', () => {
    assert.deepEqual(
      [
        judge(query('reviews', 'A')),
        judge(query('ReViews.Service.Consul', 'A')),
        judge(query('both', 'A')),
        judge(query('both', 'AAAA')),
      ],
      [
        'NOERROR, reviews 30 A 240.240.0.1',
        'NOERROR, ReViews.Service.Consul 30 A 240.240.0.1',
        'NOERROR, both 30 A 240.240.0.2, both 30 A 240.240.0.3',
        'NOERROR, both 30 AAAA 2001:2::2, both 30 AAAA ::ffff:102:304, both 30 AAAA 1:2:3:4:5:6:7:8',
      ],
    );
  });

  it('are empty, not NXDOMAIN, for what a known name does not have', () => {
    assert.deepEqual(
      [
        judge(query('reviews', 'AAAA')),
        judge(query('reviews', 'MX')),
        judge(query('reviews', 'HTTPS')),
        judge(query('none', 'A')),
        judge(query('odd', 'A')),
        judge(query('odd', 'AAAA')),
      ],
      ['NOERROR', 'NOERROR', 'NOERROR', 'NOERROR', 'NOERROR', 'NOERROR'],
    );
  });

  it('come from the other resolver for every other name, and for what is no plain query', () => {
    const twoQuestions = query('reviews', 'A', {
      questions: [
        { name: 'reviews', type: 'A', class: 'IN' },
        { name: 'both', type: 'A', class: 'IN' },
      ],
    });
    const chaos = query('reviews', 'A', {
      questions: [{ name: 'reviews', type: 'A', class: 'CH' }],
    });
    assert.deepEqual(
      [
        judge(query('example.com', 'A')),
        judge(query('reviews.example.com', 'A')),
        judge(query('constructor', 'A')),
        judge(query('.', 'NS')),
        judge(twoQuestions),
        judge(chaos),
        judge(query('reviews', 'A', { flags: 2 << 11 })),
        judge(query('reviews', 'A').subarray(0, 14)),
      ],
      Array.from({ length: 8 }, () => 'forward'),
    );
  });

  it('are not given to answers and to what is too short for a query', () => {
    assert.deepEqual(
      [
        judge(encode({ type: 'response', id: 1, questions: [] })),
        judge(Buffer.alloc(11)),
        judge(Buffer.alloc(0)),
      ],
      ['drop', 'drop', 'drop'],
    );
  });

  it('repeat id and question and speak with authority', () => {
    const verdict = judgeQuery(query('Reviews', 'A'), names, 'udp');
    assert.ok(verdict.kind === 'reply');
    const { id, flag_qr, flag_aa, flag_rd, flag_ra, questions, additionals } = decode(
      verdict.packet,
    );
    assert.deepEqual(
      { id, flag_qr, flag_aa, flag_rd, flag_ra, questions, additionals },
      {
        id: 4711,
        flag_qr: true,
        flag_aa: true,
        flag_rd: true,
        flag_ra: true,
        questions: [{ name: 'Reviews', type: 'A', class: 'IN' }],
        additionals: [],
      },
    );
  });

  it('are truncated when they do not fit a datagram, so that the program asks again over TCP', () => {
    const edns = query('crowd', 'A', {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    });
    const count = (text: string): number => text.split(' A ').length - 1;
    assert.deepEqual(
      {
        plain: judge(query('crowd', 'A')),
        edns: judge(edns),
        tcp: count(judge(query('crowd', 'A'), 'tcp')),
      },
      { plain: 'NOERROR, truncated', edns: 'NOERROR, truncated', tcp: 80 },
    );
  });

  it('never fail, whatever the bytes', () => {
    const seeds = fc.constantFrom(query('reviews', 'A'), query('both', 'TXT'), query('x.y', 'SOA'));
    const edits = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 8 });
    const mangled = fc.tuple(seeds, edits, fc.nat(80)).map(([seed, changes, length]) => {
      const packet = Buffer.concat([seed, Buffer.alloc(20)]);
      for (const [offset, byte] of changes) packet[offset % packet.length] = byte;
      return packet.subarray(0, length);
    });
    const anything = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        fc.oneof(mangled, anything),
        fc.constantFrom('udp', 'tcp'),
        (packet, transport) => {
          const verdict = judgeQuery(packet, names, transport);
          if (verdict.kind === 'reply') {
            assert.equal(verdict.packet.readUInt16BE(0), packet.readUInt16BE(0));
          }
          if (verdict.kind === 'forward') {
            assert.equal(encodeServerFailure(packet).readUInt16BE(2) & 0x800f, 0x8002);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
