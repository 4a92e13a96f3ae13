"""Developer's tools for Python."""

from collections.abc import Mapping
from typing import Final

PYTHON: Final[Mapping[str, str]] = {
    "pytest|py.test": """
        -k: -m: --markers -x --exitfirst --maxfail= --strict-config --strict-markers --strict -q
        --quiet -v -vv --verbose --verbosity= --no-header --no-summary -r= --disable-warnings
        --disable-pytest-warnings -l --showlocals --no-showlocals --tb= --show-capture= --full-trace
        --color= --code-highlight= --junitxml= --junit-xml= --junit-prefix= --capture= -s --runxfail
        --lf --last-failed --ff --failed-first --nf --new-first --cache-show? --cache-clear --lfnf=
        --last-failed-no-failures= --sw --stepwise --sw-skip --stepwise-skip --sw-reset --durations=
        --durations-min= -c= --config-file= --rootdir= --confcutdir= --continue-on-collection-errors
        --collect-only --co --ignore= --ignore-glob= --deselect= --noconftest --keep-duplicates
        --import-mode= --doctest-modules --doctest-report= --doctest-glob= --xfail-tb
        --doctest-continue-on-failure --fixtures --funcargs --fixtures-per-test --setup-only
        --setup-show --setup-plan -W: --pythonwarnings: -p=~PLUGIN --assert= --log-level=
        --log-format: --log-date-format: --log-cli-level= --log-file= --log-file-level=
        --trace-config --no-fold-skipped -n= --numprocesses= --maxprocesses= --dist=
        --max-worker-restart= --cov? --cov-report=~REPORT --cov-config= --no-cov-on-fail --no-cov
        --cov-fail-under= --cov-append --cov-branch --cov-context= --timeout= --timeout-method=
        --session-timeout= --reruns= --reruns-delay= --asyncio-mode= --benchmark-only
        --benchmark-skip --benchmark-disable --benchmark-autosave --benchmark-compare?
        --randomly-seed= --hypothesis-seed= --hypothesis-show-statistics --hypothesis-profile=
        --snapshot-update --create-db --reuse-db --nomigrations --ds= --html= --self-contained-html
        --random-order --count= --headed --browser= --slowmo= --tracing= --video= --screenshot= --lf
        -d
    """,
    "tox": """
        -e= -q -v -r --recreate -p? --parallel? -o --parallel-live --skip-missing-interpreters? -s?
        -c= --conf= --workdir= -f= --notest --colored= --result-json= --develop --sitepackages -m=
        --no-recreate-pkg --skip-pkg-install --discover= -l --listenvs -a --root= --fail-fast
    """,
    "pytest --|py.test --|tox --|nox --|hatch test --": "<pytest>",
    "nox": """
        -s= --session= --sessions= -e= -k: --keywords: -t= --tags= -l --list --list-sessions -r
        --reuse-existing-virtualenvs -R --reuse-venv= -N -p= --python= --pythons= -f= --noxfile= -x
        --stop-on-first-error --no-venv --no-install --error-on-missing-interpreters -v --verbose
        --report= --json --color --nocolor --non-interactive
    """,
    "ruff": "-q --quiet -v --verbose -s --silent --config=~FILE --isolated --color=",
    "ruff check": """
        <ruff> --fix --no-fix --unsafe-fixes --no-unsafe-fixes --show-fixes --diff -w --watch
        --fix-only --ignore-noqa --output-format= -o= --output-file= --target-version= --preview
        --no-preview --statistics --add-noqa? --show-files --show-settings --select= --ignore=
        --extend-select= --extend-ignore= --fixable= --unfixable= --extend-fixable= --exclude:
        --extend-exclude: --respect-gitignore --no-respect-gitignore --force-exclude
        --no-force-exclude -n --no-cache --cache-dir= --stdin-filename= -e --exit-zero
        --exit-non-zero-on-fix --per-file-ignores=
    """,
    "ruff format": """
        <ruff> --check --diff --line-length= --range= --exclude: --respect-gitignore
        --no-respect-gitignore --force-exclude --no-force-exclude -n --no-cache --cache-dir=
        --stdin-filename= --target-version= --preview --no-preview --exit-non-zero-on-format
        --output-format=
    """,
    "ruff rule|ruff linter|ruff config|ruff version|ruff clean": "<ruff> --all --output-format=",
    "black": """
        -l= --line-length= -t= --target-version= --pyi --ipynb -S --skip-string-normalization -C
        --skip-magic-trailing-comma --preview --unstable --check --diff --color --no-color
        --line-ranges= --fast --safe --required-version= --exclude: --extend-exclude:
        --force-exclude: --include: --stdin-filename= -W= --workers= -q --quiet -v --verbose
        --config= -x --no-cache
    """,
    "isort": """
        -c --check --check-only --diff --df -q --quiet -v --verbose --profile=~NAME -l=
        --line-length= --sp= --settings-path= --settings-file= --gitignore --filter-files -s=
        --skip= --sg: --skip-glob: --sl --force-single-line-imports --float-to-top --ca --combine-as
        -m= --multi-line= --tc --trailing-comma --atomic -j= --jobs= --py= --python-version= --color
        --show-files --show-config -p= --src= -o= -a= --line-width= -w= --ac
    """,
    "flake8|pycodestyle|pyflakes|pydocstyle": """
        -v --verbose -q --quiet --color= --count --exclude: --extend-exclude: --filename:
        --stdin-display-name= --format: --hang-closing --ignore= --extend-ignore=
        --per-file-ignores= --max-line-length= --max-doc-length= --indent-size= --select=
        --extend-select= --disable-noqa --show-source --no-show-source --statistics --config=
        --isolated --append-config= --output-file= --tee --exit-zero --max-complexity= --benchmark
        -j= --jobs= --convention= --match: --match-dir: --add-ignore= --add-select= --explain
        --show-pep8 --first --diff -e
    """,
    "mypy": """
        -v --verbose -V --config-file= --warn-unused-configs --no-warn-unused-configs
        --no-namespace-packages --namespace-packages --ignore-missing-imports --follow-imports=
        --follow-untyped-imports --no-site-packages --no-silence-site-packages --python-version=
        --platform= --always-true= --always-false= --disallow-any-unimported --disallow-any-expr
        --disallow-any-decorated --disallow-any-explicit --disallow-any-generics
        --disallow-subclassing-any --disallow-untyped-calls --disallow-untyped-defs
        --disallow-incomplete-defs --check-untyped-defs --disallow-untyped-decorators
        --implicit-optional --no-implicit-optional --no-strict-optional --warn-redundant-casts
        --warn-unused-ignores --no-warn-no-return --warn-return-any --warn-unreachable
        --report-deprecated-as-note --deprecated-calls-exclude= --allow-untyped-globals
        --allow-redefinition --no-implicit-reexport --strict-equality --strict-bytes --extra-checks
        --strict --disable-error-code= --enable-error-code= --show-error-context
        --show-column-numbers --show-error-end --hide-error-codes --show-error-codes --pretty
        --no-color-output --no-error-summary --show-absolute-path --no-incremental --cache-dir=
        --sqlite-cache --cache-fine-grained --skip-version-check --skip-cache-mtime-checks
        --show-traceback --tb --local-partial-types --scripts-are-modules --explicit-package-bases
        --fast-module-lookup --exclude: --exclude-gitignore -m= --module= -p= --package=
        --html-report= --txt-report= --xml-report= --cobertura-xml-report= --junit-xml= -O=
        --output= --stats --enable-incomplete-feature=
    """,
    "pyright|basedpyright": """
        -p= --project= -v --pythonversion= --pythonplatform= --stats --verbose --warnings
        --outputjson --level= --skipunannotated --dependencies --verifytypes= --ignoreexternal
        --threads? --watch -w -t= --typeshedpath= --venvpath= --gitlabcodequality= --writebaseline
        --baselinefile= --createstub=
    """,
    "pylint": """
        -j= --jobs= --rcfile= --disable= -d= --enable= -e= -f=~NAME --output-format=~NAME -r=
        --reports= -s= --score= --fail-under= --fail-on= --ignore= --ignore-paths:
        --ignore-patterns: -E --errors-only --errors-only -v --verbose --recursive=
        --max-line-length= --msg-template: --persistent= --exit-zero --py-version= --output=
        --list-msgs --help-msg= --good-names= --source-roots= --jobs=
    """,
    "bandit": """
        -r --recursive -a= --aggregate= -n= --number= -c= --configfile= -p= --profile= -t= --tests=
        -s= --skip= -l -ll -lll --level --severity-level= -i -ii -iii --confidence-level= -f=~NAME
        --format=~NAME -o= --output= -v --verbose -d --debug -q --quiet --silent --ignore-nosec -x=
        --exclude= -b= --baseline= --ini= --exit-zero
    """,
    "coverage": "--rcfile=",
    "coverage run": """
        <coverage> -a --append --branch --concurrency= --context= --data-file= --include= --omit= -L
        --pylib -p --parallel-mode --source= --source-pkg= --timid -m --module ...
    """,
    "coverage report|coverage html|coverage xml|coverage json|coverage lcov|coverage annotate": """
        <coverage> --contexts: --data-file= --fail-under= --format= -i --ignore-errors --include=
        --omit= --precision= --sort= -m --show-missing --skip-covered --no-skip-covered --skip-empty
        -d= --directory= -q --quiet --show-contexts --title: --skip-covered -o= --pretty-print
    """,
    "coverage combine|coverage erase": "<coverage> -a --append --data-file= --keep -q --quiet",
    "coverage debug": "<coverage>",
    "pre-commit run|pre-commit": """
        -a --all-files --files -v --verbose -c= --config= --show-diff-on-failure --hook-stage=
        --from-ref= --to-ref= -s= --source= -o= --origin= --color= --fail-fast
    """,
    "sphinx-build": """
        -b=~BUILDER -M=~BUILDER -a --write-all -E --fresh-env -d= --doctree-dir= -j= --jobs= -c=
        --conf-dir= -t= --tag= -n --nitpicky -v -q --quiet -Q --silent --color -N --no-color -w=
        --warning-file= -W --fail-on-warning --keep-going -T --show-traceback
    """,
    "mkdocs": "-q --quiet -v --verbose --color --no-color",
    "mkdocs build": """
        <mkdocs> -c --clean --dirty -f= --config-file= -s --strict --no-strict -t= --theme= -d=
        --site-dir= --use-directory-urls --no-directory-urls
    """,
    "mkdocs serve": """
        <mkdocs> -a! --dev-addr! -f= --config-file= -s --strict --no-strict -t= --theme= --dirty
        --clean -w= --watch= --no-livereload --livereload --watch-theme
    """,
    "django-admin": """
        --settings= --pythonpath= --traceback --no-color --force-color -v= --verbosity= --deploy
        --tag= -t= --fail-level= --plan -p --list -l --all --output= --default= --failfast --noinput
        --parallel? --keepdb -k: --exclude-tag= --shuffle?
    """,
    "alembic": "-c= --config= -n= --name= -x= --raiseerr -v --verbose -r= --rev-range= -i",
    "autopep8|yapf": """
        -i --in-place -d --diff -r --recursive -j= --jobs= -a --aggressive --max-line-length= -v
        --verbose --ignore= --select= --exclude: -e= --style=~LINT -p --parallel -q --quiet
        --exit-code
    """,
    "vulture": """
        --min-confidence= --exclude: --ignore-names: --ignore-decorators: --sort-by-size --config=
    """,
    "radon": """
        -a --average -s --show-complexity -n= --min= -x= --max= -e: --exclude: -i: -j --json
        --total-average -m
    """,
    "hatch": "-e= --env= -v --verbose -q --quiet --color --no-color --no-interactive",
    "hatch run": "<hatch> ...",
    "hatch test": """
        <hatch> -a --all -p --parallel -c --cover -r --randomize -d --doctest --show -py= -i=
    """,
    "hatch build": "<hatch> -t= --target= -c --clean --hooks-only --clean-only",
    "hatch fmt": "<hatch> -l --linter -f --formatter --check --preview --sync",
    "hatch version|hatch status|hatch clean|hatch dep show|hatch project metadata": "<hatch>",
    "lint-imports|import-linter": """
        --config= --contract= --no-cache --cache-dir= --show-timings --verbose --debug
    """,
    "deptry": """
        -v --verbose -o= --json-output= -e: --exclude: -ee: --extend-exclude: --config= --no-ansi
        -i= --ignore=
    """,
    "yamllint": """
        -c= --config-file= -d: --config-data: -f= --format= -s --strict --no-warnings --list-files
    """,
    "ansible-lint": """
        -q -v -p --parseable -c= --config-file= -x= --skip-list= -t= --tags= --offline --nocolor
        --strict -f= --format= -w= --warn-list= --profile=
    """,
    "pip": """
        --no-color --disable-pip-version-check -q --quiet -v --verbose --require-virtualenv
        --no-input
    """,
    "pip list|pip freeze|pip show|pip check|pip inspect|pip debug|pip help": """
        <pip> -e --editable -l --local --user --path= --pre --format= --not-required
        --exclude-editable --include-editable --exclude= --all -f --files -r= --requirement=
    """,
    "pip cache|pip config": "<pip> --user --global --site --format=",
    "uv": """
        -q --quiet -v --verbose --offline --no-progress --directory= --project= --no-config
        --no-cache -n --no-python-downloads --color=~NAME
    """,
    "uv run": """
        <uv> --extra= --all-extras --no-extra= --no-dev --group= --no-group= --no-default-groups
        --only-group= --all-groups --dev --only-dev --no-editable --exact --no-env-file --isolated
        --active --no-sync --locked --frozen --all-packages --package=~WORD -m --module --no-project
        --link-mode= --resolution= --prerelease= --exclude-newer= -p=~VERSION --python=~VERSION ...
    """,
    "uv tree|uv pip list|uv pip freeze|uv pip show|uv pip check|uv pip tree|uv version": """
        <uv> --universal -d= --depth= --prune= --package= --no-dedupe --invert --show-sizes --no-dev
        --only-dev --group= --all-groups --frozen --locked -e --editable --exclude-editable
        --exclude= --format= -f --files --strict --system --short --output-format= --only-installed
        --all-versions --all-platforms
    """,
    "uv python list": "<uv tree>",
    "uv format": "<uv> --check --diff",
    "uv cache dir|uv tool list|uv help": "<uv> --show-paths --show-version-specifiers --no-pager",
    "poetry": """
        -q --quiet -v -vv -vvv --verbose -n --no-interaction --no-ansi --ansi -C= --directory= -P=
        --project= --no-plugins --no-cache
    """,
    "poetry run": "<poetry> ...",
    "poetry show": """
        <poetry> -t --tree -a --all -T --top-level --why --only= --with= --without= --no-truncate
        --format=
    """,
    "poetry check|poetry version|poetry env info|poetry env list|poetry about": """
        <poetry> --lock --strict -s --short --dry-run -p --path -e --executable --full-path
    """,
    "poetry config": "<poetry> --list --local",
}
