/** Bookinfo as a visitor sees it. */

export const bookinfo = 'http://localhost:9080';

/** What the page shows of the reviews. */
export type Look =
  | 'no stars'
  | 'black stars'
  | 'red stars'
  | 'ratings unavailable'
  | 'reviews unavailable'
  | 'no reviews section';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly look: Look;
  readonly hasDetails: boolean;
  /** How long it took. */
  readonly seconds: number;
}

/** The cookie of a user who signs in, as the browser does. */
async function signIn(user: string): Promise<string> {
  const response = await fetch(`${bookinfo}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: user, passwd: 'any' }),
    redirect: 'manual',
  });
  await response.arrayBuffer();
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

/** Gets the product page, signed in as `user` or as nobody. */
export async function fetchPage({ user }: { readonly user?: string } = {}): Promise<Page> {
  const headers = user === undefined ? {} : { cookie: await signIn(user) };
  const started = performance.now();
  const response = await fetch(`${bookinfo}/productpage`, { headers });
  const text = await response.text();
  const seconds = (performance.now() - started) / 1000;
  const hasDetails = text.includes('Book Details');
  return { status: response.status, text, look: readLook(text), hasDetails, seconds };
}

/** Reads the look of the reviews from the HTML of the page. */
export function readLook(text: string): Look {
  if (text.includes('Error fetching product reviews!')) return 'reviews unavailable';
  if (!text.includes('Book Reviews')) return 'no reviews section';
  if (text.includes('Ratings service is currently unavailable')) return 'ratings unavailable';
  const [, color] = /class="stars (black|red)"/.exec(text) ?? [];
  if (color === undefined) return 'no stars';
  return color === 'red' ? 'red stars' : 'black stars';
}

/** What `count` visits look like, so many at a time: look → how often. */
export async function countLooks(
  count: number,
  atATime = 1,
): Promise<Partial<Record<Look, number>>> {
  const seen: Partial<Record<Look, number>> = {};
  let left = count;
  const visit = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { look } = await fetchPage();
      seen[look] = (seen[look] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atATime }, visit));
  return seen;
}
