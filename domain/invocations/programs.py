"""The programs that are known, and what kind of thing each does.

`python -m domain.invocations.programs` prints what docs/reference/commands.md holds of them.
"""

import textwrap
from collections.abc import Mapping
from typing import Final

from domain.invocations.listing import listed
from domain.models.invocations import CommandClass

LISTING_COLUMNS: Final = 118

OF_CLASS: Final[Mapping[CommandClass, str]] = {
    CommandClass.READ_ONLY: """
        ls cat head tail less more grep egrep fgrep rg fd fdfind wc sort uniq diff cmp comm join
        paste nl tac rev fold fmt column tree stat file du df ps env printenv date echo printf
        true false sleep test [ [[ : pwd which whereis type id whoami groups uname hostname
        uptime free jq yq sed awk gawk mawk nawk cut tr cloc tokei bat batcat exa eza basename
        dirname realpath readlink md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum
        cksum sum xxd hexdump hd od strings base64 base32 zcat bzcat xzcat zgrep find expr seq
        nproc lscpu lsblk getconf locale tty lsof ss netstat pgrep pstree vmstat iostat who w
        last cal factor numfmt tsort expand unexpand look shuf size nm objdump readelf
        uuidgen arch logname users man cd pushd popd dirs exit return break continue shift wait
        jobs umask ulimit set unset export readonly declare typeset local read xargs command
        builtin exec time nice nohup stdbuf setsid timeout ionice watch flock busybox toybox
        taskset chrt unbuffer tar unzip column gron delta hadolint actionlint ip sysctl
        dmesg lspci lsusb lsmod ag ack iconv xmllint csvlook
    """,
    CommandClass.DEV_TOOL: """
        pytest py.test tox nox ruff black isort flake8 mypy pyright basedpyright pylint bandit
        coverage pre-commit sphinx-build mkdocs django-admin alembic pyflakes pycodestyle
        pydocstyle autopep8 yapf vulture radon hatch tsc eslint prettier vitest jest vite webpack
        next playwright cypress rollup esbuild stylelint mocha ava swc turbo nx biome
        storybook astro nuxt ng parcel make gmake cmake ctest ninja meson just task gofmt
        goimports golangci-lint staticcheck gopls rustc rustfmt mvn mvnw gradle gradlew javac
        kotlinc scalac sbt dotnet gcc g++ cc c++ clang clang++ ld as clang-format clang-tidy
        rake rspec rubocop bundle phpunit phpstan psalm swift mix stack cabal zig ghc elixirc
        dune shellcheck protoc buf lint-imports import-linter deptry poetry uv npm pnpm yarn bun
        go cargo composer lerna rush terraform-docs tflint yamllint markdownlint
        markdownlint-cli2 ansible-lint
    """,
    CommandClass.VCS_WRITE: "git-lfs hg svn jj bzr",
    CommandClass.NETWORK: """
        curl wget ping ping6 traceroute nc ncat netcat ssh scp sftp rsync dig host nslookup
        telnet ftp lftp gh glab hub kubectl helm helmfile terraform tofu aws gcloud az doctl heroku
        flyctl
        vercel netlify psql pg_dump pg_restore mysql mysqldump mariadb redis-cli mongosh sqlcmd
        http https openssl whois nmap tcpdump sqlite3 wrangler pulumi s3cmd rclone
    """,
    CommandClass.PACKAGE: """
        pip pip3 pipx uvx npx bunx conda mamba apt apt-get aptitude dpkg rpm yum dnf apk pacman
        zypper brew snap flatpak gem easy_install twine corepack nix nix-env rustup nvm pyenv
        asdf mise volta luarocks cpan cpanm opam
    """,
    CommandClass.FILE_WRITE: """
        touch mkdir cp mv ln tee sponge install rsync-ssl chmod chgrp chown mktemp mkfifo mknod
        split csplit zip gzip gunzip bzip2 bunzip2 xz unxz zstd patch ed ex nano vi vim nvim view
        vimdiff emacs dd link rename 7z cpio ar ranlib strip objcopy setfacl crontab alternatives
        update-alternatives rmdir
    """,
    CommandClass.DESTRUCTIVE: "rm unlink truncate shred srm kill pkill killall xkill skill",
    CommandClass.PRIVILEGED: """
        sudo doas su pkexec runuser chroot unshare nsenter setpriv capsh mount umount swapon
        swapoff losetup systemctl service systemd-run loginctl machinectl useradd userdel usermod
        groupadd groupdel passwd chpasswd visudo insmod modprobe rmmod iptables ip6tables nft ufw
        fdisk sfdisk parted gdisk hdparm cryptsetup mkswap setcap chattr kexec adduser deluser
        chsh at batch grub-install update-grub init docker-machine bwrap firejail
    """,
    CommandClass.FORBIDDEN: """
        shutdown reboot halt poweroff telinit wipefs mkfs mke2fs mkdosfs mkntfs blkdiscard
    """,
    CommandClass.OPAQUE: """
        sh bash dash zsh ksh mksh ash rbash yash fish csh tcsh pwsh powershell nu elvish xonsh
        python python2 python3 pypy pypy3 ipython perl ruby irb node nodejs deno ts-node tsx php lua
        luajit
        Rscript R julia osascript tclsh wish expect scala groovy jshell java erl elixir iex ghci
        eval source . alias unalias trap enable hash complete compgen compopt bind mapfile
        readarray let shopt fc history coproc caller logout disown bg fg suspend strace ltrace
        gdb lldb perf valgrind parallel script ld.so tmux screen socat entr start-stop-daemon
        proot fakeroot dbus-run-session runcon cpulimit catchsegv run-parts xdg-open make-me
        rlwrap ldd gimp ansible ansible-playbook vagrant docker podman nerdctl ctr crictl
    """,
    CommandClass.UNKNOWN: "claude codex gemini aider cursor-agent opencode goose amp copilot",
}
"""Programs that can be seen into (a shell, `find`, `git`) are of this class before that is done."""

