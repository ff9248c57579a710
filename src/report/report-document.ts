import type { Chart } from './charts/chart.js';
import type { WrongAnswer } from '../contract/report.js';
import type { Text } from './report-text.js';

// What a report says, before it is known whether it becomes HTML or Markdown: both are made from this, so they hold the same content.
// Every string is plain text; the writers escape it.

interface Column {
  name: string;
  numeric?: boolean;
  /** Holds sentences, which need room to be read. */
  prose?: boolean;
}

export interface Table {
  kind: 'table';
  caption: string;
  columns: readonly Column[];
  /** The first cell of a row names the row. */
  rows: readonly (readonly Text[])[];
  /** Index of a row to point out; a cell of it has to say why, since colour alone says nothing to some readers. */
  marked?: number | undefined;
}

export type Block =
  | { kind: 'paragraph'; text: Text }
  | { kind: 'note'; title: string; text: Text }
  | { kind: 'figures'; items: readonly { label: string; value: string; detail: string; main?: boolean }[] }
  | { kind: 'facts'; items: readonly { term: string; value: Text }[] }
  | Table
  | { kind: 'chart'; chart: Chart }
  | { kind: 'answers'; answers: readonly WrongAnswer[] }
  | { kind: 'json'; title: string; value: unknown }
  | { kind: 'columns'; columns: readonly (readonly Block[])[] };

export interface Section {
  /** Anchor in HTML. */
  id: string;
  title: string;
  blocks: readonly Block[];
}

export interface ReportDocument {
  /** The result in one sentence. */
  title: Text;
  /** Which run this is, and when the report was made. */
  origin: readonly string[];
  lead: Text;
  blocks: readonly Block[];
  sections: readonly Section[];
}
