import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { packageFile, packageRoot } from '../../src/platform/package-root.js';

let sources: string[];
beforeAll(async () => {
  // Fails by itself where workflow code reaches a module of Node: the sandbox has none.
  const workflowsPath = packageFile('workflows', 'index.ts');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  sources = sourcesOf(code);
}, 60_000);

test('a workflow bundle holds workflows, and of the rest only names, failures and kinds', () => {
  const ours = sources
    .filter((source) => isAbsolute(source) && !source.includes('node_modules/'))
    .map((source) => relative(packageRoot, source));
  expect(ours).toContain('workflows/fine-tuning-run.ts');
  const shared = ['src/contract/kinds.ts', 'src/domain/failures.ts', 'src/domain/names.ts'];
  expect(ours.filter((path) => !path.startsWith('workflows/') && !shared.includes(path))).toEqual([]);
});

test('of our libraries it holds the SDK alone', () => {
  const { dependencies } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { dependencies: object };
  const libraries = sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
  expect(libraries).toContain('@temporalio/workflow');
  expect(Object.keys(dependencies).filter((name) => libraries.includes(name) && !name.startsWith('@temporalio/'))).toEqual([]);
});

/** Files that the bundle was made of, from the source map at its end. */
function sourcesOf(bundle: string): string[] {
  const map = /\/\/# sourceMappingURL=data:application\/json;.*base64,(?<map>[A-Za-z0-9+/=]+)\s*$/.exec(bundle)?.groups?.['map'];
  if (map === undefined) throw new Error('the bundle has no source map in it');
  return (JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] }).sources;
}
