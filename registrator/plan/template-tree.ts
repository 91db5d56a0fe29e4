/** A template as it is understood. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  /** Prints its value, unless it sets a variable. */
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | (Branches & { readonly kind: 'if' | 'with' | 'range' });

export interface Branches {
  readonly pipeline: Pipeline;
  readonly body: readonly TemplatePart[];
  /** For a value that is empty. */
  readonly otherwise: readonly TemplatePart[];
}

/** Commands, each of which gets the result of the one before as its last argument. */
export interface Pipeline {
  readonly commands: readonly Command[];
  /** Set to the result; `range` sets two, to index and item. */
  readonly variables: readonly string[];
  /** `:=` makes a variable, `=` gives another value to one that is there. */
  readonly declares: boolean;
}

/** A value alone, or a function and its arguments. */
export type Command = readonly [Operand, ...(readonly Operand[])];

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** `.Config.Image` → Config, Image; `.` → nothing. */
  | { readonly kind: 'field'; readonly path: readonly string[] }
  /** `$x.Name` → `$x`; Name. `$` is the container. */
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'group'; readonly pipeline: Pipeline };
