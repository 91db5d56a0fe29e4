import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import type { HttpGet, Reply } from '../http/client.ts';
import { endUserHeader, forwardedHeaders } from '../http/forwarded-headers.ts';
import { createServer } from '../http/server.ts';
import type { Log } from '../log.ts';

type Rating = { readonly stars: number; readonly color: StarColor } | { readonly error: string };

type StarColor = 'black' | 'red';

interface Review {
  readonly reviewer: string;
  readonly text: string;
  readonly rating?: Rating;
}

const reviews: readonly Review[] = [
  {
    reviewer: 'Reviewer1',
    text: 'Two pairs of twins, one door and not a dull minute. I laughed out loud on the train.',
  },
  {
    reviewer: 'Reviewer2',
    text: 'Quick, silly and over too soon. Do not look for the depth of the later plays in it.',
  },
];

/** Reviews: what two readers say, from v2 on with their stars, which ratings knows. */
export function createReviews(config: Config, get: HttpGet, log: Log): FastifyInstance {
  const server = createServer(config.version, log);
  const color = starColor(config.version);
  server.get('/health', () => ({ status: 'Reviews is healthy' }));
  server.get<{ Params: { id: string } }>('/reviews/:id', async (request, reply) => {
    const { id } = request.params;
    // As in Istio's sample, an id that is no number is a path that does not exist.
    if (!/^[+-]?\d+$/.test(id)) {
      reply.callNotFound();
      return reply;
    }
    return {
      id: String(Number(id)),
      podname: config.podname,
      // The word null, in quotes, is what Istio's sample sends outside a cluster.
      clustername: config.clustername ?? 'null',
      reviews: color === undefined ? reviews : await rate(request, id, color),
    };
  });
  return server;

  async function rate(
    request: FastifyRequest,
    id: string,
    color: StarColor,
  ): Promise<readonly Review[]> {
    const endUser = request.headers[endUserHeader];
    const reply = await get({
      url: `${config.upstreams.ratings}/ratings/${id}`,
      headers: {
        ...forwardedHeaders(request.headers),
        ...(typeof endUser === 'string' ? { [endUserHeader]: endUser } : {}),
      },
      timeout: config.timeouts.ratings,
    });
    if (reply.kind === 'failure') log(`ratings: ${reply.reason}`);
    else if (reply.status !== 200) log(`ratings: status ${reply.status}`);
    const stars = readStars(reply);
    return reviews.map((review) => ({
      ...review,
      rating: toRating(stars[review.reviewer], color),
    }));
  }
}

/** v1 does not ask for ratings; every version but v3 shows black stars. */
function starColor(version: string): StarColor | undefined {
  if (version === 'v1') return undefined;
  return version === 'v3' ? 'red' : 'black';
}

function toRating(stars: unknown, color: StarColor): Rating {
  return typeof stars === 'number'
    ? { stars, color }
    : { error: 'Ratings service is currently unavailable' };
}

/** Stars by reviewer; empty when the answer has none. */
function readStars(reply: Reply): Readonly<Record<string, unknown>> {
  if (reply.kind === 'failure' || reply.status !== 200) return {};
  try {
    const body: unknown = JSON.parse(reply.body);
    if (typeof body !== 'object' || body === null || !('ratings' in body)) return {};
    const { ratings } = body;
    return typeof ratings === 'object' && ratings !== null ? { ...ratings } : {};
  } catch {
    return {};
  }
}
