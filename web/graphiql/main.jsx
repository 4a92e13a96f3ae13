import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';

import { operations } from './operations.js';

const url = new URL('/graphql', location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol.replace('http', 'ws');

// Requests and sockets are signed in by the cookie of the session, which no script can read.
const fetcher = createGraphiQLFetcher({
  url: url.href,
  enableIncrementalDelivery: false,
  wsClient: createClient({ url: socketUrl.href }),
});

const plugins = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];

// Where nobody chose a theme the page follows the system at once, the editors only when told.
function useSystemTheme() {
  const { theme } = useGraphiQL(pick('theme'));
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    const preference = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => theme ?? setTheme(null);
    preference.addEventListener('change', follow);
    return () => preference.removeEventListener('change', follow);
  }, [theme, setTheme]);
}

function Home() {
  useSystemTheme();
  return (
    <a href="/" title="Who you are, and sign out">
      Workbench
    </a>
  );
}

createRoot(document.getElementById('page')).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    defaultTabs={operations}
    defaultEditorToolsVisibility="variables"
    isHeadersEditorEnabled={false}
    showPersistHeadersSettings={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>
      <Home />
    </GraphiQL.Logo>
  </GraphiQL>,
);
