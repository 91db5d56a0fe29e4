import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { decode, encode } from 'dns-packet';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { createSmallLog } from '../agent/log.ts';
import { freePort } from '../../test/support/ports.ts';
import type { NameTable } from '../contract/name-table.ts';
import { parseNameservers } from './resolv-conf.ts';
import { DnsServer } from './server.ts';
import { frameMessage, readMessages } from './tcp-messages.ts';
import { createUpstream } from './upstream.ts';

/** The resolver behind: knows db, keeps what it was asked, is silent about `silent`. */
class OtherResolver {
  readonly asked: Buffer[] = [];
  readonly #udp: UdpSocket = createSocket('udp4');
  readonly #tcp: Server = createServer();

  async listen(): Promise<number> {
    const port = await freePort();
    this.#udp.on('message', (query, { port, address }) => {
      this.asked.push(query);
      const reply = this.#answer(query);
      if (reply !== undefined) this.#udp.send(reply, port, address);
    });
    this.#tcp.on('connection', (socket) => {
      readMessages(socket, (query) => {
        this.asked.push(query);
        const reply = this.#answer(query);
        if (reply !== undefined) socket.end(frameMessage(reply));
      });
    });
    this.#udp.bind(port, '127.0.0.1');
    await once(this.#udp, 'listening');
    this.#tcp.listen(port, '127.0.0.1');
    await once(this.#tcp, 'listening');
    return port;
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
  }

  #answer(query: Buffer): Buffer | undefined {
    const { id = 0, questions = [] } = decode(query);
    const name = questions[0]?.name ?? '';
    if (name.startsWith('silent')) return undefined;
    return encode({
      type: 'response',
      id,
      questions,
      answers: [{ type: 'A', name, ttl: 600, data: '10.0.0.9' }],
    });
  }
}

describe('the DNS server', () => {
  const table = new WatchedCell<NameTable>();
  const lines: string[] = [];
  let life: Lifecycle;
  let other: OtherResolver;
  let port: number;
  let resolver: Resolver;

  /** `timeout`: how long the other resolver may take (ms). */
  async function start(timeout?: number): Promise<void> {
    const upstream = createUpstream(
      [{ address: '127.0.0.1', port: await other.listen() }],
      timeout,
    );
    const log = createSmallLog({}, 'info', (line) => lines.push(line));
    const server = life.add(new DnsServer(table, upstream, log));
    port = await freePort();
    await server.listen(port);
    resolver = new Resolver({ timeout: 20_000, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
  }

  beforeEach(() => {
    life = new Lifecycle();
    other = life.add(new OtherResolver());
    lines.length = 0;
  });

  afterEach(() => life.close());

  async function askTcp(...queries: readonly Buffer[]): Promise<readonly Buffer[]> {
    const socket = connect(port, '127.0.0.1');
    const replies: Buffer[] = [];
    readMessages(socket, (reply) => {
      replies.push(reply);
      if (replies.length === queries.length) socket.end();
    });
    // In pieces, as the network may.
    for (const byte of Buffer.concat(queries.map(frameMessage))) socket.write(Buffer.of(byte));
    await once(socket, 'close');
    return replies;
  }

  it('asks the other resolver for every name until it has a table, then answers those of the mesh', async () => {
    await start();
    const before = await resolver.resolve4('reviews');
    table.set({ version: '1', names: { reviews: ['240.240.0.1'] } });
    assert.deepEqual(
      {
        before,
        after: await resolver.resolve4('Reviews', { ttl: true }),
        other: await resolver.resolve4('db', { ttl: true }),
        asked: other.asked.length,
      },
      {
        before: ['10.0.0.9'],
        after: [{ address: '240.240.0.1', ttl: 30 }],
        other: [{ address: '10.0.0.9', ttl: 600 }],
        asked: 2,
      },
    );
  });

  it('follows the table', async () => {
    await start();
    table.set({ version: '2', names: { ratings: ['240.240.0.7'] } });
    const first = await resolver.resolve4('ratings');
    table.set({ version: '3', names: { ratings: ['240.240.0.8'] } });
    assert.deepEqual(
      [first, await resolver.resolve4('ratings'), await resolver.resolve4('reviews')],
      [['240.240.0.7'], ['240.240.0.8'], ['10.0.0.9']],
    );
  });

  it('sends unknown queries on byte for byte, over the transport they came by', async () => {
    await start();
    table.set({ version: '4', names: { reviews: ['240.240.0.1'] } });
    const mine = encode({ type: 'query', id: 1, questions: [{ name: 'REVIEWS', type: 'A' }] });
    const foreign = encode({ type: 'query', id: 2, questions: [{ name: 'Db', type: 'TXT' }] });
    const replies = await askTcp(mine, foreign);
    assert.deepEqual(
      {
        replies: replies.map((reply) => {
          const { id, answers } = decode(reply);
          return [id, answers?.map((answer) => ('data' in answer ? answer.data : ''))];
        }),
        asked: other.asked,
      },
      {
        replies: [
          [1, ['240.240.0.1']],
          [2, ['10.0.0.9']],
        ],
        asked: [foreign],
      },
    );
  });

  it('answers SERVFAIL, and says so once, when the other resolver does not answer', async () => {
    await start(200);
    const codes = await Promise.all(
      ['silent.one', 'silent.two'].map((name) =>
        resolver
          .resolve4(name)
          .then(String, (error: unknown) => (error as NodeJS.ErrnoException).code),
      ),
    );
    assert.deepEqual(
      { codes, lines: lines.length, named: lines[0]?.includes('did not answer within 200 ms') },
      { codes: ['ESERVFAIL', 'ESERVFAIL'], lines: 1, named: true },
    );
  });

  it('serves on after rubbish over both transports', async () => {
    await start();
    table.set({ version: '5', names: { reviews: ['240.240.0.1'] } });
    const client = createSocket('udp4');
    for (const rubbish of [Buffer.of(1), Buffer.alloc(12), Buffer.alloc(400, 0xff)]) {
      await new Promise((resolve) => {
        client.send(rubbish, port, '127.0.0.1', resolve);
      });
    }
    client.close();
    const socket = connect(port, '127.0.0.1');
    socket.end(Buffer.alloc(300, 0xff));
    await once(socket, 'close');
    assert.deepEqual(await resolver.resolve4('reviews'), ['240.240.0.1']);
  });

  it('fails with the port in its message when the port is taken', async () => {
    await start();
    const second = new DnsServer(
      table,
      createUpstream([]),
      createSmallLog({}, 'silent', () => undefined),
    );
    await assert.rejects(second.listen(port), { message: `cannot serve DNS on 127.0.0.1:${port}` });
    await second.close();
  });

  it('takes the name servers from resolv.conf', () => {
    const text = '# generated\nnameserver 127.0.0.11\nsearch lan\n nameserver x\nnameserver ::1\n';
    assert.deepEqual(
      [parseNameservers(text), parseNameservers('')],
      [
        [
          { address: '127.0.0.11', port: 53 },
          { address: '::1', port: 53 },
        ],
        [{ address: '127.0.0.1', port: 53 }],
      ],
    );
  });
});
