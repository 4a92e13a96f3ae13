"""The tools that a language comes with: go, cargo, composer, bundle, dotnet and their kind."""

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = {
    "go": "-C=",
    "go build flags": """
        <go> -a -n -p= -race -msan -asan -cover -covermode= -coverpkg= -v -work -x
        -asmflags=~GCFLAGS -buildmode= -buildvcs? -compiler=~NAME -gcflags=~GCFLAGS
        -gccgoflags=~GCFLAGS -installsuffix=~NAME -json -ldflags=~LDFLAGS -linkshared -mod=
        -modcacherw -modfile= -pgo= -pkgdir= -tags: -trimpath
    """,
    "go build|go vet|go fix": "<go build flags> -o= -c= -fix -diff -tests? -printf? -shadow?",
    "go run": "<go build flags> ...",
    "go list": "<go build flags> -f: -m -deps -e -compiled -export -find -test -reuse= -json?",
    "go test": """
        <go build flags> -o= -c -args -bench: -benchmem -benchtime= -blockprofile=
        -blockprofilerate= -count= -coverprofile= -cpu= -cpuprofile= -failfast -fullpath -fuzz:
        -fuzztime= -fuzzminimizetime= -list: -memprofile= -memprofilerate= -mutexprofile=
        -mutexprofilefraction= -outputdir= -parallel= -run: -short -shuffle= -skip: -timeout=
        -trace= -vet=
    """,
    "go fmt|go version|go doc|go help|go clean": """
        <go> -n -x -mod= -m -v -all -c -cmd -short -src -u -cache -testcache -i -r
    """,
    "go env": "<go> -json -changed",
    "go tool": "<go>",
    "gofmt": "-l -d -e -s -w -r: -cpuprofile=",
    "goimports": "-l -d -e -w -v -local: -srcdir= -format-only",
    "staticcheck": """
        -checks= -f= -fail= -go= -tests? -tags: -show-ignored -matrix -explain= -debug.version
        -list-checks
    """,
    "gopls": "-v -vv -rpc.trace",
    "gopls check|gopls format|gopls version|gopls symbols|gopls references|gopls definition": """
        <gopls> -d -diff -l -list -w -write -json -markdown
    """,
    "cargo": """
        -v -vv --verbose -q --quiet --color= --offline --locked --frozen --manifest-path= -C=
        --target-dir= --list
    """,
    "cargo compile": """
        <cargo> -p=~WORD --package=~WORD --workspace --all --exclude=~WORD --lib --bins --bin=~WORD
        --examples --example=~WORD --tests --test=~WORD --benches --bench=~WORD --all-targets
        --features= -F= --all-features --no-default-features -r --release --profile= -j= --jobs=
        --keep-going --target=~LINT --message-format= --timings? --ignore-rust-version
        --future-incompat-report --build-plan --unit-graph --artifact-dir=
    """,
    "cargo build|cargo b|cargo check|cargo c|cargo bench|cargo nextest": """
        <cargo compile> --no-run --no-fail-fast --no-capture --retries= --test-threads= -E:
        --partition= --status-level= --final-status-level= --failure-output= --success-output=
        --run-ignored= --no-tests= --hide-progress-bar
    """,
    "cargo test|cargo t": "<cargo compile> --doc --no-run --no-fail-fast",
    "cargo run|cargo r": "<cargo compile> ...",
    "cargo clippy": "<cargo compile> --fix --no-deps --allow-dirty --allow-staged --allow-no-vcs",
    "cargo fix": """
        <cargo compile> --broken-code --edition --edition-idioms --allow-no-vcs --allow-dirty
        --allow-staged
    """,
    "cargo fmt": "<cargo> --all --check -p=~WORD --package=~WORD --message-format=",
    "cargo doc|cargo d": "<cargo compile> --no-deps --document-private-items",
    "cargo clean|cargo report|cargo expand": """
        <cargo compile> --doc --dry-run -n --ugly --theme= --id=
    """,
    "cargo rustc|cargo rustdoc": "<cargo compile> --crate-type=",
    "cargo test --|cargo t --|cargo bench --": """
        --nocapture --no-capture --show-output --test --bench --ignored --include-ignored --exact
        --list --skip= --test-threads= --color= --format= -q --quiet --report-time --shuffle
        --shuffle-seed= -Z= --nocapture
    """,
    "cargo clippy --|cargo rustc --": """
        -A=~LINT -W=~LINT -D=~LINT -F=~LINT --allow=~LINT --warn=~LINT --deny=~LINT --forbid=~LINT
    """,
    "cargo rustdoc --": "-A=~LINT -W=~LINT -D=~LINT --document-private-items",
    "cargo fmt --": """
        --check --edition= --color= -l --files-with-diff -q --quiet -v --verbose --config-path=
    """,
    "cargo tree": """
        <cargo> -e= --edges= -i? --invert? --prune= --depth= --prefix= --no-dedupe -d --duplicates
        --charset= -f: --format: -p=~WORD --package=~WORD --workspace --all --exclude= --features=
        -F= --all-features --no-default-features --target=
    """,
    "cargo metadata|cargo pkgid|cargo locate-project|cargo verify-project|cargo read-manifest": """
        <cargo> --no-deps --format-version= --filter-platform= --features= --all-features
        --no-default-features --message-format= --workspace -p=~WORD --package=~WORD
    """,
    "cargo version|cargo help": "<cargo>",
    "composer": """
        -q --quiet -v -vv -vvv --verbose -n --no-interaction --ansi --no-ansi --profile --no-plugins
        --no-scripts --no-cache
    """,
    "composer run|composer run-script|composer test|composer dump-autoload": """
        <composer> --timeout= --dev --no-dev -l --list -o --optimize -a --classmap-authoritative
        --apcu --strict-psr --strict-ambiguous --dry-run
    """,
    "composer dumpautoload": "<composer run>",
    "composer validate|composer licenses|composer check-platform-reqs|composer depends": """
        <composer> --no-check-all --no-check-lock --check-lock --no-check-publish --no-check-version
        -A --with-dependencies --strict -f= --format= --no-dev --lock -r --recursive -t --tree
    """,
    "composer why": "<composer validate>",
    "composer show|composer info|composer about|composer list|composer help": """
        <composer> -i --installed -p --platform -s --self -N --name-only -P --path -t --tree -D
        --direct --strict -f= --format= --no-dev --locked --raw
    """,
    "bundle": "--no-color --verbose -V --gemfile=",
    "bundle exec": "<bundle> ...",
    "bundle list|bundle show|bundle info|bundle check|bundle platform|bundle help": """
        <bundle> --name-only --paths --path --dry-run --ruby --only-group= --without-group=
        --format=
    """,
    "bundle version": "<bundle list>",
    "rspec": """
        -f=~LINT --format=~LINT -o= --out= -e: --example: -E: --example-matches: -t= --tag= -b
        --backtrace -c --color --colour --force-color --no-color --no-colour -p? --profile?
        --no-profile --dry-run -w --warnings --fail-fast? --no-fail-fast --failure-exit-code=
        --order= --seed= --bisect? --only-failures -n --next-failure -P: --pattern:
        --exclude-pattern: --default-path= -I= --deprecation-out= --require=~LINT -r=~LINT
    """,
    "rubocop": """
        -a --autocorrect -A --autocorrect-all --auto-correct -x --fix-layout -l --lint --only=
        --except= -c= --config= -f=~LINT --format=~LINT -o= --out= -P --parallel --no-parallel -D
        --display-cop-names -E --extra-details -S --display-style-guide --fail-level= -F --fail-fast
        --cache= --cache-root= --force-exclusion --only-recognized-file-types --auto-gen-config
        --show-cops? -s= --stdin= --display-only-fail-level-offenses --display-only-correctable
        --color --no-color -d --debug --no-display-cop-names --safe -L --list-target-files
        --display-time --ignore-disable-comments --no-exclude-limit -R --rails
    """,
    "phpunit": """
        -c= --configuration= --no-configuration --testsuite= --exclude-testsuite= --group=
        --exclude-group= --filter: --exclude-filter: --test-suffix= --process-isolation
        --strict-coverage --strict-global-state --disallow-test-output --enforce-time-limit
        --stop-on-defect --stop-on-error --stop-on-failure --stop-on-warning --stop-on-risky
        --stop-on-skipped --fail-on-warning --fail-on-risky --fail-on-deprecation --fail-on-notice
        --cache-result --do-not-cache-result --cache-directory= --order-by= --random-order-seed=
        --colors? --columns= --stderr --no-progress --no-results --no-output --display-incomplete
        --display-skipped --display-deprecations --display-errors --display-notices
        --display-warnings --reverse-list --testdox --log-junit= --log-teamcity= --testdox-html=
        --testdox-text= --coverage-clover= --coverage-cobertura= --coverage-html= --coverage-text?
        --coverage-xml= --no-coverage --path-coverage --list-tests --list-suites --list-groups
        --verbose -v --debug --repeat= --globals-backup
    """,
    "phpstan": """
        -c= --configuration= -l= --level= --no-progress --debug --error-format=~LINT -b?
        --generate-baseline? --allow-empty-baseline --memory-limit= --xdebug -v -vv -vvv -q --quiet
        -n --no-interaction --ansi --no-ansi --paths-file= --fail-without-result-cache
    """,
    "psalm": """
        -c= --config= --show-info= --threads= --no-cache --no-progress --stats --output-format=
        --report= --set-baseline= --update-baseline --use-baseline= --ignore-baseline -m --no-diff
        --monochrome --find-dead-code?
    """,
    "dotnet": "-d --diagnostics --info --list-sdks --list-runtimes",
    "dotnet build|dotnet test|dotnet clean|dotnet publish|dotnet msbuild|dotnet vstest": """
        -c= --configuration= -f= --framework= -r=~LINT --runtime=~LINT -o= --output= --no-restore
        --no-build --no-dependencies --no-incremental --nologo -v= --verbosity= --self-contained?
        --no-self-contained --filter: -t --list-tests --logger=~LOGGER -l=~LOGGER
        --results-directory= --blame --collect=~COLLECT -p:~DOTNET -p=~DOTNET --property=~DOTNET
        --tl? --version-suffix= --arch= --os= --force -m? -maxcpucount? --interactive?
        --disable-build-servers --artifacts-path=
    """,
    "dotnet run|dotnet watch": """
        -c= --configuration= -f= --framework= -r=~LINT --runtime=~LINT --project= -p= --no-build
        --no-restore --launch-profile= --no-launch-profile -v= --verbosity= --no-hot-reload -q
        --quiet --verbose --non-interactive --list ...
    """,
    "dotnet format": """
        --no-restore --verify-no-changes --include= --exclude= --severity= --diagnostics= -v=
        --verbosity= --include-generated
    """,
    "dotnet list": "--framework= --include-transitive --format=",
}
