/** The text of HTML that has been written by escaping alone: tags dropped, numeric references resolved, spaces as they are. */
export const textOf = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));

/** Markdown without its escapes, to look for text in. */
export const withoutEscapes = (markdown: string): string => markdown.replace(/\\(?=[^A-Za-z0-9\s])/g, '');
