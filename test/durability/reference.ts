/** What a run that nothing happens to comes to. */
export interface Reference {
  weightsSha256: string;
  /** Of every step and rank, exactly. */
  losses: string[];
  steps: number;
  checkpointEverySteps: number;
  /** Seconds without a step after which a gang counts as hung. */
  stepSeconds: number;
  /** From the command to the end of the run. */
  seconds: number;
}
