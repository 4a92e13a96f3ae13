// graphql-sse.mjs
import { createClient } from "graphql-sse";

const url = process.env.WORKBENCH_URL ?? "http://127.0.0.1:8000";

const client = createClient({
  url: url + "/graphql",
  headers: { Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` },
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

// A mutation.
const launch = `mutation ($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    ... on RunLaunchPayload { run { id } }
    ... on UserError { code message }
  }
}`;
const command = ["sh", "-c", "echo one; sleep 1; echo two"];
const { runLaunch } = await ask(launch, { input: { project: "default", command } });
if (!runLaunch.run) throw new Error(`${runLaunch.code}: ${runLaunch.message}`);

// A subscription.
const follow = `subscription ($id: ID!) {
  runEvents(runId: $id) {
    cursor
    ... on RunLogged { batch { lines } }
    ... on RunStateChanged { to }
  }
}`;
let state;
for await (const { data, errors } of client.iterate({
  query: follow,
  variables: { id: runLaunch.run.id },
})) {
  if (errors) throw errors;
  data.runEvents.batch?.lines.forEach((line) => console.log(line));
  state = data.runEvents.to ?? state;
}
console.log(state);

// What cannot begin is an error with a code.
try {
  await ask(follow, { id: "unknown" });
} catch (errors) {
  console.log(errors[0].extensions.code);
}
client.dispose();
