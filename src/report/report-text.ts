/** `figure` is a number with its unit that must not be broken over two lines. */
export type Inline = string | { strong: string } | { code: string } | { figure: string };

/** A piece of a report's text; every string is plain, the writers escape it. */
export type Text = string | readonly Inline[];
