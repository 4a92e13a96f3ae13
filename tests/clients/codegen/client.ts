// A client whose every result is typed by what was generated: `tsc` would see a wrong field.
import { print } from "graphql";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { createClient, type ExecutionResult } from "graphql-ws";

import { FollowDocument, LaunchDocument, WhoDocument, type RunState } from "./generated.ts";

declare const process: { env: { WORKBENCH_URL: string; WORKBENCH_TOKEN: string } };

const client = createClient({
  url: process.env.WORKBENCH_URL.replace("http", "ws") + "/graphql",
  connectionParams: { Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` },
});

async function* results<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  for await (const result of client.iterate({ query: print(document), variables })) {
    const { data, errors } = result as ExecutionResult<Data>;
    if (errors || !data) throw errors;
    yield data;
  }
}

async function first<Data>(answers: AsyncGenerator<Data>): Promise<Data> {
  for await (const answer of answers) return answer;
  throw new Error("no answer");
}

const { viewer } = await first(results(WhoDocument, {}));
console.log("signed in as", viewer.principal.name);

const command = ["sh", "-c", "echo one; sleep 1; echo two"];
const { runLaunch } = await first(results(LaunchDocument, { input: { project: "default", command } }));
if (runLaunch?.__typename !== "RunLaunchPayload") throw new Error(runLaunch?.message);

let state: RunState = runLaunch.run.state;
for await (const { runEvents } of results(FollowDocument, { id: runLaunch.run.id })) {
  if (runEvents.__typename === "RunLogged") runEvents.batch.lines.forEach((line) => console.log(line));
  if (runEvents.__typename === "RunStateChanged") state = runEvents.to;
}
console.log(state);

try {
  await first(results(FollowDocument, { id: "unknown" }));
} catch (errors) {
  console.log((errors as { extensions: { code: string } }[])[0]?.extensions.code);
}
await client.dispose();
