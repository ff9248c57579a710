import { z } from 'zod';

export const Precision = z.enum(['fp32', 'bf16']);
