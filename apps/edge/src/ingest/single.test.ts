import { describe, expect, test } from "vitest";
import { createAppWorld } from "../app.fixture.ts";

type Answer = Readonly<Record<string, unknown>> & { readonly errors: readonly object[] };

const json = async (response: Response): Promise<Answer> => (await response.json()) as Answer;

describe("what is wrong with a single event", () => {
  const errorsOf = async (body: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await json(await (await createAppWorld()).post(body, headers));
    return (answer.errors as { code: string; pointer: string }[]).map(({ code, pointer }) => `${code} ${pointer}`);
  };

  test("is all told, each member once, in the order of the rules", async () => {
    const body = '{"specversion":"0.3","time":"x","Foo":1,"ext":[],"id":"","data":1,"data_base64":"AA"}';
    expect(await errorsOf(body)).toEqual([
      "missing_attribute /type",
      "unsupported_specversion /specversion",
      "conflicting_data /data_base64",
      "invalid_attribute /id",
      "invalid_attribute /time",
      "invalid_attribute_name /Foo",
      "invalid_attribute /ext",
    ]);
  });

  test("is what the answer says first, and that alone where there is no more", async () => {
    const answer = await json(await (await createAppWorld()).post('{"id":"x","type":7}'));
    const { code, detail, pointer } = answer;
    expect(answer).toMatchObject({ status: 422, id: "x", code: "invalid_attribute", pointer: "/type" });
    expect(answer.errors).toEqual([{ code, detail, pointer }]);
  });

  test("ends with ten", async () => {
    const members = Array.from({ length: 30 }, (_, n) => `"A${n}":1`);
    const errors = await errorsOf(`{"type":"t",${members.join(",")}}`);
    expect(errors).toEqual(Array.from({ length: 10 }, (_, n) => `invalid_attribute_name /A${n}`));
  });

  test.each([
    ['{"type":"t","type":"u","time":"x"}', ["duplicate_member /type", "invalid_attribute /time"]],
    ['{"events":[],"time":"x"}', ["ambiguous_event /events", "invalid_attribute /time"]],
    ["[]7", null],
  ])("of %s is %j", async (body, expected) => {
    if (expected !== null) expect(await errorsOf(body)).toEqual(expected);
    else expect(await json(await (await createAppWorld()).post(body))).not.toHaveProperty("errors");
  });

  test("is told in binary mode, too", async () => {
    const headers = { "ce-type": "t", "ce-time": "x", "ce-dataschema": "x", "content-type": "application/json" };
    expect(await errorsOf("{}", headers)).toEqual(["invalid_attribute /time", "invalid_attribute /dataschema"]);
  });

  test("of a batch each event says its first", async () => {
    const answer = await json(await (await createAppWorld()).post('[{"time":"x"}]'));
    expect(answer.errors).toEqual([expect.objectContaining({ index: 0, code: "missing_attribute" })]);
  });
});
