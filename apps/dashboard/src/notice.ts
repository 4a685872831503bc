import type { Platform } from "@spillway/event";
import type { Session } from "./session.ts";

/** What an action says on the next page: in its URL, with a proof that this session was told so. */
export const createNotices = (platform: Platform) => {
  const proofOf = (text: string, session: Session): string => platform.digest96(`${session.formToken}\n${text}`);
  return {
    urlOf: (path: string, text: string, session: Session): string =>
      `${path}${path.includes("?") ? "&" : "?"}notice=${encodeURIComponent(text)}&proof=${proofOf(text, session)}`,
    /** Null where the words are not ours: whoever made the link could put any into the operator's page. */
    read: (url: string, session: Session): string | null => {
      const { searchParams } = new URL(url);
      const text = searchParams.get("notice");
      return text !== null && searchParams.get("proof") === proofOf(text, session) ? text : null;
    },
  };
};
