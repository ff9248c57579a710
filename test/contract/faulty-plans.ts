import type { RunnerPlan } from '../../src/contract/runner-plan.js';

/** A plan with one fault. */
export interface FaultyPlan {
  plan: unknown;
  /** What the refusal has to say of it. */
  says: string;
}

type Step = string | number;
/** An object, or a list with its indices for keys. */
type Container = Record<Step, unknown>;

/** The plan with an unknown key in each of its objects: one letter more than a known one, as a slip of the pen. */
export function withUnknownKeys(plan: RunnerPlan): FaultyPlan[] {
  return objectsOf(plan).map(([path, object]) => {
    const key = `${Object.keys(object)[0] ?? ''}x`;
    return {
      plan: altered(plan, path, (copy) => (copy[key] = 1)),
      says: `${text([...path, key])}: unknown key; expected only `,
    };
  });
}

/** The plan without one key, for each key of each of its objects; `command` tells which plan it is, and is asked for by name. */
export function withMissingKeys(plan: RunnerPlan): FaultyPlan[] {
  return objectsOf(plan).flatMap(([path, object]) =>
    Object.keys(object).map((key) => ({
      plan: altered(plan, path, (copy) => Reflect.deleteProperty(copy, key)),
      says: key === 'command' ? `command: expected '${plan.command}'` : `${text([...path, key])}: missing`,
    })),
  );
}

/** The plan with a value of another type, for each value at any depth. */
export function withWrongTypes(plan: RunnerPlan): FaultyPlan[] {
  return containersOf(plan).flatMap(([path, container]) =>
    Object.entries(container).map(([name, value]) => {
      const key = Array.isArray(container) ? Number(name) : name;
      return {
        plan: altered(plan, path, (copy) => (copy[key] = ofAnotherType(value))),
        says: `${text([...path, key])}: expected `,
      };
    }),
  );
}

function ofAnotherType(value: unknown): unknown {
  if (typeof value === 'string') return 7;
  if (typeof value !== 'object') return 'text';
  return Array.isArray(value) ? {} : [];
}

const objectsOf = (plan: RunnerPlan): [readonly Step[], Container][] =>
  containersOf(plan).filter(([, container]) => !Array.isArray(container));

/** Every object and list of a plan with its path, the plan itself first. */
function containersOf(value: object, path: readonly Step[] = []): [readonly Step[], Container][] {
  const inner = Object.entries(value).flatMap(([name, child]: [string, unknown]) =>
    typeof child === 'object' && child !== null ? containersOf(child, [...path, Array.isArray(value) ? Number(name) : name]) : [],
  );
  return [[path, value as Container], ...inner];
}

function altered(plan: RunnerPlan, path: readonly Step[], change: (container: Container) => unknown): unknown {
  const copy = structuredClone(plan);
  change(path.reduce<Container>((container, step) => container[step] as Container, copy));
  return copy;
}

/** A path as gpu_runner writes it, e.g. models[0].name. */
function text(path: readonly Step[]): string {
  return path.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step}]`;
    return before === '' ? step : `${before}.${step}`;
  }, '');
}
