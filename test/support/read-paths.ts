/**
 * A view of `value` that calls `onRead` with the path of every field that somebody reads; items of lists
 * are written []. Reading a field that is not there counts as well.
 */
export function recordReads<T>(value: T, onRead: (path: string) => void, path = 'spec'): T {
  if (typeof value !== 'object' || value === null) return value;
  const isList = Array.isArray(value);
  return new Proxy(value, {
    get: (target, key, receiver): unknown => {
      const item: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol' || typeof item === 'function') return item;
      if (isList && !/^\d+$/.test(key)) return item;
      const place = isList ? `${path}[]` : `${path}.${key}`;
      onRead(place);
      return recordReads(item, onRead, place);
    },
  });
}
