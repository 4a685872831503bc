import { Unavailable } from "@spillway/event";
import { DatabaseFailure } from "./database.ts";

/** What a port promises instead of a failure of the database. The table of codes is failure.ts. */
export const orUnavailable = async <T>(running: Promise<T>): Promise<T> => {
  try {
    return await running;
  } catch (error) {
    throw error instanceof DatabaseFailure ? new Unavailable(error.code) : error;
  }
};
