/** What the doors need to know of a viewer; the full viewer of `identity/` satisfies it. */
export interface Caller {
  readonly role: string;
  /** null: every project. */
  readonly projectId: string | null;
  readonly credentialId: string;
  readonly expiresAt: Date | null;
  /** The browser session that it came by, which can end before the credential does. */
  readonly browserSession?: string;
}

/** Which request or socket operation something happens for; the id is shown to the caller and stands in the log. */
export interface RequestInfo {
  readonly requestId: string;
  /** The `traceparent` that came with it, whatever it says. */
  readonly traceparent?: string | undefined;
}
