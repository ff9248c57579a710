#!/usr/bin/env node
// Stands where FORMWORK_PYTHON is expected: python -m gpu_runner <command> --plan P --events E, without PyTorch. It keeps the
// contract with its supervisor: the same plan in, the same events, files, signals and exit codes. Ranks meet at each step over
// TCP, so that one that is gone or stopped shows at the others. The "weights" are a chain of hashes over the gradients of all ranks,
// and each rank has moments of its own, which its gradients follow from: they are equal exactly when every rank did the same steps
// in the same order, each from its own part of the same checkpoint.
// How it behaves, and what goes wrong when, is said by stand-in.json in the work folder, or else by STAND_IN in the environment;
// see Behaviour.
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @typedef {object} Behaviour
 * @property {number} [stepMs] duration of a step
 * @property {number} [stepsPerEpoch]
 * @property {number} [shardBytes] size of what a rank writes of a checkpoint, and of the weights; each takes a moment to write
 * @property {boolean} [ignoresStop] SIGTERM does nothing
 * @property {{ rank: number, step: number, act: 'exit' | 'crash' | 'kill' | 'hang' | 'garbage', exit?: string, message?: string }[]} [faults]
 */

const EXIT_CODES = JSON.parse(readFileSync(new URL('../../gpu-runner/gpu_runner/schema/exit-codes.json', import.meta.url), 'utf8'));
/** Written by SIGUSR1 where Python would write the stacks of its threads. */
const STACKS = 'Current thread (most recent call first):';
/** Of a file that takes a moment to write: as a disk of 6 MB/s would take it. */
const PIECE_BYTES = 32 * 1024;
const PIECE_MS = 5;

class Ended extends Error {
  constructor(exit, message) {
    super(message);
    this.exit = exit;
  }
}

