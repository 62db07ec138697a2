import type { Analyzer } from '../analyzer.ts';
import { code } from './code.ts';
import { completeness } from './completeness.ts';
import { consistency } from './consistency.ts';
import { content } from './content.ts';
import { personalData } from './personal-data.ts';
import { secrets } from './secrets.ts';

/** Those that come with Holdpoint; threads run them. */
export const analyzers: readonly Analyzer[] = [
  secrets,
  personalData,
  content,
  code,
  completeness,
  consistency,
];
