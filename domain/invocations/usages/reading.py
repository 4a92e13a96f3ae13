"""Programs that read files and print."""

from collections.abc import Mapping
from typing import Final

CHECKSUM: Final = (
    "-b --binary -c --check -t --text -z --zero --ignore-missing --quiet --status --strict -w"
    " --warn --tag -l= --length="
)
NOTHING: Final = ""

READING: Final[Mapping[str, str]] = {
    "ls": """
        -a --all -A --almost-all --author -b --escape -B --ignore-backups -c -C --color? -d
        --directory -f -F --classify? --file-type --format= --full-time -g --group-directories-first
        -G --no-group -h --human-readable --si -H --dereference-command-line --hide: -i --inode -I:
        --ignore: -k --kibibytes -l -L --dereference -m -n --numeric-uid-gid -N --literal -o -p -q
        --hide-control-chars --show-control-chars -Q --quote-name --quoting-style= -r --reverse -R
        --recursive -s --size -S --sort= --time= --time-style= -t -T= --tabsize= -u -U -v -w=
        --width= -x -X -Z -1
    """,
    "exa|eza": """
        -1 --oneline -l --long -G --grid -x --across -R --recurse -T --tree -F --classify --color=
        --colour= --icons --no-icons -a --all -d --list-dirs -L= --level= -r --reverse -s= --sort=
        --group-directories-first -D --only-dirs -I: --ignore-glob: --git-ignore -b --binary -B
        --bytes -g --group -h --header -H --links -i --inode -m --modified -S --blocks -t= --time=
        -u --accessed -U --created --git --no-permissions --no-filesize --no-user --no-time
    """,
    "cat": """
        -A --show-all -b --number-nonblank -e -E --show-ends -n --number -s --squeeze-blank -t -T
        --show-tabs -u -v --show-nonprinting
    """,
    "head": "-c= --bytes= -n= --lines= -q --quiet --silent -v --verbose -z --zero-terminated -#",
    "tail": """
        -c= --bytes= -f --follow? -F -n= --lines= --max-unchanged-stats= --pid= -q --quiet --silent
        --retry -s= --sleep-interval= -v --verbose -z --zero-terminated -r -#
    """,
    "more": "-d -l -e -f -p -c -s -u -n= --lines= -#",
    "less": """
        -a -A -B -c -C -d -e -E -f -F -g -G -i -I -J -m -M -n -N -q -Q -r -R -s -S -u -U -w -W -X
        --quit-if-one-screen --chop-long-lines --RAW-CONTROL-CHARS --raw-control-chars --no-init
        --ignore-case --LINE-NUMBERS --line-numbers --squeeze-blank-lines -p: --pattern: -b= -h= -j=
        -x= -y= -z= --tabs= --window= -l -#
    """,
    "grep|egrep|fgrep|zgrep": """
        -E --extended-regexp -F --fixed-strings -G --basic-regexp -P --perl-regexp -e: --regexp: -f=
        --file= -i --ignore-case --no-ignore-case -v --invert-match -w --word-regexp -x
        --line-regexp -c --count --color? --colour? -L --files-without-match -l --files-with-matches
        -m= --max-count= -o --only-matching -q --quiet --silent -s --no-messages -b --byte-offset -H
        --with-filename -h --no-filename --label: -n --line-number -T --initial-tab -Z --null -A=
        --after-context= -B= --before-context= -C= --context? -a --text --binary-files= -D=
        --devices= -d= --directories= --exclude: --exclude-from= --exclude-dir: -I --include: -r
        --recursive -R --dereference-recursive --line-buffered -U --binary -z --null-data -y -#
    """,
    "rg": """
        -A= --after-context= -B= --before-context= -C= --context= --color= --colors= --column
        --no-column --count -c --count-matches -e: --regexp: -f= --file= --files -l
        --files-with-matches --files-without-match -F --fixed-strings -L --follow -g: --glob:
        --iglob: --heading --no-heading --hidden -. -i --ignore-case --ignore-file= -v
        --invert-match --json --line-buffered -n --line-number -N --no-line-number -x --line-regexp
        -m= --max-count= -d= --max-depth= --max-filesize= --max-columns= -M= -U --multiline
        --multiline-dotall --no-config --no-filename -I --no-ignore --no-ignore-vcs
        --no-ignore-parent --no-ignore-dot --no-messages -o --only-matching --passthru -P --pcre2 -p
        --pretty -q --quiet -r: --replace: -S --smart-case -s --case-sensitive --sort= --sortr=
        --stats -a --text -j= --threads= --trim -t= --type= -T= --type-not= --type-list -u
        --unrestricted --vimgrep -H --with-filename -w --word-regexp -0 --null --no-pcre2
        --block-buffered --no-mmap --mmap --crlf --encoding= -E= --engine= --one-file-system
        --context-separator: --path-separator: --null-data --debug --glob-case-insensitive -b
        --byte-offset --no-unicode
    """,
    "fd|fdfind": """
        -H --hidden -I --no-ignore --no-ignore-vcs --no-ignore-parent -u --unrestricted -s
        --case-sensitive -i --ignore-case -g --glob --regex -F --fixed-strings --and: -a
        --absolute-path -l --list-details -L --follow -p --full-path -0 --print0 -d= --max-depth=
        --min-depth= --exact-depth= -E: --exclude: --prune -t= --type= -e= --extension= -S= --size=
        --changed-within= --changed-before= --newer= --older= -o= --owner= -c= --color= -j=
        --threads= --max-results= -1 -q --quiet --show-errors --base-directory= --search-path=
        --path-separator: --strip-cwd-prefix --one-file-system --ignore-file= --max-buffer-time=
    """,
    "ack": """
        -A= -B= -C= -c --count --color --nocolor --column --context= --after-context=
        --before-context= -f -g= -h -H -i --ignore-case -I -l --files-with-matches -L
        --files-without-matches -m= --max-count= -n --no-recurse -o -Q --literal -r -R --recurse -s
        --sort-files -S --smart-case -v --invert-match -w --word-regexp -1 --noenv --ignore-dir=
        --type= -t= --heading --noheading --group --nogroup --follow --python --js --ts --ruby
        --java --go --rust --html --css --json --yaml --perl --php --cpp --cc --shell --sql --xml
    """,
    "ag": """
        -A= -B= -C= -c --count --color --nocolor --column --context= -f --follow -F --fixed-strings
        -Q --literal -g: -G: -h --no-filename -H --heading --noheading --hidden -i --ignore-case
        --ignore: --ignore-dir: -l --files-with-matches -L --files-without-matches -m= --max-count=
        -n --norecurse --numbers --nonumbers -o --only-matching -r -R --recurse -s --case-sensitive
        -S --smart-case --silent --stats -t --all-text -u --unrestricted -U --vimgrep -v
        --invert-match -w --word-regexp -z --depth= --python --js --ts --ruby --java --go --rust
        --html --css --json --yaml --nogroup --group -a --all-types -0
    """,
    "wc": "-c --bytes -m --chars -l --lines -w --words -L --max-line-length --total=",
    "sort": """
        -b --ignore-leading-blanks -d --dictionary-order -f --ignore-case -g --general-numeric-sort
        -i --ignore-nonprinting -M --month-sort -h --human-numeric-sort -n --numeric-sort -R
        --random-sort --random-source= -r --reverse --sort= -V --version-sort --batch-size= -c
        --check? -C --debug -k= --key= -m --merge -s --stable -S= --buffer-size= -t:
        --field-separator: -T= --temporary-directory= --parallel= -u --unique -z --zero-terminated
    """,
    "uniq": """
        -c --count -d --repeated -D --all-repeated? -f= --skip-fields= --group? -i --ignore-case -s=
        --skip-chars= -u --unique -z --zero-terminated -w= --check-chars=
    """,
    "diff": """
        --normal -q --brief -s --report-identical-files -c -C= --context? -u -U= --unified? -e --ed
        -n --rcs -y --side-by-side -W= --width= --left-column --suppress-common-lines -p
        --show-c-function -F: --show-function-line: --label: -t --expand-tabs -T --initial-tab
        --tabsize= --suppress-blank-empty -r --recursive --no-dereference -N --new-file
        --unidirectional-new-file -x: --exclude: -X= --exclude-from= -S= --starting-file= -i
        --ignore-case -E --ignore-tab-expansion -Z --ignore-trailing-space -b --ignore-space-change
        -w --ignore-all-space -B --ignore-blank-lines -I: --ignore-matching-lines: -a --text
        --strip-trailing-cr -D: --ifdef: --color? -d --minimal --horizon-lines= --speed-large-files
        --from-file= --to-file= -#
    """,
    "cmp": "-b --print-bytes -i= --ignore-initial= -l --verbose -n= --bytes= -s --quiet --silent",
    "comm": "-1 -2 -3 --check-order --nocheck-order --output-delimiter: --total -z",
    "join": "-a= -e: -i --ignore-case -j= -o= -t: -v= -1= -2= --check-order --header -z",
    "paste": "-d: --delimiters: -s --serial -z --zero-terminated",
    "nl": "-b= -d= -f= -h= -i= -l= -n= -p -s: -v= -w= --body-numbering= --number-width=",
    "tac": "-b --before -r --regex -s: --separator:",
    "rev": NOTHING,
    "fold": "-b --bytes -s --spaces -w= --width= -#",
    "fmt": "-c -p= -s -t -u -w= -g= --width= --uniform-spacing --split-only -#",
    "column": """
        -t --table -s: --separator: -o: --output-separator: -c= --output-width= -N= --table-columns=
        -n= -R= --table-right= -H= -T= -E= -W= -J --json -x --fillrows -d -e -L -r= -i= -p= -l=
    """,
    "tree": """
        -a -d -l -f -x -L= -P: -I: --gitignore --prune --matchdirs --ignore-case --noreport
        --charset= --filelimit= --timefmt: -q -N -Q -p -u -g -s -h --si --du -D -F --inodes --device
        -v -t -c -U -r --dirsfirst --filesfirst --sort? -i -A -S -n -C -X -J --info --metafirst
    """,
    "stat": "-L --dereference -f --file-system -c: --format: --printf: -t --terse --cached= -x -s",
    "file": """
        -b --brief -i --mime --mime-type --mime-encoding -k --keep-going -L --dereference -h
        --no-dereference -N --no-pad -n --no-buffer -r --raw -s --special-files
        -v -z --uncompress -0 --print0 -F: --separator: -e= --exclude= -d --extension -l
    """,
    "du": """
        -0 --null -a --all --apparent-size -B= --block-size= -b --bytes -c --total -D
        --dereference-args -d= --max-depth= -h --human-readable --inodes -k -L --dereference -l
        --count-links -m -P --no-dereference -S --separate-dirs --si -s --summarize -t= --threshold=
        --time? --time-style= -X= --exclude-from= --exclude: -x --one-file-system -H
    """,
    "df": """
        -a --all -B= --block-size= -h --human-readable -H --si -i --inodes -k -l --local --output?
        -P --portability --total -t= --type= -T --print-type -x= --exclude-type= -m
    """,
    "cut": """
        -b= --bytes= -c= --characters= -d: --delimiter: -f= --fields= -n --complement -s
        --only-delimited --output-delimiter: -z --zero-terminated
    """,
    "tr": "-c -C --complement -d --delete -s --squeeze-repeats -t --truncate-set1",
    "cloc": """
        --json --yaml --csv --md --xml --quiet --hide-rate --by-file --by-file-by-lang
        --exclude-dir= --exclude-lang= --include-lang= --include-ext= --exclude-ext=
        --skip-uniqueness --sum-one --fullpath --not-match-d: --not-match-f: --match-d: --match-f:
        --processes=
    """,
    "tokei": "-C --compact -e: --exclude: -f --files -s= --sort= -t= --types= -o=~NAME --hidden",
    "bat|batcat": """
        -A --show-all -p --plain -l= --language= -H= --highlight-line= --file-name: --tabs= --wrap=
        -S --chop-long-lines --terminal-width= -n --number --color= --italic-text= --decorations= -f
        --force-colorization --paging=~NAME -P --theme= --style= -r= --line-range= -u --unbuffered
        --squeeze-blank --list-themes -L --list-languages --no-pager
    """,
    "basename": "-a --multiple -s: --suffix: -z --zero",
    "dirname": "-z --zero",
    "realpath": """
        -e --canonicalize-existing -m --canonicalize-missing -L --logical -P --physical -q --quiet
        --relative-to= --relative-base= -s --strip --no-symlinks -z --zero
    """,
    "readlink": """
        -f --canonicalize -e --canonicalize-existing -m --canonicalize-missing -n --no-newline -q
        --quiet -s --silent -v --verbose -z --zero
    """,
    "md5sum|sha1sum|sha224sum|sha256sum|sha384sum|sha512sum|b2sum": CHECKSUM,
    "cksum": f"{CHECKSUM} -a= --algorithm= --raw --untagged --base64",
    "sum": "-r -s --sysv",
    "xxd": "-a -b -c= -C -d -e -E -g= -h -i -l= -n= -o= -p -ps -s= -u -v -R=",
    "hexdump|hd": "-b -c -C -d -n= -o -s= -v -x -e: -X",
    "od": """
        -A= --address-radix= -j= --skip-bytes= -N= --read-bytes= -S? --strings? -t= --format= -v
        --output-duplicates -w? --width? -a -b -c -d -f -i -l -o -s -x --endian= --traditional
    """,
    "strings": """
        -a --all -d --data -f --print-file-name -n= --bytes= -t= --radix= -e= --encoding= -o -s:
        --output-separator: -w --include-all-whitespace -#
    """,
    "base64|base32": "-d --decode -D -i --ignore-garbage -w= --wrap=",
    "zcat|bzcat|xzcat": "-f --force -q --quiet -v --verbose -k --keep",
    "iconv": "-f= --from-code= -t= --to-code= -l --list -c -s --silent",
    "expand|unexpand": "-i --initial -t= --tabs= -a --all --first-only",
    "look": "-a --alternative -d --alphanum -f --ignore-case -t= --terminate=",
    "shuf": "-e --echo -i= --input-range= -n= --head-count= -r --repeat -z --random-source=",
    "tsort": NOTHING,
    "jq": """
        --seq --stream --stream-errors -s --slurp -R --raw-input -n --null-input -c --compact-output
        --tab --indent= -C --color-output -M --monochrome-output -a --ascii-output --unbuffered -S
        --sort-keys -r --raw-output -j --join-output -e --exit-status --arg:: --argjson:: --args
        --jsonargs -f= --from-file= --raw-output0
    """,
    "yq": """
        -o= --output-format= -p= --input-format= -P --prettyPrint -r --raw-output --unwrapScalar? -C
        --colors -M --no-colors -N --no-doc -n --null-input -e --exit-status -I= --indent= -j
        --tojson -y --yaml-output -s --slurp -c --compact-output -S --sort-keys -v --verbose -e
    """,
    "gron": "-u --ungron -c --colorize -m --monochrome -s --stream -j --json --no-sort -v --values",
    "delta": """
        -s --side-by-side -n --line-numbers --light --dark --color-only --no-gitconfig -w= --width=
        --diff-so-fancy --diff-highlight --paging=~NAME --navigate --hyperlinks --raw
    """,
    "nm": """
        -a --debug-syms -A -o --print-file-name -C --demangle? -D --dynamic --defined-only --format=
        -g --extern-only -l --line-numbers -n --numeric-sort -p --no-sort -P --portability -r
        --reverse-sort -S --print-size -s --print-armap --size-sort -t= --radix= -u --undefined-only
        -B --no-demangle --no-weak -W
    """,
    "size": "-A -B -G --format= -o -d -x --radix= --common -t --totals",
    "objdump": """
        -a --archive-headers -f --file-headers -p --private-headers -h --section-headers --headers
        -x --all-headers -d --disassemble? -D --disassemble-all -S --source -s --full-contents -g
        --debugging -t --syms -T --dynamic-syms -r --reloc -R --dynamic-reloc -C --demangle? -l
        --line-numbers --no-show-raw-insn -w --wide -M= --disassembler-options= -j= --section= -m=
        --architecture= --start-address= --stop-address=
    """,
    "readelf": """
        -a --all -h --file-header -l --program-headers --segments -S --section-headers --sections -g
        -t -e --headers -s --syms --symbols --dyn-syms -n --notes -r --relocs -u --unwind -d
        --dynamic -V --version-info -A --arch-specific -D --use-dynamic -x= --hex-dump= -p=
        --string-dump= -c -I --histogram -W --wide
    """,
    "xmllint": """
        --noout --format --pretty= --encode= --xpath: --nonet --c14n --noblanks --nowarning --timing
        --repeat --recover --huge -noout -format -nonet
    """,
    "hadolint": """
        -c= --config= -f= --format= --ignore= --no-color --no-fail -t= --failure-threshold=
    """,
    "actionlint": "-color -no-color -oneline -verbose -ignore: -format:",
    "csvlook": "-d: --delimiter: -t --tabs -H --no-header-row -l --linenumbers --max-rows= -I",
    "tar": """
        -t --list -f= --file= -z --gzip --gunzip -j --bzip2 -J --xz --zstd -a --auto-compress -v
        --verbose -d --diff --compare -C= --directory= --exclude: -O --to-stdout --wildcards
        --no-wildcards --full-time --numeric-owner -i --ignore-zeros -R --block-number
        --show-transformed --strip-components= --no-recursion -T= --files-from= -X= --exclude-from=
        -k -m -p
    """,
    "unzip": "-l -t -v -Z -z -p -c -q -qq -C -x= -1 -s -m -h -T",
    "sed": """
        -n --quiet --silent --debug -e: --expression: -i? --in-place? -E -r --regexp-extended -l=
        --line-length= -s --separate --posix --sandbox -u --unbuffered -z --null-data
    """,
    "awk|gawk|mawk|nawk": """
        -F: --field-separator: -v= --assign= -e: --source: -f= --file= -b --characters-as-bytes -c
        --traditional -M --bignum -n -N --use-lc-numeric -O --optimize -s -P --posix -r
        --re-interval -S --sandbox -t --csv -k
    """,
    "find": """
        -H -L -P -amin= -anewer= -atime= -cmin= -cnewer= -ctime= -daystart -depth -d -empty -false
        -follow -fstype= -gid= -group= -ignore_readdir_race -ilname: -iname: -inum= -ipath: -iregex:
        -iwholename: -links= -lname: -ls -maxdepth= -mindepth= -mmin= -mount -mtime= -name: -newer=
        -newerXY= -newermt: -newerct: -nogroup -noleaf -nouser -path: -perm= -print -print0 -printf:
        -prune -quit -readable -regex: -regextype= -samefile= -size= -true -type= -uid= -used=
        -user= -wholename: -writable -executable -xdev -xtype= -a -o -and -or -not -exec -execdir
        -ok -okdir -delete -E -O0 -O1 -O2 -O3 -fprint= -fprint0= -fprintf= -fls=
    """,
}
