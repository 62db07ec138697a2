// The analyzer protocol: how a check of what agents send and answer is written. This file is all that an implementer
// needs.
//
//   subject ──▶ analyze.ts ──side by side──▶ analyzer ──findings──▶ flags, evidence cut out and masked ──▶ the approver
//                              │  └─ throws, is late, answers something else ──▶ flag analyzer_failed (POLICY, HIGH)
//                              └─ in a thread of its own (the built-in ones), or in the server's (yours, by default)
//
// What Holdpoint promises:
//  1. An analyzer sees each subject at most once, whole, and never one that is larger than 256 kB as JSON or deeper than
//     64 levels: of such a one the approver is told that nobody has analysed it.
//  2. What it finds is shown to a person before the action is done or the answer is used. It decides nothing by itself,
//     but for this: the gravest flag sets the role and the number of approvers, and a CRITICAL one on an answer is a
//     SECURITY_THREAT that stops the project (behaviour 5.4, 5.8, 7.1).
//  3. Evidence is masked before anybody sees it, whatever the analyzer gave: what findings of SECRET and PRIVACY point
//     at, and what looks like a secret anyway.
//
// What an analyzer promises:
//  1. It answers within its time limit (10 s unless the host says otherwise), and ends soon after `signal` is aborted.
//  2. It does not hold the event loop: one that computes for more than a few milliseconds belongs into a module of
//     analyzers that run in threads (safety.ts, `threaded`), where it is stopped when it is late.
//  3. The same subject gets the same findings: an approval edited and edited back has the same flags.
//  4. Rejecting means that it could not look. It does not reject to say that something is dangerous, and it does not
//     answer [] when it could not look.

import type { AgentType } from '../generated/prisma/enums.ts';
import type { Json } from '../kernel/json.ts';

export type RiskLevel = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

export type FlagCategory =
  | 'CONTENT'
  | 'CODE'
  | 'SECRET'
  | 'PRIVACY'
  | 'COMPLETENESS'
  | 'CONSISTENCY'
  | 'COST'
  | 'POLICY';

/** INPUT: what an agent wants to call something with. RESPONSE: what it answered. */
export type SubjectKind = 'INPUT' | 'RESPONSE';

export interface Analyzer {
  /** Unique within a registry: small letters, digits and hyphens. */
  readonly name: string;
  /** What it is asked to look at. */
  readonly looksAt: readonly SubjectKind[];
  analyze(subject: Subject, signal: AbortSignal): Promise<readonly Finding[]>;
}

export interface Subject {
  readonly kind: SubjectKind;
  readonly agentType: AgentType | null;
  /** What the agent was asked to do; null where nothing is known of it. */
  readonly instructions: string | null;
  /** As it came. */
  readonly value: Json;
  /** Every string in `value`, at any depth, keys too, in the order of the value. */
  readonly texts: readonly Text[];
}

export interface Text {
  readonly text: string;
  /** A JSON path (RFC 9535) to the string within `value`: `$`, `$.files[0].content`, `$['a key']`. */
  readonly path: string;
  /** The name of the member that it stands under, through arrays: what it is called. "" at the top. */
  readonly name: string;
  /** It is a member's name and not a value; `path` is that member's. */
  readonly isKey: boolean;
}

export interface Finding {
  category: FlagCategory;
  /** What was found, in snake_case, stable from release to release: people count and filter by it. */
  code: string;
  level: RiskLevel;
  /** One sentence for a person who has to decide. Holds nothing of the subject itself. */
  message: string;
  /** Where. Left out for what is said of the whole. Evidence is cut out of the text here, unless it is given. */
  where?: Place;
  /** Shown masked, and cut after 160 characters. */
  evidence?: string;
}

/** A range of UTF-16 units within the text at `path`: of the value, or of the member's name. */
export interface Place {
  path: string;
  start: number;
  end: number;
  isKey?: boolean;
}

/** A finding as the approver sees it: the API's RiskFlag. */
export interface RiskFlag {
  category: FlagCategory;
  code: string;
  level: RiskLevel;
  message: string;
  evidence: string | null;
}
