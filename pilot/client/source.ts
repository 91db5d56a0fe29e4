/** A text with the name that messages call it. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** A place that could not be read. */
export interface SourceFault {
  readonly file: string;
  readonly reason: string;
}

export type Source = SourceText | SourceFault;
