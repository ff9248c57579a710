import { plainText } from '../plain-text.js';
import type { ReportDocument, Section } from '../report-document.js';
import { blocks } from './block.js';
import { inline } from './inline.js';
import { STYLES } from './styles.js';
import { html, trusted, type Markup } from './template.js';

// Predictions are text of unknown origin. They are escaped; this is the second lock: nothing may be fetched or run whatever the page holds.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export async function page({ title, origin, lead, blocks: first, sections }: ReportDocument): Promise<string> {
  const [head, ...rest] = await Promise.all([blocks(first), ...sections.map(section)]);
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="color-scheme" content="light dark" />
        <title>${plainText(title)}</title>
        <link rel="icon" href="data:," />
        <style>
          ${trusted(STYLES)}
        </style>
      </head>
      <body>
        <header>
          <ul class="origin">
            ${origin.map((item) => html`<li>${item}</li>`)}
          </ul>
          <h1>${inline(title)}</h1>
          <p class="lead">${inline(lead)}</p>
        </header>
        <nav aria-label="Contents">
          <ul>
            ${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}
          </ul>
        </nav>
        <main>
          <section aria-label="Result">${head}</section>
          ${rest}
        </main>
      </body>
    </html>`.source
  }\n`;
}

async function section({ id, title, blocks: contents }: Section): Promise<Markup> {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${await blocks(contents)}
  </section>`;
}
