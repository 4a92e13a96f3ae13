// relay.mjs
import { createClient } from "graphql-ws";
import runtime from "relay-runtime";

import launchMutation from "./relay/__generated__/followLaunchMutation.graphql.js";
import eventsSubscription from "./relay/__generated__/followEventsSubscription.graphql.js";
import followQuery from "./relay/__generated__/followQuery.graphql.js";

const { Environment, Network, Observable, RecordSource, Store } = runtime;
const { commitMutation, fetchQuery, requestSubscription } = runtime;

const url = process.env.WORKBENCH_URL ?? "http://127.0.0.1:8000";
const authorization = { Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` };

async function overHttp({ text }, variables) {
  const response = await fetch(url + "/graphql", {
    method: "POST",
    headers: {
      ...authorization,
      Accept: "application/graphql-response+json",
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ query: text, variables }),
  });
  return response.json();
}

const socket = createClient({
  url: url.replace("http", "ws") + "/graphql",
  connectionParams: authorization,
});

function overSocket({ text }, variables) {
  return Observable.create((sink) => socket.subscribe({ query: text, variables }, sink));
}

const environment = new Environment({
  network: Network.create(overHttp, overSocket),
  store: new Store(new RecordSource()),
});

// A query.
const { viewer } = await fetchQuery(environment, followQuery, {}).toPromise();
console.log("signed in as", viewer.principal.name);

// A mutation.
const { runLaunch } = await new Promise((resolve, reject) => {
  const command = ["sh", "-c", "echo one; sleep 1; echo two"];
  commitMutation(environment, {
    mutation: launchMutation,
    variables: { input: { project: "default", command }, connections: [] },
    onCompleted: resolve,
    onError: reject,
  });
});
if (!runLaunch.run) throw new Error(`${runLaunch.code}: ${runLaunch.message}`);

// A subscription.
function each(variables, next) {
  return new Promise((resolve, reject) => {
    requestSubscription(environment, {
      subscription: eventsSubscription,
      variables,
      onNext: next,
      onError: reject,
      onCompleted: resolve,
    });
  });
}
let state;
await each({ id: runLaunch.run.id }, ({ runEvents }) => {
  runEvents.batch?.lines.forEach((line) => console.log(line));
  state = runEvents.to ?? state;
});
console.log(state);

// What cannot begin is an error with a code.
await each({ id: "unknown" }, () => {}).catch((errors) => {
  console.log(errors[0].extensions.code);
});
await socket.dispose();
