// Which way arrows point. Each rule's comment says where the code belongs instead.
const { builtinModules } = require('node:module');

// All of them: dependency-cruiser drops the node: prefix, and some modules have no other name.
const NODE_BUILTINS = `^(node:|(${builtinModules.join('|')})$)`;
const TEMPORAL = 'node_modules/@temporalio/';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'contract-is-data',
      comment: 'src/contract imports zod and itself. Rules belong to src/domain, adapters to src/platform.',
      severity: 'error',
      from: { path: '^src/contract/' },
      to: { pathNot: ['^src/contract/', 'node_modules/zod/'] },
    },
    {
      name: 'kinds-are-plain',
      comment:
        'Workflows read contract/kinds: a library there could change a replay. Put schemas into another file of src/contract.',
      severity: 'error',
      from: { path: '^src/contract/kinds\\.ts$' },
      to: { pathNot: '^$' },
    },
    {
      name: 'domain-is-pure',
      comment:
        'src/domain has rules without a world: what needs files, processes or a clock belongs to src/platform or activities, and is passed in.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: {
        path: [
          NODE_BUILTINS,
          '^(activities|workflows|workers|src/(platform|tasks|report|cli))/',
          TEMPORAL,
          'node_modules/(@aws-sdk|pino)/',
        ],
      },
    },
    {
      name: 'domain-takes-types-of-the-contract',
      comment: 'At run time src/domain uses contract/kinds alone; parsing belongs to the edge that reads the data.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { path: ['^src/contract/(?!kinds)', 'node_modules/zod/'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'tasks-are-pure',
      comment: 'A task is rules about its rows: reading files belongs to activities/dataset, starting things to workflows.',
      severity: 'error',
      from: { path: '^src/tasks/' },
      to: {
        path: [
          NODE_BUILTINS,
          '^(activities|workflows|workers|src/(platform|report|cli))/',
          TEMPORAL,
          'node_modules/(@aws-sdk|pino)/',
        ],
      },
    },
    {
      name: 'tasks-apart',
      comment: 'Adding a task touches no other folder: what two tasks share belongs to src/tasks itself.',
      severity: 'error',
      from: { path: '^src/tasks/([^/]+)/' },
      to: { path: '^src/tasks/[^/]+/', pathNot: '^src/tasks/$1/' },
    },
    {
      name: 'report-is-a-view',
      comment: 'src/report turns a record into text: reading the record belongs to activities/report.',
      severity: 'error',
      from: { path: '^src/report/' },
      to: {
        path: [
          NODE_BUILTINS,
          '^(activities|workflows|workers|src/(platform|tasks|cli))/',
          TEMPORAL,
          'node_modules/(@aws-sdk|pino|zod)/',
        ],
      },
    },
    {
      name: 'platform-knows-no-order',
      comment: 'src/platform has ports and adapters: what is done with them belongs to activities, in which order to workflows.',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^(activities|workflows|workers|src/(tasks|report|cli))/' },
    },
    {
      name: 'workflows-are-order',
      comment: 'Workflow code is replayed: I/O and decisions belong to activities, and only plain names and kinds may be shared.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: [
          '^workflows/',
          'node_modules/@temporalio/(workflow|common)/',
          '^src/domain/(names|failures)\\.ts$',
          '^src/contract/kinds\\.ts$',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-take-types-of-contract-and-activities',
      comment: 'What a workflow knows of the rest are types of src/contract and activities.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^(workers|src/(platform|tasks|report|cli))/' },
    },
    {
      name: 'activities-take-ports',
      comment: 'Activities see types of src/platform; an adapter is wired in workers/.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: '^src/platform/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'activities-know-no-order',
      comment:
        'Activities are acts: their order belongs to workflows, their wiring to workers; logs go through the activity context.',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: ['^(workflows|workers|src/cli)/', 'node_modules/(@aws-sdk|pino|@temporalio/(client|worker|workflow))/'] },
    },
    {
      name: 'cli-is-thin',
      comment: 'A command asks the server and the store: acts belong to activities, processes to workers.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^(activities|workers)/' },
    },
    {
      name: 'workers-are-entries',
      comment: 'workers/ are processes: nobody imports them. Shared code belongs to src/platform.',
      severity: 'error',
      from: { pathNot: '^(workers|test)/' },
      to: { path: '^workers/' },
    },
    {
      name: 'nobody-imports-tests',
      comment: 'test/ imports everything and is imported by nobody but the command that prepares a machine for it.',
      severity: 'error',
      from: { pathNot: ['^test/', '^bin/test-'] },
      to: { path: '^test/' },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one, or lack a third that both need.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    // Offenders are held against the rules one tree at a time, by their own test.
    exclude: { path: '^(dist|gpu-runner|test/architecture/offenders)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
