const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** How long something has been so, as kubectl writes ages: `12s`, `3m10s`, `5h2m`, `4d`. Takes milliseconds. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first === -1) return '0s';
  const [[unit, size], smaller] = [units[first] ?? units[3], units[first + 1]];
  const count = Math.floor(seconds / size);
  const rest = smaller === undefined ? 0 : Math.floor((seconds % size) / smaller[1]);
  // As kubectl: the more there is of the first unit, the less the second one says.
  const isRough = count >= 10 && unit !== 's';
  return smaller === undefined || rest === 0 || isRough
    ? `${count}${unit}`
    : `${count}${unit}${rest}${smaller[0]}`;
}
