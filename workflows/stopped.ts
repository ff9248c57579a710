/** Thrown inside a run alone, to leave the stages when somebody asked for a stop. */
export class Stopped extends Error {}
