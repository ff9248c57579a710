import type { RunReport } from '../contract/report.js';
import { instant } from './format.js';
import type { ReportDocument, Section } from './report-document.js';
import { checkpoints } from './sections/checkpoints.js';
import { data } from './sections/data.js';
import { environment } from './sections/environment.js';
import { lead, result, resultTitle } from './sections/result.js';
import { parts } from './sections/parts.js';
import { plan } from './sections/plan.js';
import { record } from './sections/record.js';
import { resumes } from './sections/resumes.js';
import { story } from './sections/story.js';
import { spend } from './sections/spend.js';
import { time } from './sections/time.js';
import { training } from './sections/training.js';
import { wrongAnswers } from './sections/wrong-answers.js';

// In the order of a reader's questions: is it better, at what, how did it come about, where does it fail, out of what, at which price, how to repeat it.
const SECTIONS: readonly ((report: RunReport) => Section | null)[] = [
  parts,
  wrongAnswers,
  training,
  story,
  resumes,
  checkpoints,
  data,
  time,
  spend,
  plan,
  environment,
  record,
];

/** Everything that a report says, in order; the same whether it becomes HTML or Markdown. */
export function buildDocument(report: RunReport): ReportDocument {
  return {
    title: resultTitle(report),
    origin: ['formwork report', `run ${report.runKey}`, instant(report.generatedAt)],
    lead: lead(report),
    blocks: result(report),
    sections: SECTIONS.map((section) => section(report)).filter((section) => section !== null),
  };
}
