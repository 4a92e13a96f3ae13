// apollo.mjs
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";

const url = process.env.WORKBENCH_URL ?? "http://127.0.0.1:8000";
const authorization = { Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` };

const socket = createClient({
  url: url.replace("http", "ws") + "/graphql",
  connectionParams: authorization,
});
const client = new ApolloClient({
  cache: new InMemoryCache({
    possibleTypes: {
      UserError: ["PolicyDenied", "NotPermitted", "NotFound", "InvalidInput", "QuotaExceeded"],
      RunEvent: ["RunStateChanged", "RunDispatched", "RunLogged"],
    },
  }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: url + "/graphql", headers: authorization }),
  ),
});

// A query.
const who = await client.query({ query: gql`query { viewer { principal { id name } } }` });
console.log("signed in as", who.data.viewer.principal.name);

// A mutation.
const launched = await client.mutate({
  mutation: gql`
    mutation ($input: RunLaunchInput!) {
      runLaunch(input: $input) {
        ... on RunLaunchPayload { run { id state } }
        ... on UserError { code message }
      }
    }
  `,
  variables: {
    input: {
      project: "default",
      command: ["sh", "-c", "echo one; sleep 1; echo two"],
      idempotencyKey: crypto.randomUUID(),
    },
  },
});
const { run, code, message } = launched.data.runLaunch;
if (!run) throw new Error(`${code}: ${message}`);

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
let state;
await client.subscribe({ query: follow, variables: { id: run.id } }).forEach(({ data, error }) => {
  if (error) throw error;
  data.runEvents.batch?.lines.forEach((line) => console.log(line));
  state = data.runEvents.to ?? state;
});
console.log(state);

// What cannot begin is an error with a code.
await client.subscribe({ query: follow, variables: { id: "unknown" } }).forEach(({ error }) => {
  if (!CombinedGraphQLErrors.is(error)) throw error;
  console.log(error.errors[0].extensions.code);
});
client.stop();
await socket.dispose();
