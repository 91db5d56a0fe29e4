import { isIPv4, isIPv6 } from 'node:net';
import {
  AUTHORITATIVE_ANSWER,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  decode,
  encode,
  type DecodedPacket,
  type Packet,
  type StringAnswer,
} from 'dns-packet';
import type { NameTable } from '../contract/name-table.ts';

/** Seconds an answer may be kept: Istio's, short because virtual addresses go with their services. */
const ttl = 30;
const headerLength = 12;
/** Largest message over UDP without EDNS (RFC 1035 §4.2.1). */
const plainUdpLimit = 512;
const opcodeMask = 0x7800;

export type Names = NameTable['names'];

/** What to do with a query. */
export type Verdict =
  | { readonly kind: 'reply'; readonly packet: Buffer }
  /** Not ours: to be sent on as it is. */
  | { readonly kind: 'forward' }
  /** Not a query at all. */
  | { readonly kind: 'drop' };

/**
 * Judges one query. Total over all bytes: what cannot be understood goes to the real resolver. A known name
 * is answered for every type: NOERROR without answers where it has none, because programs take NXDOMAIN for
 * AAAA as "no such host" (RFC 8020; seen with curl in Istio's issue 31250).
 */
export function judgeQuery(query: Buffer, names: Names, transport: 'udp' | 'tcp'): Verdict {
  if (query.length < headerLength || isResponse(query)) return { kind: 'drop' };
  const packet = decodeQuery(query);
  const question = packet?.questions?.length === 1 ? packet.questions[0] : undefined;
  if (packet === undefined || question === undefined || !isPlainQuery(packet, question.class)) {
    return { kind: 'forward' };
  }
  const key = question.name.toLowerCase();
  if (!Object.hasOwn(names, key)) return { kind: 'forward' };
  const answers = listAnswers(question, names[key] ?? []);
  return { kind: 'reply', packet: encodeReply(packet, answers, transport) };
}

/** The reply to a query whose answer could not be got: SERVFAIL. */
export function serverFailure(query: Buffer): Buffer {
  const reply = Buffer.from(query);
  reply.writeUInt8(reply.readUInt8(2) | 0x80, 2);
  reply.writeUInt8(0x82, 3);
  return reply;
}

function isResponse(query: Buffer): boolean {
  return (query.readUInt8(2) & 0x80) !== 0;
}

function decodeQuery(query: Buffer): DecodedPacket | undefined {
  try {
    return decode(query);
  } catch {
    return undefined;
  }
}

function isPlainQuery(packet: DecodedPacket, questionClass: string | undefined): boolean {
  return ((packet.flags ?? 0) & opcodeMask) === 0 && questionClass === 'IN';
}

function listAnswers(
  question: { readonly name: string; readonly type: string },
  addresses: readonly string[],
): StringAnswer[] {
  const wanted = question.type === 'A' || question.type === 'AAAA' ? question.type : undefined;
  if (wanted === undefined) return [];
  return addresses
    .filter(wanted === 'A' ? isIPv4 : isIPv6)
    .map((data) => ({ type: wanted, class: 'IN', name: question.name, ttl, data }));
}

function encodeReply(
  query: DecodedPacket,
  answers: StringAnswer[],
  transport: 'udp' | 'tcp',
): Buffer {
  const options = query.additionals?.find((record) => record.type === 'OPT');
  const reply: Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: ((query.flags ?? 0) & RECURSION_DESIRED) | AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE,
    questions: query.questions ?? [],
    answers,
    // A query with EDNS gets a reply with EDNS (RFC 6891 §6.1.1); 4096 is what loopback carries easily.
    additionals:
      options === undefined
        ? []
        : [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: 4096,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
  };
  const packet = encode(reply);
  const limit = Math.max(plainUdpLimit, Math.min(4096, options?.udpPayloadSize ?? 0));
  if (transport === 'tcp' || packet.length <= limit) return packet;
  return encode({ ...reply, flags: (reply.flags ?? 0) | TRUNCATED_RESPONSE, answers: [] });
}
