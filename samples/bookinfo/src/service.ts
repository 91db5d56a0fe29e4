import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import { createDetails } from './details/details.ts';
import { createHttpGet } from './http/client.ts';
import { listen, type Running } from './http/server.ts';
import type { Log } from './log.ts';
import { createProductPage } from './productpage/productpage.ts';
import { createRatings } from './ratings/ratings.ts';
import { createReviews } from './reviews/reviews.ts';

/** Starts the service that `config` describes. Rejects when its address cannot be listened on. */
export async function startService(config: Config, log: Log): Promise<Running> {
  return listen(createService(config, log), config);
}

function createService(config: Config, log: Log): FastifyInstance {
  switch (config.service) {
    case 'productpage':
      return createProductPage(config, createHttpGet(config.proxy), log);
    case 'details':
      return createDetails(config, log);
    case 'reviews':
      return createReviews(config, createHttpGet(config.proxy), log);
    case 'ratings':
      return createRatings(config, log);
  }
}
