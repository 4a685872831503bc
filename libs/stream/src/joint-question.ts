import { Unavailable } from "@spillway/event";
import type { Connection } from "./connection.ts";
import { codeOfText } from "./errors.ts";
import { runScript } from "./script.ts";
import type { Script } from "./scripts.ts";

type Waiting<Question, Answer> = {
  readonly question: Question;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
};

/** Questions that come in one turn of the event loop are asked as one; `ask` answers each, in their order. */
export const createJointQuestion = <Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly (() => Answer)[]>,
): ((question: Question) => Promise<Answer>) => {
  let waiting: Waiting<Question, Answer>[] = [];

  const askAll = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    try {
      const answers = await ask(asked.map(({ question }) => question));
      for (const [i, { resolve, reject }] of asked.entries()) {
        try {
          const answer = answers[i];
          if (answer === undefined) throw new Unavailable("odd_reply");
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };

  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ question, resolve, reject }) === 1) setImmediate(() => void askAll());
    });
};

/** The answer to each question by itself; what fails fails for its own question alone. */
const askEach = async <Question, Answer>(
  questions: readonly Question[],
  each: (question: Question) => Promise<Answer>,
): Promise<readonly (() => Answer)[]> => {
  const answers = await Promise.allSettled(questions.map(each));
  return answers.map((answer) => () => {
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  });
};

/**
 * Questions of several slots, asked as one. A Redis Cluster says CROSSSLOT to that, before it does anything; from then on `each` is asked
 * for every one of them.
 */
export const createTogether = <Question, Answer>(
  together: (questions: readonly Question[]) => Promise<readonly (() => Answer)[]>,
  each: (question: Question) => Promise<Answer>,
): ((questions: readonly Question[]) => Promise<readonly (() => Answer)[]>) => {
  let isCluster = false;
  return async (questions) => {
    if (isCluster) return await askEach(questions, each);
    try {
      return await together(questions);
    } catch (error) {
      isCluster = error instanceof Unavailable && error.code === "cross_slot";
      if (!isCluster) throw error;
      return await askEach(questions, each);
    }
  };
};

/** A script that answers for shards, `head` replies before the first of them: one call for all that are asked for in one turn. */
export const createShardScript = <Answer>(
  connection: Connection,
  script: Script,
  {
    head,
    keysOf,
    read,
  }: {
    readonly head: number;
    keysOf(shard: number): readonly string[];
    /** Throws `Unavailable` for what is no reply of the script. */
    read(reply: unknown, head: readonly unknown[]): Answer;
  },
): ((shard: number) => Promise<Answer>) => {
  const call = async (shards: readonly number[]): Promise<readonly (() => Answer)[]> => {
    const replies = await runScript(connection, script, shards.flatMap(keysOf), []);
    if (!Array.isArray(replies) || replies.length !== head + shards.length) throw new Unavailable("odd_reply");
    return shards.map((_, i) => () => read(replies[head + i], replies.slice(0, head)));
  };

  const callOne = async (shard: number): Promise<Answer> => {
    const [answer] = await call([shard]);
    return (answer as () => Answer)();
  };
  const callAll = createTogether(call, callOne);

  /** Each shard once. */
  return createJointQuestion(async (asked: readonly number[]) => {
    const shards = [...new Set(asked)];
    const answers = await callAll(shards);
    return asked.map((shard) => answers[shards.indexOf(shard)] as () => Answer);
  });
};

/** What a script says in the place of a shard's answer. */
export const unavailableBy = (text: unknown): Unavailable => new Unavailable(codeOfText(String(text)));