// Before a run, a Python is asked which versions of what gpu_runner imports it has.
if (process.argv[2] === '-c') {
  const packages = process.argv.slice(4);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(packages.map((name) => [name, 'stand-in'])))}\n`);
  process.exit();
}
const [module, packageName, command, ...options] = process.argv.slice(2);
if (module !== '-m' || packageName !== 'gpu_runner') {
  process.stderr.write(`expected -m gpu_runner <command>, got ${process.argv.slice(2).join(' ')}\n`);
  process.exit(2);
}
const option = (name) => options[options.indexOf(name) + 1];
const rank = Number(process.env.RANK ?? 0);
const plan = JSON.parse(readFileSync(option('--plan'), 'utf8'));
/** @type {Behaviour} */
const behaviour = JSON.parse(existsSync('stand-in.json') ? readFileSync('stand-in.json', 'utf8') : (process.env.STAND_IN ?? '{}'));

let isStopAsked = false;
let isDeferred = false;
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (behaviour.ignoresStop === true) return;
    isStopAsked = true;
    if (!isDeferred) end(new Ended('interrupted', 'stopped as asked'));
  });
}
process.on('SIGUSR1', () => process.stderr.write(`${STACKS} rank ${rank}\n`));

const began = Date.now();
emit('started', { command, pid: process.pid });
process.stderr.write(`rank ${rank} of ${process.env.WORLD_SIZE ?? 1} runs ${command}\n`);
try {
  emit('phase', { phase: 'imports' });
  await COMMANDS()[command]();
  emit('finished', { seconds: seconds(began) });
  process.exit(EXIT_CODES.ok);
} catch (error) {
  end(error);
}

function COMMANDS() {
  return { describe, init, tokens, train, generate, export: exportModel };
}

function describe() {
  emit('described', {
    python: '3.0.0',
    packages: { 'stand-in': '1' },
    device: 'cpu',
    cpu_cores: 2,
    memory_bytes: 1e9,
    gpus: [],
  });
  // For the test of what a rank may see.
  writeFileSync(`environment-${rank}.json`, JSON.stringify(process.env));
}

async function init() {
  await writeModel(plan.output, hash('init', plan.seed, readFileSync(plan.rows)));
  emit('initialised', { path: plan.output, num_parameters: 1000, vocabulary_size: plan.vocabulary_size });
}

function tokens() {
  const splits = plan.splits.map(({ name, rows }) => {
    const lengths = readLines(rows).map((row) => ({
      all: row.prompt.length + row.completion.length,
      target: row.completion.length,
    }));
    return {
      split: name,
      rows: lengths.length,
      num_tokens: lengths.reduce((sum, { all }) => sum + all, 0),
      num_target_tokens: lengths.reduce((sum, { target }) => sum + target, 0),
      longest_row: Math.max(0, ...lengths.map(({ all }) => all)),
      longest_completion: Math.max(0, ...lengths.map(({ target }) => target)),
      truncated_rows: 0,
      rows_without_target: 0,
      histogram: [],
    };
  });
  emit('tokenised', { splits, vocabulary_size: 256, tokenizer_probe_sha256: hash('probe') });
}

async function train() {
  const stepsPerEpoch = behaviour.stepsPerEpoch ?? 4;
  const total = plan.max_steps ?? plan.epochs * stepsPerEpoch;
  emit('phase', { phase: 'data' });
  const peers = await meet();
  emit('planned', {
    ...{ num_parameters: 1000, packed_rows: 16 * stepsPerEpoch, packing_efficiency: 1, num_tokens: 4096, num_target_tokens: 1024 },
    ...{ steps_per_epoch: stepsPerEpoch, total_steps: total, truncated_rows: 0, dropped_rows: 0 },
  });
  let state = { step: 0, weights: hash('start', plan.seed, plan.model.path), moments: hash('start', plan.seed, rank) };
  if (plan.resume !== null) {
    emit('phase', { phase: 'restore' });
    state = readState(plan.resume);
    emit('resumed', { step: state.step });
  }
  emit('phase', { phase: 'loop' });
  isDeferred = true;
  for (let step = state.step + 1; step <= total; step += 1) {
    await delay(behaviour.stepMs ?? 10);
    await misbehave(step);
    const told = await peers.exchange({ step, stop: isStopAsked, gradient: hash(state.weights, state.moments, plan.seed, step) });
    const hasToStop = told.some(({ stop }) => stop);
    const gradients = told.map(({ gradient }) => gradient).join();
    state = { step, weights: hash(state.weights, gradients), moments: hash(state.moments, gradients) };
    const loss = 3 / step;
    emit('step', {
      ...{
        step,
        epoch: step / stepsPerEpoch,
        loss,
        loss_hex: `0x${state.weights.slice(0, 13)}p+0`,
        learning_rate: plan.learning_rate,
      },
      ...{ gradient_norm: 1, skipped: null, num_tokens: 4096, num_target_tokens: 1024, seconds: (behaviour.stepMs ?? 10) / 1000 },
    });
    const isLast = step === total;
    if (isLast || (plan.max_steps === null && step % stepsPerEpoch === 0)) {
      await writeSnapshot(step, plan.max_steps === null ? step / stepsPerEpoch : 1, state.weights);
      await peers.exchange({ step });
    }
    if (isLast || hasToStop || step % plan.checkpoint_every_steps === 0) await writeCheckpoint(state, peers);
    if (hasToStop && !isLast) {
      emit('interrupted', { step });
      process.exit(EXIT_CODES.interrupted);
    }
  }
  peers.part();
}

async function generate() {
  emit('phase', { phase: 'data' });
  const items = readLines(plan.items).filter((_, index) => index % plan.shard.count === plan.shard.index);
  const answered = new Set(
    (existsSync(plan.predictions) ? readLines(plan.predictions) : []).map(({ model, id }) => `${model}\0${id}`),
  );
  mkdirSync(dirname(plan.predictions), { recursive: true });
  isDeferred = true;
  for (const { name } of plan.models) {
    let count = items.filter(({ id }) => answered.has(`${name}\0${id}`)).length;
    emit('phase', { phase: 'loop' });
    for (const { id, prompt } of items.filter((item) => !answered.has(`${name}\0${item.id}`))) {
      await delay(behaviour.stepMs ?? 1);
      const prediction = { model: name, id, prediction: prompt.slice(0, 20), num_tokens: 5, stopped: true };
      appendFileSync(plan.predictions, `${JSON.stringify(prediction)}\n`);
      count += 1;
      emit('generated', { model: name, done: count, total: items.length, num_tokens: 5 * count, seconds: seconds(began) });
      if (isStopAsked) throw new Ended('interrupted', 'stopped as asked');
    }
  }
}

function exportModel() {
  mkdirSync(dirname(plan.output), { recursive: true });
  cpSync(plan.snapshot, plan.output, { recursive: true });
  writeFileSync(join(plan.output, 'README.md'), readFileSync(plan.card));
  emit('exported', { path: plan.output, num_parameters: 1000, logits_sha256: hash('logits') });
}

/** Rank 0 listens, the others come; what one tells all learn, in the order of ranks. */
async function meet() {
  const size = plan.world_size;
  if (size === 1) return { exchange: (word) => Promise.resolve([word]), part: () => undefined };
  let isOver = false;
  const lost = () => {
    if (!isOver) end(new Ended('lostPeer', 'another rank is gone (connection closed by peer)'));
  };
  // From here on a peer may end before this one.
  const part = () => void (isOver = true);
  const [host, port] = [process.env.MASTER_ADDR, Number(process.env.MASTER_PORT)];
  if (rank !== 0) {
    const socket = await connect(host, port);
    const lines = linesOf(socket, lost);
    return {
      part,
      async exchange(word) {
        socket.write(`${JSON.stringify({ rank, ...word })}\n`);
        return lines.next();
      },
    };
  }
  const server = createServer();
  const sockets = [];
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('connection', (socket) => {
      sockets.push(socket);
      if (sockets.length === size - 1) resolve();
    });
    server.listen(port, host);
  });
  const all = sockets.map((socket) => linesOf(socket, lost));
  return {
    part,
    async exchange(word) {
      const others = await Promise.all(all.map((lines) => lines.next()));
      const told = [{ rank, ...word }, ...others].sort((a, b) => a.rank - b.rank);
      if (told.some(({ step }) => step !== word.step)) {
        throw new Ended('crashed', `ranks are at different steps: ${JSON.stringify(told)}`);
      }
      for (const socket of sockets) socket.write(`${JSON.stringify(told)}\n`);
      return told;
    },
  };
}

async function connect(host, port) {
  for (;;) {
    const socket = await new Promise((resolve) => {
      const one = createConnection({ host, port });
      one.once('connect', () => resolve(one)).once('error', () => resolve(null));
    });
    if (socket !== null) return socket;
    await delay(20);
  }
}

function linesOf(socket, lost) {
  // The end of a peer is told once, by whichever of its signs comes first.
  socket.on('error', () => undefined);
  socket.once('close', lost);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done) await new Promise(() => undefined);
      return JSON.parse(value);
    },
  };
}

async function misbehave(step) {
  const fault = (behaviour.faults ?? []).find((one) => one.rank === rank && one.step === step);
  switch (fault?.act) {
    case 'exit':
      throw new Ended(fault.exit, fault.message ?? `fails as ${fault.exit}`);
    case 'crash':
      throw new Error(fault.message ?? 'an exception that nobody expected');
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    case 'hang':
      setInterval(() => undefined, 1000);
      return new Promise(() => undefined);
    case 'garbage':
      appendFileSync(option('--events'), '{"kind": "st{"kind": "step"}\n');
      return undefined;
    default:
      return undefined;
  }
}

async function writeCheckpoint(state, peers) {
  const { step } = state;
  emit('phase', { phase: 'checkpoint' });
  const folder = join(plan.checkpoints, `step-${String(step).padStart(8, '0')}`);
  mkdirSync(folder, { recursive: true });
  await writeSlowly(join(folder, shardName()), `${rank} ${state.moments}`);
  const shard = describeFile(folder, shardName());
  writeFileSync(join(folder, stateName()), JSON.stringify({ ...state, files: [shard] }));
  // A rank tells of its part when all have theirs.
  await peers.exchange({ step });
  emit('checkpoint', { step, folder, files: [shard, describeFile(folder, stateName())], seconds: 0.001, skipped: null });
  emit('phase', { phase: 'loop' });
}

async function writeSnapshot(step, epoch, weights) {
  emit('phase', { phase: 'snapshot' });
  if (rank === 0) {
    const name = `epoch-${String(epoch).padStart(4, '0')}`;
    const [folder, partial] = [join(plan.snapshots, name), join(plan.snapshots, `.${name}.partial`)];
    rmSync(partial, { recursive: true, force: true });
    const written = await writeModel(partial, weights);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    emit('snapshot', { step, epoch, folder, files: written.map((file) => describeFile(folder, file)), seconds: 0.001 });
  }
  emit('phase', { phase: 'loop' });
}

function readState({ path, step }) {
  const file = join(path, stateName());
  if (!existsSync(file)) throw new Ended('data', `${file}: is missing; go on from an earlier checkpoint`);
  const { files, ...state } = JSON.parse(readFileSync(file, 'utf8'));
  if (state.step !== step) throw new Ended('config', `resume.step: ${path} is of step ${state.step}, not ${step}`);
  for (const { path: name, sha256 } of files) {
    if (describeFile(path, name).sha256 !== sha256) throw new Ended('data', `${join(path, name)}: is not what was written`);
  }
  return state;
}

async function writeModel(folder, weights) {
  mkdirSync(folder, { recursive: true });
  const files = { 'config.json': '{}', 'tokenizer.json': '{}' };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  await writeSlowly(join(folder, 'model.safetensors'), weights);
  return [...Object.keys(files), 'model.safetensors'];
}

/** In pieces, each handed to the disk, so that whoever is killed meanwhile leaves a torn file. */
async function writeSlowly(path, content) {
  const size = Math.max(behaviour.shardBytes ?? 0, content.length);
  const block = `${content}\n`.repeat(Math.ceil(PIECE_BYTES / content.length));
  writeFileSync(path, '');
  for (let done = 0; done < size; done += PIECE_BYTES) {
    appendFileSync(path, size < PIECE_BYTES ? content : block.slice(0, Math.min(PIECE_BYTES, size - done)));
    if (size > PIECE_BYTES) await delay(PIECE_MS);
  }
}

function end(error) {
  if (error instanceof Ended && error.exit === 'interrupted') {
    emit('interrupted', { step: 0 });
  } else {
    process.stderr.write(`gpu_runner: ${error.message}\n`);
    emit('failed', { exit: error instanceof Ended ? error.exit : 'crashed', message: error.message, step: null });
  }
  process.exit(error instanceof Ended ? (EXIT_CODES[error.exit] ?? 1) : 1);
}

function emit(kind, fields) {
  const event = { kind, time: new Date().toISOString(), rank, ...fields };
  appendFileSync(option('--events'), `${JSON.stringify(event)}\n`);
}

function describeFile(folder, path) {
  const content = readFileSync(join(folder, path));
  return { path, bytes: content.length, sha256: hash(content) };
}

function readLines(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function shardName() {
  return `rank-${String(rank).padStart(5, '0')}.shard`;
}

function stateName() {
  return `rank-${String(rank).padStart(5, '0')}.json`;
}

function hash(...parts) {
  const sha256 = createHash('sha256');
  for (const part of parts) sha256.update(Buffer.isBuffer(part) ? part : String(part));
  return sha256.digest('hex');
}

function seconds(since) {
  return (Date.now() - since) / 1000;
}
