"""Tools that build what a file of the workspace says."""

from collections.abc import Mapping
from typing import Final

BUILDS: Final[Mapping[str, str]] = {
    "make|gmake": """
        -b -m -B --always-make -C= --directory= -d --debug? -f= --file= --makefile= -i
        --ignore-errors -I= --include-dir= -j? --jobs? -k --keep-going -l? --load-average? -n
        --just-print --dry-run --recon -o= --old-file= -O? --output-sync? -p --print-data-base -q
        --question -r --no-builtin-rules -R --no-builtin-variables -s --silent --quiet --no-silent
        -S --no-keep-going -t --touch -w --print-directory --no-print-directory -W= --what-if=
        --new-file= --warn-undefined-variables --trace --shuffle?
    """,
    "cmake": """
        -S= -B= -D=~CMAKE -G=~GENERATOR -A=~NAME --preset=~WORD --list-presets? -L -LA -LAH -LH -N
        --fresh -Wno-dev -Wdev -Werror=dev -Wdeprecated -Wno-deprecated --warn-uninitialized
        --log-level= --log-context --trace --trace-expand --check-system-vars --build=
        --target=~WORD -t=~WORD -j? --parallel? --config= --clean-first --use-stderr -v --verbose
        --install= --prefix= --component= --strip --workflow --find-package --graphviz=
        --system-information
    """,
    "cmake --|meson --": "-j? -k? -s -v -l? --jobs? --keep-going --silent --no-print-directory",
    "ctest": """
        --test-dir= --preset=~WORD --list-presets -C= --build-config= --progress -V --verbose -VV
        --extra-verbose --debug --output-on-failure --stop-on-failure -F -j? --parallel? -O=
        --output-log= --output-junit= -N --show-only? -L: --label-regex: -R: --tests-regex: -E:
        --exclude-regex: -LE: --label-exclude: -FA: -FS: -FC: --repeat= --rerun-failed -I= -U
        --union --max-width= --schedule-random --timeout= --stop-time= --no-tests= -Q --quiet
        --print-labels --no-label-summary --no-subproject-summary --test-output-size-passed=
        --test-output-size-failed= --test-output-truncation=
    """,
    "ninja": "-C= -f= -j= -k= -l= -n -v -d= -t=~NINJA -w= --verbose --quiet",
    "meson": "",
    "meson setup": """
        --buildtype= --default-library= --warnlevel= --werror --strip --unity= --backend=~NAME
        --reconfigure --wipe -D=~MESON --optimization= --debug --layout= --fatal-meson-warnings
    """,
    "meson compile": "-C= -j= --jobs= -l= --load-average= -v --verbose --clean",
    "meson test": """
        -C= -v --verbose -q --quiet --suite= --no-suite= --repeat= --no-rebuild --list -j=
        --num-processes= --print-errorlogs --no-stdsplit --benchmark -t= --timeout-multiplier=
        --logbase=~WORD --maxfail= --max-lines=
    """,
    "meson introspect|meson configure": """
        -a --all --ast --benchmarks --buildoptions --buildsystem-files --dependencies --installed
        --projectinfo --targets --tests -i --indent -f --no-pager
    """,
    "just": """
        -l --list? --summary --show= -s= --evaluate --variables --groups --unsorted -u -n --dry-run
        -q --quiet -v --verbose --color= --no-dotenv -f= --justfile= -d= --working-directory=
        --no-highlight --highlight --list-heading: --list-prefix: --no-aliases --dump --dump-format=
        --timestamp --one --fmt --check --unstable --explain ...
    """,
    "task": """
        -a --list-all -l --list -j --json -d= --dir= -t=~FILE --taskfile=~FILE -f --force -n --dry
        -p --parallel -s --silent -v --verbose -w --watch --status --summary -C= --concurrency= -c
        --color? -o= --output= --sort= -x --exit-code --offline
    """,
    "mvn|mvnw": """
        -q --quiet -X --debug -e --errors -B --batch-mode -o --offline -f= --file= -pl=~WORD
        --projects=~WORD -am --also-make -amd --also-make-dependents -rf=~WORD --resume-from=~WORD
        -T= --threads= -P=~WORD --activate-profiles=~WORD -D=~MAVEN -ff --fail-fast -fae
        --fail-at-end -fn --fail-never -N --non-recursive -ntp --no-transfer-progress -v -V
        --show-version -nsu -C -c --color= -Dstyle.color= -r
    """,
    "gradle|gradlew": """
        -q --quiet -i --info -d --debug -w --warn -s --stacktrace -S --full-stacktrace -x=~WORD
        --exclude-task=~WORD -p= --project-dir= --offline -m --dry-run --continue --no-daemon
        --daemon --parallel --no-parallel --build-cache --no-build-cache --configuration-cache
        --no-configuration-cache --rerun-tasks --console= --warning-mode= --max-workers= -P=~GRADLE
        -D=~GRADLE --tests: --no-scan --profile --refresh-dependencies --configure-on-demand
        --no-watch-fs --watch-fs -t --continuous --stop --status --priority= --all --configuration=
        --dependency= --info --fail-fast --no-rebuild -a
    """,
    "rake": """
        -T? --tasks? -P --prereqs -n --dry-run -q --quiet -s --silent -v --verbose? -t --trace? -j=
        --jobs= -m --multitask -W? --where? -A --all -D? --describe? -f= --rakefile= -N --no-search
        --nosearch --rules --backtrace? --build-all -B
    """,
    "sbt": "-no-colors -v -d -batch --batch --client -client --no-colors --error --warn --info",
    "mix": "",
    "mix test": """
        --color --no-color --cover --failed --include= --exclude= --only= --max-cases=
        --max-failures= --no-compile --no-deps-check --no-start --raise --seed= --slowest= --stale
        --timeout= --trace --warnings-as-errors --partitions= --exit-status= --no-archives-check
        --listen-on-stdin --breakpoints --max-requires=
    """,
    "mix compile": """
        --force --warnings-as-errors --all-warnings --no-deps-check --verbose --return-errors
        --no-compile --no-optional-deps
    """,
    "mix format": """
        --check-formatted --dry-run --check-equivalent --stdin-filename= --dot-formatter= --no-exit
    """,
    "mix credo": "--strict -a --all --format= --only= --ignore= --min-priority= --mute-exit-status",
    "mix dialyzer": """
        --no-check --format= --quiet --ignore-exit-status --no-compile --force-check --plt
    """,
    "mix run": "--no-halt --no-start --no-compile --no-deps-check --no-mix-exs ...",
    "mix deps|mix deps.tree|mix help|mix xref|mix phx.routes|mix clean|mix docs": """
        --format= --only= --include= --exclude= --search= --names --deps --all --force
    """,
    "mix deps.compile": "<mix deps>",
    "stack": """
        -j= --jobs= -v --verbose --silent --color= --no-terminal --work-dir= --stack-yaml=
        --system-ghc --no-install-ghc
    """,
    "stack build|stack test|stack bench|stack haddock": """
        <stack> --fast --pedantic --test --bench --haddock --no-haddock --coverage --no-run-tests
        --file-watch --keep-going --no-keep-going --dry-run --only-dependencies --only-snapshot
        --force-dirty --ta=~WORD --profile --trace --flag= --dependencies-only --no-test
    """,
    "stack clean|stack path|stack ls|stack list|stack query|stack ide|stack dot": """
        <stack> --full --project-root
    """,
    "cabal": "-v? --verbose? --offline --project-file= --project-dir= --ignore-project -j? --jobs?",
    "cabal build|cabal test|cabal bench|cabal haddock|cabal check|cabal clean|cabal run": """
        <cabal> -O? --enable-tests --disable-tests --enable-benchmarks --disable-benchmarks
        --enable-coverage --disable-coverage --enable-profiling --dry-run --only-dependencies
        --only-download --keep-going --builddir= --distdir= --test-show-details= --flags= -f=
        --constraint= --enable-optimization? --disable-optimization --ghc
    """,
    "cabal gen-bounds|cabal outdated|cabal info|cabal path|cabal format|cabal list-bin": "<cabal>",
    "dune": "",
    "dune build|dune runtest|dune test|dune fmt|dune clean|dune describe|dune show": """
        -j= --root= --profile= --display= -w --watch --auto-promote --force -f --verbose --no-buffer
        --build-dir= --only-packages= -p= --release --ignore-promoted-rules --workspace=
        --default-target= --preview --no-print-directory
    """,
    "dune exec": """
        -j= --root= --profile= --display= --no-build --build-dir= --release -w --watch ...
    """,
    "protoc": """
        -I= --proto_path= --python_out= --pyi_out= --java_out= --cpp_out= --csharp_out=
        --kotlin_out= --objc_out= --php_out= --ruby_out= --rust_out= -o= --descriptor_set_out=
        --include_imports --include_source_info --dependency_out= --error_format= --fatal_warnings
        --decode_raw --experimental_allow_proto3_optional
    """,
    "terraform-docs": """
        -c= --config= --output-file= --output-mode= --recursive --sort-by= --hide= --show= --indent=
        --lockfile
    """,
    "tflint": """
        -f= --format= -c= --config= --recursive --chdir= --force --minimum-failure-severity= --color
        --no-color --fix --enable-rule= --disable-rule= --only= --module
    """,
    "shellcheck": """
        -a --check-sourced -C? --color? -i= --include= -e= --exclude= -f= --format= -o= --enable=
        -s= --shell= -S= --severity= -W= -x --external-sources -P= --source-path= --norc --rcfile=
        --wiki-link-count= --list-optional
    """,
    "golangci-lint run|golangci-lint fmt": """
        -E= --enable= -D= --disable= --enable-all --disable-all --default= --fast --fast-only -c=
        --config= --no-config --fix --timeout= --tests --build-tags= --new --new-from-rev=
        --new-from-merge-base= --whole-files --max-issues-per-linter= --max-same-issues= -j=
        --concurrency= --color= -v --verbose --out-format= --issues-exit-code= --skip-dirs=
        --show-stats --sort-results --allow-parallel-runners -p= --presets= --modules-download-mode=
        --exclude: -e: --diff
    """,
    "golangci-lint linters|golangci-lint version|golangci-lint config|golangci-lint help": """
        --json --debug -c= --config= --format=
    """,
}
