"""Compilers, and what looks at the same sources."""

from collections.abc import Mapping
from typing import Final

COMPILERS: Final[Mapping[str, str]] = {
    "gcc|g++|cc|c++|clang|clang++": """
        -c -S -E -o= -x=~LANGUAGE -v -### -pipe -w -pedantic -pedantic-errors -ansi -std= -D= -U=
        -I= -L= -l= -isystem= -iquote= -idirafter= -include= -imacros= -isysroot= --sysroot= -M -MM
        -MD -MMD -MP -MG -MF= -MT: -MQ: -O -O0 -O1 -O2 -O3 -Os -Og -Oz -Ofast -g -g0 -g1 -g2 -g3
        -ggdb* -gdwarf* -gsplit-dwarf -gz? -p -pg -Wall -Wextra -Werror -W* -fPIC -fpic -fPIE -fpie
        -pie -no-pie -fsanitize* -fno-* -fstack* -fvisibility* -fomit* -ffast-math -funroll*
        -fdiagnostics-color* -fcolor-diagnostics -fopenmp -fexceptions -frtti -fcoroutines
        -fdata-sections -ffunction-sections -fwrapv -fstrict* -finline* -flto* -fprofile-arcs
        -ftest-coverage -fsyntax-only -fcommon -fpermissive -fanalyzer -ftemplate* -fmax-errors*
        -fconcepts -fmodules-ts -fsigned-char -funsigned-char -march* -mtune* -mcpu* -m32 -m64
        -msse* -mavx* -mno-* -mfpu* -mfloat* -mthumb -mbig* -mlittle* -static -static-libgcc
        -static-libstdc++ -shared -shared-libgcc -rdynamic -s -nostdlib -nostdinc -nodefaultlibs
        -nostartfiles -pthread -dM -dD -dumpversion -dumpmachine -print-search-dirs
        -print-file-name* -print-prog-name* -print-libgcc-file-name -stdlib* -target= --target=
        --coverage -P -C -H -Qunused-arguments -Weverything -undef -save-temps
    """,
    "ld": """
        -o= -L= -l= -r -s -S -shared -static -pie -e= -Map= -M -t -v --gc-sections --as-needed
        -m=~LINT
    """,
    "as": "-o= -g -I= --32 --64 -W --warn --fatal-warnings -v",
    "clang-format": """
        -i --dry-run -n --Werror --style=~STYLE -style=~STYLE --fallback-style=~NAME
        -fallback-style=~NAME --assume-filename= -assume-filename= --lines= -lines= --offset=
        --length= --sort-includes --verbose --dump-config -dump-config --ferror-limit=
        --output-replacements-xml --qualifier-alignment=
    """,
    "clang-tidy": """
        -checks= --checks= -p= -header-filter: --header-filter: -fix --fix -fix-errors --fix-errors
        -format-style=~STYLE --format-style=~STYLE -list-checks --list-checks --quiet -quiet
        -warnings-as-errors= --warnings-as-errors= --use-color -use-color -dump-config --dump-config
        -system-headers -explain-config -line-filter= --export-fixes= -export-fixes=
    """,
    "clang-tidy --": "<gcc>",
    "javac": """
        -d= -cp= -classpath= --class-path= -sourcepath= --source-path= -source= --source= -target=
        --target= --release= -g -g:none -g:* -nowarn -verbose -deprecation -Werror -Xlint -Xlint:*
        -encoding= -parameters -proc:none -implicit:* --enable-preview --module-path= -p= -s= -h=
        --module-source-path= --add-modules= --limit-modules= -version
    """,
    "kotlinc": """
        -d= -cp= -classpath= -include-runtime -nowarn -verbose -Werror -jvm-target=
        -language-version= -api-version= -no-stdlib -no-reflect -opt-in= -progressive
    """,
    "scalac": """
        -d= -cp= -classpath= -deprecation -feature -unchecked -verbose -Werror -encoding= -release=
        -explain -nowarn -Xlint -Xfatal-warnings
    """,
    "ghc": """
        -c -o= -odir= -hidir= -outputdir= -i? -I= -L= -l= -O -O0 -O1 -O2 -Wall -Werror -W* -fno-code
        -v -v0 -v1 -threaded -rtsopts -prof -dynamic -static -package= -hide-package= -main-is=
        --make -fforce-recomp -j* -g -cpp -XHaskell* -XGHC2021 -XOverloadedStrings -no-link
    """,
    "elixirc": """
        -o= --no-docs --no-debug-info --ignore-module-conflict --warnings-as-errors --verbose
    """,
    "rustc": """
        --crate-name= --crate-type= --edition= --emit= -o= --out-dir= -O -g --test --cfg= -L= -l=
        --extern= --error-format= --color= -v --verbose -A=~LINT -W=~LINT -D=~LINT -F=~LINT
        --allow=~LINT --warn=~LINT --deny=~LINT --forbid=~LINT --cap-lints= --explain= --print=
        --target=~LINT -C=~CODEGEN --codegen=~CODEGEN --remap-path-prefix: --version
    """,
    "rustfmt": """
        --check --edition= --emit= --backup --color= --config-path= -l --files-with-diff -q --quiet
        -v --verbose --print-config= --style-edition=
    """,
    "swift": """
        -v --verbose -q --quiet --package-path= --scratch-path= --build-path= -c= --configuration=
    """,
    "swift build|swift run|swift test": """
        <swift> --product=~WORD --target=~WORD --build-tests --show-bin-path -j= --jobs= --parallel
        --num-workers= --filter: --skip: --skip-build --enable-code-coverage -l --list-tests
        --enable-testable-imports --static-swift-stdlib --very-verbose --skip-update
        --disable-automatic-resolution --arch=
    """,
    "swift format": """
        <swift> -i --in-place -r --recursive -p --parallel -s --strict --configuration=
        --color-diagnostics --no-color-diagnostics
    """,
    "zig": "",
    "zig build": """
        -D=~DEFINES --release? --summary= -j? --verbose -h -l --list-steps --watch
        --prominent-compile-errors --color= --error-style= -p= --prefix=
    """,
    "zig test|zig build-exe|zig build-lib|zig build-obj|zig ast-check|zig fmt": """
        -O= -target= --test-filter: --color= --check --stdin --ast-check --exclude= -fno-emit-bin
        --name= -I= -L= -l= -lc -D= -static -dynamic --verbose -fsingle-threaded -fstrip
        --test-no-exec
    """,
    "zig version|zig env|zig targets|zig zen|zig libc": "",
}
