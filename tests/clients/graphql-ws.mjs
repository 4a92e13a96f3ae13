// graphql-ws.mjs
import { createClient } from "graphql-ws";

const url = process.env.WORKBENCH_URL ?? "http://127.0.0.1:8000";

const client = createClient({
  url: url.replace("http", "ws") + "/graphql",
  connectionParams: { Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` },
});

async function ask(query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors) throw errors;
    return data;
  }
}

// A query.
const { viewer } = await ask("{ viewer { principal { name } } }");
console.log("signed in as", viewer.principal.name);

// A mutation. With the same key and input it may be sent again, and launches once.
const launch = `mutation ($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    ... on RunLaunchPayload { run { id } }
    ... on UserError { code message }
  }
}`;
const input = {
  project: "default",
  command: ["sh", "-c", "echo one; sleep 1; echo two"],
  idempotencyKey: crypto.randomUUID(),
};
const { runLaunch } = await ask(launch, { input });
if (!runLaunch.run) throw new Error(`${runLaunch.code}: ${runLaunch.message}`);

// A subscription. Each time it is asked for again, it goes on behind the last event.
const follow = `subscription ($id: ID!, $after: String) {
  runEvents(runId: $id, after: $after) {
    cursor
    ... on RunLogged { batch { lines } }
    ... on RunStateChanged { to }
  }
}`;
let state;
let after;
while (!["SUCCEEDED", "FAILED", "CANCELED"].includes(state)) {
  const variables = { id: runLaunch.run.id, after };
  for await (const { data, errors } of client.iterate({ query: follow, variables })) {
    if (errors) throw errors;
    data.runEvents.batch?.lines.forEach((line) => console.log(line));
    state = data.runEvents.to ?? state;
    after = data.runEvents.cursor;
  }
}
console.log(state);

// What cannot begin is an error with a code.
try {
  await ask(follow, { id: "unknown" });
} catch (errors) {
  console.log(errors[0].extensions.code);
}
await client.dispose();
