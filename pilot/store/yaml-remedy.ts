/**
 * What the parser says, and what to do about it where that is one of the mistakes that people make most: the parser says
 * what is wrong, not how to mend it.
 */
export function explainYaml(message: string): string {
  const remedy = remedies.find(([pattern]) => pattern.test(message))?.[1];
  return remedy === undefined ? message : `${message}: ${remedy}`;
}

const remedies: readonly (readonly [RegExp, string])[] = [
  [/tab/i, 'put blanks instead of the tab at the beginning of the line'],
  [/Map keys must be unique/, 'the key stands twice; take one away or make a list of them'],
  [/Nested mappings are not allowed in compact/, 'put a value that has ": " in it in quotes'],
  [/All mapping items must start at the same column/, 'indent the line as its neighbours are'],
];
