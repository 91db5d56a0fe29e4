/** What productpage knows by itself: one book. */
export interface Product {
  readonly id: number;
  readonly title: string;
  /** HTML of ours, shown as it is. */
  readonly descriptionHtml: string;
}

export const comedyOfErrors: Product = {
  id: 0,
  title: 'The Comedy of Errors',
  descriptionHtml:
    'Two pairs of identical twins, parted by a shipwreck as babies, walk about the same town for one day ' +
    'without knowing of each other: dinners, debts and a gold chain all reach the wrong twin. ' +
    '<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">Wikipedia Summary</a>',
};

export const products: readonly Product[] = [comedyOfErrors];
