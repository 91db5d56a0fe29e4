/**
 * A tiny service on port 9080 that names itself: `service.ts NAME http|echo|greeting`. As `http` it answers with
 * its name, as `echo` it sends its name with what it receives, as `greeting` it speaks first, as databases do.
 */
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';

const [name = '?', kind = 'http'] = process.argv.slice(2);

function create(): Server {
  if (kind === 'http') {
    return createHttpServer((request, response) => {
      response.end(`${name} answers ${request.url ?? ''}\n`);
    });
  }
  return createServer((socket) => {
    socket.on('error', () => undefined);
    if (kind === 'greeting') socket.write(`${name} greets\n`);
    socket.on('data', (data) => socket.write(`${name} echoes ${data.toString()}`));
  });
}

create().listen(9080, () => {
  process.stdout.write('listening\n');
});
process.on('SIGTERM', () => process.exit());
