// urql.mjs
import { Client, fetchExchange, gql } from "@urql/core";

const url = process.env.WORKBENCH_URL ?? "http://127.0.0.1:8000";

const client = new Client({
  url: url + "/graphql",
  preferGetMethod: false,
  exchanges: [fetchExchange],
  fetchSubscriptions: true, // over server-sent events; no socket, no other package
  fetchOptions: { headers: { Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` } },
});

function answered({ data, error }) {
  if (error) throw error;
  return data;
}

// A query.
const { viewer } = answered(await client.query("{ viewer { principal { name } } }", {}));
console.log("signed in as", viewer.principal.name);

// A mutation.
const launch = gql`
  mutation ($input: RunLaunchInput!) {
    runLaunch(input: $input) {
      ... on RunLaunchPayload { run { id } }
      ... on UserError { code message }
    }
  }
`;
const input = {
  project: "default",
  command: ["sh", "-c", "echo one; sleep 1; echo two"],
  idempotencyKey: crypto.randomUUID(),
};
const { runLaunch } = answered(await client.mutation(launch, { input }));
if (!runLaunch.run) throw new Error(`${runLaunch.code}: ${runLaunch.message}`);

// A subscription.
const follow = gql`
  subscription ($id: ID!) {
    runEvents(runId: $id) {
      cursor
      ... on RunLogged { batch { lines } }
      ... on RunStateChanged { to }
    }
  }
`;
function each(variables, next) {
  return new Promise((resolve) => {
    const { unsubscribe } = client.subscription(follow, variables).subscribe((result) => {
      next(result);
      if (!result.hasNext) setTimeout(() => resolve(unsubscribe()));
    });
  });
}
let state;
await each({ id: runLaunch.run.id }, (result) => {
  const { runEvents } = answered(result);
  runEvents.batch?.lines.forEach((line) => console.log(line));
  state = runEvents.to ?? state;
});
console.log(state);

// What cannot begin is an error with a code.
let refusal;
await each({ id: "unknown" }, ({ error }) => (refusal = error.graphQLErrors[0].extensions.code));
console.log(refusal);
