import { isIPv4, isIPv6 } from 'node:net';

/**
 * The little of the DNS message format (RFC 1035 §4, RFC 6891 for EDNS) that an agent needs which answers
 * plain queries and passes everything else on. Written out because a whole codec costs 4 MB of memory beside
 * every Envoy.
 */
export interface Query {
  /** As sent, without the final dot. */
  readonly name: string;
  readonly type: number;
  /** Largest reply over UDP that the program takes, in bytes; missing without EDNS. */
  readonly udpSize?: number;
  /** End of the question in the message. */
  readonly questionEnd: number;
}

export interface Answer {
  readonly type: number;
  /** Content of the record: the bytes of an address. */
  readonly data: Buffer;
}

export const recordTypes = { a: 1, aaaa: 28 } as const;

export const headerLength = 12;
const classIn = 1;
const typeOpt = 41;
const maxName = 255;

const flags = { response: 0x8000, opcode: 0x7800, authoritative: 0x0400, truncated: 0x0200 };
const recursion = { desired: 0x0100, available: 0x0080 };
const serverFailureCode = 2;
/** Points to the name of the question, which follows the header (RFC 1035 §4.1.4). */
const questionName = Buffer.from([0xc0, headerLength]);

/** Whether the message says it is a reply. Needs a whole header. */
export function isReply(message: Buffer): boolean {
  return (message.readUInt16BE(2) & flags.response) !== 0;
}

/**
 * Reads a plain query: opcode QUERY, one question of class IN, no records but EDNS options. Undefined for
 * everything else, malformed or not. Needs a whole header.
 */
export function parseQuery(message: Buffer): Query | undefined {
  if ((message.readUInt16BE(2) & (flags.response | flags.opcode)) !== 0) return undefined;
  const counts = [4, 6, 8, 10].map((offset) => message.readUInt16BE(offset));
  const [questions, answers, authorities, additionals = 0] = counts;
  if (questions !== 1 || answers !== 0 || authorities !== 0 || additionals > 1) return undefined;
  const name = readName(message, headerLength);
  if (name === undefined || name.end + 4 > message.length) return undefined;
  if (message.readUInt16BE(name.end + 2) !== classIn) return undefined;
  const type = message.readUInt16BE(name.end);
  const questionEnd = name.end + 4;
  if (additionals === 0) return { name: name.text, type, questionEnd };
  const udpSize = readUdpSize(message, questionEnd);
  return udpSize === undefined ? undefined : { name: name.text, type, questionEnd, udpSize };
}

/** A name without compression, as questions have it. */
function readName(
  message: Buffer,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = [];
  for (let offset = start; offset < message.length && offset - start < maxName;) {
    const length = message.readUInt8(offset);
    if (length === 0) return { text: labels.join('.'), end: offset + 1 };
    if (length > 63 || offset + 1 + length > message.length) return undefined;
    labels.push(message.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return undefined;
}

/** The UDP size in the OPT record at `offset`: root name, type, then the size in place of the class. */
function readUdpSize(message: Buffer, offset: number): number | undefined {
  if (offset + 11 > message.length || message.readUInt8(offset) !== 0) return undefined;
  return message.readUInt16BE(offset + 1) === typeOpt
    ? message.readUInt16BE(offset + 3)
    : undefined;
}

/** The authoritative reply to `query`, with the question as it was sent; `truncated` has no answers. */
export function encodeReply(
  message: Buffer,
  query: Query,
  reply: { readonly answers: readonly Answer[]; readonly ttl: number; readonly truncated: boolean },
): Buffer {
  const { answers, ttl, truncated } = reply;
  const header = Buffer.from(message.subarray(0, headerLength));
  const desired = message.readUInt16BE(2) & recursion.desired;
  const always = flags.response | flags.authoritative | recursion.available;
  header.writeUInt16BE(always | desired | (truncated ? flags.truncated : 0), 2);
  header.writeUInt16BE(truncated ? 0 : answers.length, 6);
  return Buffer.concat([
    header,
    message.subarray(headerLength, query.questionEnd),
    ...(truncated ? [] : answers.map((answer) => encodeAnswer(answer, ttl))),
    ...(query.udpSize === undefined ? [] : [optRecord]),
  ]);
}

/** A query with EDNS gets a reply with EDNS (RFC 6891 §6.1.1). */
export const udpSizeLimit = 4096;
const optRecord = Buffer.from([0, 0, typeOpt, udpSizeLimit >> 8, 0, 0, 0, 0, 0, 0, 0]);

function encodeAnswer({ type, data }: Answer, ttl: number): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(classIn, 2);
  head.writeUInt32BE(ttl, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([questionName, head, data]);
}

/** The reply to a query whose answer could not be got: SERVFAIL, and the query as it came. */
export function encodeServerFailure(message: Buffer): Buffer {
  const reply = Buffer.from(message);
  const kept = message.readUInt16BE(2) & (flags.opcode | recursion.desired);
  reply.writeUInt16BE(flags.response | kept | recursion.available | serverFailureCode, 2);
  return reply;
}

/** The record of an address; undefined when it is none that can be in one, such as one with a zone. */
export function addressAnswer(address: string): Answer | undefined {
  if (isIPv4(address)) {
    return { type: recordTypes.a, data: Buffer.from(address.split('.').map(Number)) };
  }
  if (!isIPv6(address) || address.includes('%')) return undefined;
  return { type: recordTypes.aaaa, data: encodeIPv6(address) };
}

/** The 16 bytes of a valid IPv6 address. */
function encodeIPv6(address: string): Buffer {
  // The URL parser knows every way to write one and gives groups of hexadecimal digits.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = '', right] = canonical.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const words = Uint16Array.from([...head, ...zeros, ...tail], (group) => parseInt(group, 16));
  return Buffer.from(words.buffer).swap16();
}
