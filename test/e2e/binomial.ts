/** How many samples a statistical claim needs, by the binomial distribution. */

/** Highest probability of a false alarm that a test may have. */
const falseAlarm = 1e-6;

/** A claim: each sample is a hit with probability `share`; the share of hits lies within `margin` of it. */
export interface Claim {
  readonly share: number;
  readonly margin: number;
}

/** The smallest multiple of 50 of samples whose share of hits misses the margin with less than 1e-6. */
export function sampleSize(claim: Claim): number {
  let size = 50;
  while (missProbability(claim, size) >= falseAlarm) size += 50;
  return size;
}

/** Probability that the share of hits in `size` samples lies outside the margin, exactly. */
export function missProbability({ share, margin }: Claim, size: number): number {
  let sum = 0;
  let logBinomial = 0;
  for (let hits = 0; hits <= size; hits++) {
    if (hits > 0) logBinomial += Math.log((size - hits + 1) / hits);
    if (Math.abs(hits / size - share) <= margin + 1e-12) continue;
    sum += Math.exp(logBinomial + hits * Math.log(share) + (size - hits) * Math.log(1 - share));
  }
  return sum;
}
