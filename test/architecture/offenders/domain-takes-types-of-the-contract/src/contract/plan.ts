import { z } from 'zod';

export const PlanVersion = z.int();
