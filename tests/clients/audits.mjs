// Every audit of the package graphql-http against a server, as JSON: [[id, status], ...].
import { serverAudits } from "graphql-http";

const url = process.env.WORKBENCH_URL + "/graphql";

function fetchFn(input, init = {}) {
  const headers = { ...init.headers, Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}` };
  return fetch(input, { ...init, headers });
}

const results = [];
for (const audit of serverAudits({ url, fetchFn })) {
  const { status, reason } = await audit.fn();
  results.push([audit.id, status, audit.name, reason]);
}
console.log(JSON.stringify(results));