CLASS_OF: Final[Mapping[str, CommandClass]] = {
    name: command_class for command_class, names in OF_CLASS.items() for name in names.split()
}
FOLDED: Final = frozenset(name.lower() for name in CLASS_OF)

TAKE_FILES: Final = listed("""
        ls cat head tail less more wc sort uniq diff cmp comm join paste nl tac rev fold fmt
        column tree stat file du touch mkdir rmdir cp mv ln rm unlink tee chmod truncate shred
        xxd hexdump od strings base64 zcat cd pushd md5sum sha1sum sha256sum sha512sum bat python
        python3 node perl ruby
    """)
"""Their operands are files, however these are called."""

TAKE_TEXT: Final = listed(
    "echo printf expr seq true false sleep : [ [[ test type which exit return shift break continue"
)
"""Their operands are no files, or lead to nothing but a yes or no."""

PATTERN_FIRST: Final = listed(
    "grep egrep fgrep zgrep rg ag ack fd fdfind sed awk gawk mawk nawk jq tr"
)
"""Their first operand is no file, unless an option brings it."""

FILTERS: Final = listed("grep egrep rg sort head tail uniq")
"""Without a file they pass on some of the lines that they get."""

ONE_DASH: Final = listed(
    "find ghc kotlinc go terraform tofu java javac gcc g++ cc c++ clang clang++ openssl osascript"
    " actionlint scalac ld gofmt goimports staticcheck gopls sbt ip zig"
)
"""Their long options begin with one dash."""

GLUES: Final = listed("gcc g++ cc c++ clang clang++ ld zig")
"""Those of them that also take `-Iinclude` for `-I include`."""

ARTICLES: Final[Mapping[CommandClass, str]] = {
    CommandClass.READ_ONLY: "only reads",
    CommandClass.DEV_TOOL: "is a developer's tool, and runs what the workspace holds",
    CommandClass.VCS_WRITE: "changes a repository or its history",
    CommandClass.NETWORK: "speaks to other machines or services",
    CommandClass.PACKAGE: "gets or gives away packages, which bring code of others",
    CommandClass.FILE_WRITE: "writes files",
    CommandClass.DESTRUCTIVE: "takes away what may not come back",
    CommandClass.PRIVILEGED: "acts with or on the rights of the whole machine",
    CommandClass.FORBIDDEN: "can destroy or stop the machine",
    CommandClass.OPAQUE: "cannot be seen through",
    CommandClass.UNKNOWN: "is not known here",
}
"""What is said of a program by its class."""

SAME_AS: Final[Mapping[str, str]] = {
    "pip3": "pip",
    "podman": "docker",
    "nerdctl": "docker",
    "tofu": "terraform",
    "gradlew": "gradle",
    "mvnw": "mvn",
    "gmake": "make",
    "mamba": "conda",
}
"""Programs that take what another takes."""


def listing() -> str:
    """The programs by class, as docs/reference/commands.md has them."""
    sections = []
    for command_class, names in OF_CLASS.items():
        programs = ", ".join(f"`{name}`" for name in sorted(names.split()))
        lines = textwrap.wrap(programs, LISTING_COLUMNS, break_on_hyphens=False)
        sections.append("\n".join([f"**{command_class}**:", *lines]))
    return "\n\n".join(sections)


if __name__ == "__main__":
    print(listing())  # noqa: T201 - a program here
