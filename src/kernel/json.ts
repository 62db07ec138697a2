import canonicalize from 'canonicalize';
import { hash } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** RFC 8785: one text for one value, whatever the order of its keys. */
export function canonicalJson(value: unknown): string {
  return canonicalize(value) ?? 'null';
}

export const sha256 = (text: string): string => hash('sha256', text);

/** An object whose keys are data: no key, "__proto__" among them, reaches a prototype. */
export const plainObject = (value: unknown): JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : {};
