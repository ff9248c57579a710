import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { beforeAll, describe, expect, test } from 'vitest';
import { packageFile, packageRoot } from '../../src/platform/package-root.js';

const OFFENDERS = fileURLToPath(new URL('offenders/', import.meta.url));

let options: ICruiseOptions;
beforeAll(async () => {
  options = await extractDepcruiseOptions(packageFile('.dependency-cruiser.cjs'));
});

/** What the rules say of a tree of ours, or of one that is laid out like ours. */
async function cruiseTree(folder: string, parts: readonly string[]): Promise<ICruiseResult> {
  const tsConfig = extractTsConfig(packageFile('tsconfig.json'));
  const { output } = await cruise([...parts], { ...options, baseDir: folder }, undefined, { tsConfig });
  if (typeof output === 'string') throw new Error(output);
  return output;
}

const brokenRules = ({ summary }: ICruiseResult): string[] => summary.violations.map(({ rule }) => rule.name);

test('every import of the tree points where it may', async () => {
  const result = await cruiseTree(packageRoot, ['src', 'activities', 'workflows', 'workers', 'bin', 'test']);
  expect(result.summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  // As a guard against a tree that was not read at all.
  expect(result.summary.totalCruised).toBeGreaterThan(200);
  expect(result.modules.flatMap(({ dependencies }) => dependencies).filter(({ couldNotResolve }) => couldNotResolve)).toEqual([]);
});

describe('a tree that breaks one rule', () => {
  test('is there for every rule, and for nothing else', () => {
    const rules = (options.ruleSet?.forbidden ?? []).map(({ name }) => name);
    expect(readdirSync(OFFENDERS).sort()).toEqual([...rules].sort());
  });

  test.each(readdirSync(OFFENDERS))('is reported for that rule alone: %s', async (rule) => {
    const folder = join(OFFENDERS, rule);
    const broken = brokenRules(await cruiseTree(folder, readdirSync(folder)));
    expect(new Set(broken)).toEqual(new Set([rule]));
  });
});

test('the comment of every rule says more than its name', () => {
  for (const { name, comment } of options.ruleSet?.forbidden ?? []) expect(comment, name).toMatch(/.{30,}/s);
});
