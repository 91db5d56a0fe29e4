import type { FastifyInstance, FastifyReply } from 'fastify';
import type { NameTable } from '../../sidecar/contract/name-table.ts';
import { nameTableHeartbeat, nameTablePath } from '../../sidecar/contract/name-table.ts';
import type { HttpServerDeps } from './deps.ts';
import { readFlag } from './object-request.ts';
import type { Streams } from './streams.ts';

/** What sidecar agents ask pilot for (see sidecar/contract/name-table.ts). */
export function serveMesh(app: FastifyInstance, deps: HttpServerDeps, streams: Streams): void {
  app.get(nameTablePath, (request, reply) => {
    if (readFlag(request, 'watch')) return watchNames(reply, deps, streams);
    const table = deps.names.current();
    if (table !== undefined) return reply.send(table);
    return reply.code(503).send({ error: 'the names of the mesh are not known yet' });
  });
}

function watchNames(reply: FastifyReply, deps: HttpServerDeps, streams: Streams): FastifyReply {
  const stream = streams.start(reply, 'application/x-ndjson');
  let cancel = (): void => undefined;
  const beatLater = (): void => {
    cancel();
    cancel = deps.clock.after(nameTableHeartbeat, () => {
      stream.send('');
      beatLater();
    });
  };
  const unsubscribe = deps.names.subscribe((table: NameTable) => {
    stream.send(JSON.stringify(table));
    beatLater();
  });
  beatLater();
  stream.onEnd(() => {
    unsubscribe();
    cancel();
  });
  return reply;
}
