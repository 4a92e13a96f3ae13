"""Developer's tools for JavaScript and TypeScript."""

from collections.abc import Mapping
from typing import Final

NODE: Final[Mapping[str, str]] = {
    "passed on": """
        --fix --watch --watchAll? --coverage? --runInBand -i -t: --testNamePattern: --grep: -g:
        --verbose --silent --quiet -q -v --bail? -u --updateSnapshot --update --ci --run --headed
        --debug --check --write --noEmit --max-warnings= --findRelatedTests --onlyChanged --force
        --production --prod --mode= --port= -p= --host! --passWithNoTests --no-cache --maxWorkers=
        -w= --forceExit --detectOpenHandles --project= --workers= --retries= --shard= --no-color
        --color --dry-run --depth= --help --version --if-present --stats --reporter=~LINT
        --no-coverage --list -l
    """,
    "npm": """
        --prefix= -C= -w=~WORD --workspace=~WORD -ws --workspaces? --include-workspace-root
        --no-workspaces -s --silent -q --quiet -d --loglevel= --verbose --json --long -l --parseable
        -p --all -a --depth= --omit= --include= --production --dev --only= --if-present
        --ignore-scripts --foreground-scripts --no-color --color? --offline --no-audit --no-fund
        --link --package-lock-only --no-update-notifier --no-progress --unicode
    """,
    "npm run|npm run-script|npm test|npm t|npm tst|npm start|npm stop|npm restart": "<npm>",
    "npm --": "<passed on>",
    "pnpm": """
        -C= --dir= --filter=~WORD -F=~WORD --filter-prod=~WORD -r --recursive -w --workspace-root -s
        --silent --reporter= --loglevel= --stream --parallel --aggregate-output --color --no-color
        --if-present --no-bail --bail --sort --no-sort --reverse --workspace-concurrency= --json
        --long --depth= -D --dev -P --prod --parseable --offline --use-stderr --resume-from=
        --report-summary --fail-if-no-match --include-workspace-root --changed-files-ignore-pattern=
    """,
    "pnpm run|pnpm run-script|pnpm test|pnpm t|pnpm tst|pnpm start|pnpm stop": "<pnpm> <passed on>",
    "pnpm restart|pnpm lint|pnpm build|pnpm dev|pnpm check": "<pnpm> <passed on>",
    "pnpm format|pnpm typecheck|pnpm --|yarn --|bun --": "<passed on>",
    "yarn": """
        --cwd= -s --silent --verbose --json --no-progress --offline --non-interactive --flat
        --production? --prod? --depth= --pattern: --no-emoji --emoji? -R --recursive -A --all
        --focus --no-default-rc
    """,
    "yarn run|yarn run-script|yarn test|yarn t|yarn start|yarn stop": "<yarn> <passed on>",
    "yarn restart|yarn lint|yarn build|yarn dev|yarn check|yarn format": "<yarn> <passed on>",
    "yarn typecheck": "<yarn> <passed on>",
    "bun": """
        --cwd= --filter=~WORD -F=~WORD --silent --bun -b --watch --hot --no-clear-screen --smol
    """,
    "bun run|bun run-script|bun start|bun lint|bun build|bun dev": "<bun> <passed on>",
    "bun format|bun typecheck": "<bun> <passed on>",
    "bun test": """
        --timeout= -u --update-snapshots --rerun-each= --only --todo --coverage --coverage-reporter=
        --coverage-dir= --bail? -t: --test-name-pattern: --reporter= --reporter-outfile= --watch
        --cwd= --silent --no-clear-screen --randomize --seed=
    """,
    "tsc": """
        -p= --project= -b --build -w --watch --noEmit -noEmit --noEmitOnError --emitDeclarationOnly
        --declaration -d --declarationMap --sourceMap --inlineSourceMap --outDir= --outFile=
        --rootDir= --target= -t= --module= -m= --moduleResolution= --lib= --jsx= --strict --allowJs
        --checkJs --skipLibCheck --esModuleInterop --resolveJsonModule --isolatedModules
        --incremental --tsBuildInfoFile= --composite --pretty? --listFiles --listFilesOnly
        --listEmittedFiles --showConfig --traceResolution --diagnostics --extendedDiagnostics
        --explainFiles --noUnusedLocals --noUnusedParameters --noImplicitAny --removeComments
        --preserveWatchOutput --force -f --verbose -v --clean --dry --baseUrl= --types= --typeRoots=
        --noErrorTruncation --noCheck --experimentalDecorators
    """,
    "eslint": """
        -c= --config= --no-config-lookup --no-eslintrc --env= --ext= --global: --parser-options=
        --fix --fix-dry-run --fix-type= --ignore-path= --no-ignore --ignore-pattern: --stdin
        --stdin-filename= --quiet --max-warnings= -o= --output-file= --color --no-color
        --no-inline-config --report-unused-disable-directives
        --report-unused-disable-directives-severity= --cache --cache-file= --cache-location=
        --cache-strategy= --no-error-on-unmatched-pattern --exit-on-fatal-error --no-warn-ignored
        --pass-on-no-patterns --debug --print-config= -f=~LINT --format=~LINT --rule= --stats
        --concurrency=
    """,
    "prettier": """
        -c --check -l --list-different -w --write --config=~FILE --no-config --config-precedence=
        --ignore-path= --no-editorconfig --log-level= --loglevel= --no-color --color
        --no-error-on-unmatched-pattern -u --ignore-unknown --with-node-modules --cache
        --cache-location= --cache-strategy= --no-cache --stdin-filepath= --parser=~LINT --tab-width=
        --use-tabs --no-semi --semi --single-quote --jsx-single-quote --quote-props=
        --trailing-comma= --print-width= --prose-wrap= --end-of-line= --arrow-parens=
        --bracket-same-line --no-bracket-spacing --html-whitespace-sensitivity= --insert-pragma
        --require-pragma --find-config-path= --file-info= --support-info
        --embedded-language-formatting= --object-wrap= --experimental-ternaries
    """,
    "vitest": """
        -r= --root= -c= --config= -u --update -w --watch? --run --no-watch -t: --testNamePattern:
        --dir= --coverage? --coverage.enabled --coverage.reporter= --coverage.all
        --coverage.include: --coverage.exclude: --mode= --silent? --hideSkippedTests
        --reporter=~LINT --outputFile? --isolate --no-isolate --globals --dom --environment=~LINT
        --passWithNoTests --logHeapUsage --allowOnly --dangerouslyIgnoreUnhandledErrors --shard=
        --changed? --sequence.shuffle --testTimeout= --hookTimeout= --bail= --retry= --exclude:
        --expandSnapshotDiff --disableConsoleIntercept --typecheck --project= --no-color
        --clearScreen? --standalone --pool=~LINT --maxWorkers= --minWorkers= --no-file-parallelism
        --no-threads --threads --json --filesOnly --compare= --outputJson=
    """,
    "jest": """
        --all --bail? -b --cache --no-cache --changedFilesWithAncestor --changedSince= --ci
        --clearCache --clearMocks --collectCoverage? --coverage? --collectCoverageFrom:
        --collectCoverageOnlyFrom: --color --colors -c=~FILE --config=~FILE --coverageDirectory=
        --coverageReporters=~LINT --debug --detectOpenHandles --detectLeaks --errorOnDeprecated -e
        --expand --findRelatedTests --forceExit --json --lastCommit --listTests --logHeapUsage
        --maxConcurrency= -w= --maxWorkers= --noStackTrace -o --onlyChanged -f --onlyFailures
        --openHandlesTimeout= --outputFile= --passWithNoTests --randomize --seed= --resetMocks
        --resetModules --restoreMocks --rootDir= --roots= --runInBand -i --runTestsByPath
        --selectProjects= --ignoreProjects= --shard= --showConfig --showSeed --silent? --skipFilter
        --testNamePattern: -t: --testPathIgnorePatterns: --testPathPattern: --testPathPatterns:
        --testTimeout= --testMatch: --updateSnapshot -u --useStderr --verbose? --watch --watchAll?
        --watchman --no-watchman --no-coverage --injectGlobals --workerIdleMemoryLimit= --env=~LINT
        --testEnvironment=~LINT --reporters=~LINT --coverageProvider= --ci
    """,
    "mocha": """
        --allow-uncaught -A --async-only -b --bail --check-leaks --delay --dry-run --exit
        --fail-zero --forbid-only --forbid-pending --global: --jobs= -j= -p --parallel --retries=
        --slow= -s= --timeout= -t= --timeouts= --ui=~LINT -u=~LINT -c --color --colors --no-color
        --diff --full-trace -G --growl --inline-diffs -O= --reporter-options= -R=~LINT
        --reporter=~LINT -C --config= --package= --extension= --ignore: --exclude: --recursive
        -r=~LOCAL --require=~LOCAL -S --sort -w --watch --watch-files= --watch-ignore= --spec=
        --file= -f: --fgrep: -g: --grep: -i --invert --no-package --no-config --no-diff
    """,
    "ava": """
        -c= --concurrency= --fail-fast -m: --match: --no-worker-threads -s --serial -t --tap -T=
        --timeout= -u --update-snapshots -v --verbose -w --watch --config= --color --no-color
    """,
    "vite": """
        -c= --config= --base= -l= --logLevel= --clearScreen --no-clearScreen -m= --mode= -f:
        --filter: --host! --port= --strictPort --force --cors --profile -d --debug?
    """,
    "vite build": """
        <vite> --target= --outDir= --assetsDir= --assetsInlineLimit= --ssr? --sourcemap? --minify?
        --manifest? --ssrManifest? --emptyOutDir --no-emptyOutDir -w --watch
    """,
    "vite preview": "<vite> --outDir=",
    "webpack": """
        --mode= -c= --config= --env= --node-env= -w --watch --no-watch --stats? --no-stats -d=
        --devtool= --json? -j --color --no-color --progress? --profile --bail -o= --output-path=
        -t= --target= --analyze --entry= --fail-on-warnings --config-name= -m --merge --no-devtool
        --name= --watch-options-poll?
    """,
    "webpack serve": "<webpack> --port= --host! --hot --no-hot --history-api-fallback --no-open",
    "next build|next lint|next info": """
        -d --debug --profile --no-lint --no-mangling --experimental-app-only --turbo --turbopack
        --webpack --dir= --file= --ext= -c= --config= --fix --quiet --max-warnings= -o=
        --output-file= -f=~LINT --format=~LINT --no-cache --cache-location= --strict --verbose
        --no-inline-config --error-on-unmatched-pattern --rulesdir=
    """,
    "nuxt build|nuxt typecheck|nuxt prepare|nuxt generate|nuxt cleanup|nuxt info": """
        --prerender --dotenv= --logLevel= --cwd= --rootDir=
    """,
    "nuxt dev": "--dotenv= --cwd= -p= --port= -h! --host! --no-clear --no-fork --https",
    "astro build|astro check|astro sync|astro info": """
        --root= --config= --verbose --silent --mode= --watch --noSync --force --outDir= --site:
        --tsconfig= --minimumSeverity= --minimumFailingSeverity= --preserveWatchOutput
    """,
    "astro dev|astro preview": "<astro build> --port= --host!",
    "storybook build": """
        -o= --output-dir= -s= --static-dir= -c= --config-dir= --quiet --docs --webpack-stats-json?
        --debug-webpack --loglevel= --test --disable-telemetry
    """,
    "playwright test|playwright merge-reports": """
        -c= --config= --browser=~LINT --fail-on-flaky-tests --forbid-only --fully-parallel
        --global-timeout= -g: --grep: --grep-invert: -gv: --headed --ignore-snapshots --last-failed
        --list --max-failures= -x --no-deps --output= --only-changed? --pass-with-no-tests
        --project= --quiet --repeat-each= --reporter=~LINT --retries= --shard= --test-list=
        --timeout= --trace= --tsconfig= -u --update-snapshots? -j= --workers=
    """,
    "playwright show-report": "--host! --port=",
    "cypress run|cypress verify|cypress info|cypress version": """
        -b=~LINT --browser=~LINT --component --e2e --headed --headless -s= --spec= -q --quiet
        --no-exit --no-runner-ui -p= --port= -P= --project= -t= --tag= --reporter=~LINT
        --auto-cancel-after-failures=
    """,
    "rollup": """
        -c --config? -d= --dir= -o= --file= -e= --external= -f=~LINT --format=~LINT -g= --globals=
        -i= --input= -m --sourcemap? -n= --name= -w --watch --silent --failAfterWarnings
        --environment= --no-treeshake --compact --validate --perf --exports=
    """,
    "esbuild": """
        --bundle --outfile= --outdir= --format= --platform= --target= --minify --minify-whitespace
        --minify-identifiers --minify-syntax --sourcemap? --splitting --watch? --jsx= --jsx-factory=
        --jsx-import-source= --jsx-dev --metafile= --analyze? --log-level= --tsconfig=
        --allow-overwrite --charset= --color= --drop= --entry-names= --asset-names= --chunk-names=
        --global-name= --keep-names --legal-comments= --log-limit= --main-fields= --conditions=
        --packages= --outbase= --public-path= --resolve-extensions= --tree-shaking= --loader:*
        --external:* --define:* --alias:* --drop:* --pure:*
    """,
    "stylelint": """
        -c= --config= --config-basedir= --no-config --fix? -f=~LINT --formatter=~LINT -q --quiet
        --cache --cache-location= --cache-strategy= --no-color --color --max-warnings= --mw=
        --ignore-path= -i= --ignore-pattern: --ip: --aei --allow-empty-input -o= --output-file= --rd
        --report-needless-disables --rdd --no-cache --print-config --stdin --strict
    """,
    "swc": """
        -f= --filename= --config-file= -o= --out-file= -d= --out-dir= -w --watch -q --quiet -D
        --copy-files --extensions= -s= --source-maps= --sync --strip-leading-paths --only: --ignore:
    """,
    "turbo": """
        --filter=~WORD -F=~WORD --force? --dry? --dry-run? --continue? --parallel --concurrency=
        --only --cache-dir= --no-cache --output-logs= --log-order= --log-prefix= --summarize?
        --affected --env-mode= --ui= --no-color --color --cwd= --verbosity= -v -vv --no-daemon
        --graph? --no-update-notifier
    """,
    "turbo --": "<passed on>",
    "nx": """
        -t= --target= --targets= -p=~WORD --projects=~WORD --all --base= --head= --files=
        --uncommitted --untracked --exclude= --parallel? --skip-nx-cache --skipNxCache -c=
        --configuration= --prod --nx-bail --nxBail --verbose --output-style= --dry-run --file=
        --json --graph? --project=~WORD --skip-remote-cache
    """,
    "nx --": "<passed on>",
    "ng build|ng test|ng lint|ng version|ng analytics|ng extract-i18n|ng e2e": """
        -c= --configuration= --watch? --no-watch --source-map? --code-coverage --browsers=~LINT
        --progress? --output-path= --base-href= --aot? --prod --optimization? --stats-json --verbose
        --include= --exclude= --fix --format=~LINT --force --project=~WORD --main= --ts-config=
    """,
    "ng serve": "<ng build> --port= --host! --hmr --live-reload? --no-live-reload --poll=",
    "parcel build": """
        --dist-dir= --public-url= --no-source-maps --no-optimize --no-content-hash --no-cache
        --cache-dir= --log-level= --no-scope-hoist --detailed-report? --target= --no-autoinstall
    """,
    "biome check|biome lint|biome format|biome ci|biome version|biome explain": """
        --write --fix --unsafe --staged --changed --since= --apply --apply-unsafe --colors=
        --use-server --verbose --config-path= --max-diagnostics= --skip-errors --skip-parse-errors
        --no-errors-on-unmatched --error-on-warnings --json --reporter= --log-level= --log-kind=
        --diagnostic-level= --only= --skip= --formatter-enabled= --linter-enabled= --vcs-enabled=
        --files-max-size= --files-ignore-unknown= --stdin-file-path= --indent-style= --line-width=
    """,
    "markdownlint|markdownlint-cli2": """
        -c= --config= -d --dot -f --fix -i: --ignore: -j --json -o= --output= -p= --ignore-path= -q
        --quiet --no-globs --disable= --enable= --no-color
    """,
    "lerna": """
        --scope=~WORD --ignore: --stream --parallel --concurrency= --no-bail --no-prefix --since?
        --loglevel= --no-sort --sort --include-dependencies --include-dependents --all -a --json -l
        --long --toposort --graph --ndjson --no-private --no-progress --ci
    """,
    "lerna --": "<passed on>",
    "rush": """
        -q --quiet -v --verbose -d --debug -p= --parallelism= -t=~WORD --to=~WORD -o=~WORD
        --only=~WORD -f=~WORD --from=~WORD --timeline
    """,
    "deno": "-q --quiet -L= --log-level=",
    "deno test|deno bench|deno check": """
        <deno> --fail-fast? --filter: --parallel --coverage? --watch? --doc --no-run --shuffle?
        --reporter= --junit-path= --trace-leaks --no-check? --check? --permit-no-files -c= --config=
        --no-config --no-lock --frozen? --no-remote --cached-only --all --json --ignore=
    """,
    "deno fmt|deno lint": """
        <deno> --check --watch? --ext= --ignore= --indent-width= --line-width= --no-semicolons
        --prose-wrap= --single-quote --use-tabs -c= --config= --no-config --fix --json --compact
        --rules --rules-tags= --rules-include= --rules-exclude= --permit-no-files
    """,
    "deno info|deno doc|deno types": "<deno> --json --private --no-remote --filter: --lint --html?",
}
