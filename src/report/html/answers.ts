import type { WrongAnswer } from '../../contract/report.js';
import { textDifference, type Stretch } from '../text-difference.js';
import { html, type Markup } from './template.js';

export const answers = (wrong: readonly WrongAnswer[]): Markup =>
  html`<ol class="answers">
    ${wrong.map((answer) => html`<li>${one(answer)}</li>`)}
  </ol>`;

function one({ id, verdict, input, target, prediction, evidence }: WrongAnswer): Markup {
  const { left, right } = textDifference(target, prediction);
  return html`<article>
    <h3>
      <code class="verdict">${verdict}</code> <span class="id">item <code>${id}</code></span>
    </h3>
    <dl>
      <div>
        <dt>Input</dt>
        <dd class="input">${input}</dd>
      </div>
      <div>
        <dt>Target</dt>
        <dd class="answer">${stretches(left)}</dd>
      </div>
      <div>
        <dt>Prediction</dt>
        <dd class="answer">${stretches(right)}</dd>
      </div>
      <div>
        <dt>Why</dt>
        <dd class="why">${evidence}</dd>
      </div>
    </dl>
  </article>`;
}

const stretches = (side: readonly Stretch[]): Markup =>
  html`${side.map(({ text, differs }) => (differs ? html`<mark>${text}</mark>` : text))}`;
