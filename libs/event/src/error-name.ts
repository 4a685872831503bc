/** What a log or a letter may say of something that was thrown: its message may quote a payload, a key or a whole command. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
