"""Programs that tell about the machine, and what a shell does by itself."""

from collections.abc import Mapping
from typing import Final

NOTHING: Final = ""

MACHINE: Final[Mapping[str, str]] = {
    "ps": """
        -A -a -c -C= -d -e -f -F -g= -G= -H -j -l -L -m -M -N -o: -O: -p= -q= -r -s= -t= -T -u= -U=
        -v -w -W -x -X -y -Z --pid= --ppid= --sort= --forest --headers --no-headers --cols=
        --columns= --rows= --lines= --user= --format: --width= --cumulative --deselect -#
    """,
    "pgrep": """
        -a --list-full -c --count -d: --delimiter: -f --full -g= --pgroup= -G= --group= -i
        --ignore-case -l --list-name -n --newest -o --oldest -P= --parent= -s= --session= -t=
        --terminal= -u= --euid= -U= --uid= -v --inverse -w -x --exact -r= --runstates= -A
    """,
    "pstree": "-a -A -c -g -h -H= -l -n -N= -p -s -S -t -T -u -U -Z",
    "lsof": """
        -a -b -c= -d= -i? -l -n -N -o -O -p= -P -R -s? -S -t -u= -U -v -V -w -x -X -Z +D +d -F? -r?
        -g? -h -T -L -#
    """,
    "ss": """
        -n --numeric -r --resolve -a --all -l --listening -o --options -e --extended -m --memory -p
        --processes -i --info -s --summary -4 --ipv4 -6 --ipv6 -0 -t --tcp -u --udp -d --dccp -w
        --raw -x --unix -S --sctp -H --no-header -O --oneline -f= --family= -A= --query= -Z -z -b -E
        -T
    """,
    "netstat": """
        -r --route -i --interfaces -g --groups -s --statistics -v --verbose -W --wide -n --numeric
        -e --extend -o --timers -p --program --programs -l --listening -a --all -t --tcp -u --udp -w
        -x --unix -4 -6 -N -C
    """,
    "vmstat|iostat": "-a -c -d -D -f -h -k -m -n -p= -s -S= -t -w -x -y -z -N",
    "free": """
        -b -k -m -g -h --human -l --lohi -t --total -s= --seconds= -c= --count= -w --wide --si -v
    """,
    "uptime": "-p --pretty -s --since",
    "uname": """
        -a --all -s --kernel-name -n --nodename -r --kernel-release -v --kernel-version -m --machine
        -p --processor -i --hardware-platform -o --operating-system
    """,
    "arch|logname|tty|whoami": "-s --silent --quiet",
    "nproc": "--all --ignore=",
    "lscpu": "-a --all -b --online -c --offline -e? --extended? -J --json -p? --parse? -x --hex -y",
    "lsblk": """
        -a --all -b --bytes -d --nodeps -D --discard -e= --exclude= -f --fs -I= --include= -i
        --ascii -J --json -l --list -m --perms -n --noheadings -o= --output= -O --output-all -p
        --paths -P --pairs -r --raw -S --scsi -t --topology -T? --tree? -x= --sort=
    """,
    "lspci|lsusb": "-v -vv -vvv -k -n -nn -m -mm -t -D -b -s= -d=",
    "lsmod|factor": NOTHING,
    "dmesg": """
        -T --ctime -H --human -k --kernel -l= --level= -f= --facility= -L? --color? -P --nopager -r
        --raw -t --notime -u --userspace -x --decode -w --follow -W --follow-new -S --syslog -e
        --reltime --time-format= --since: --until: -J --json
    """,
    "sysctl": """
        -a --all -A -X -b --binary -e --ignore -n --values -N --names -q --quiet -r= --pattern=
    """,
    "ip": """
        -4 -6 -0 -f= -family= -s -stats -statistics -d -details -r -resolve -o -oneline -br -brief
        -j -json -p -pretty -c -color -human -h -iec -t -timestamp -ts
    """,
    "hostname": """
        -a --alias -A --all-fqdns -d --domain -f --fqdn --long -i --ip-address -I --all-ip-addresses
        -s --short -y --yp --nis
    """,
    "id": "-Z --context -g --group -G --groups -n --name -r --real -u --user -z --zero",
    "groups|users": NOTHING,
    "who|w": "-a --all -b --boot -d -H --heading -l --login -m -q --count -r -s -t -T -u -h -f -o",
    "last": "-# -n= -a -d -F -i -R -w -x -s= -t=",
    "which": "-a --all -s",
    "whereis": "-b -m -s -u -l",
    "type": "-a -f -P -p -t",
    "getconf": "-a -v=",
    "locale": "-a --all-locales -m --charmaps -c --category-name -k --keyword-name",
    "date": """
        -d: --date: --debug -I? --iso-8601? -R --rfc-email --rfc-3339= -r= --reference= -u --utc
        --universal --resolution -j -v=
    """,
    "cal": "-1 -3 -n= -s -m -j -y -Y -w --monday --sunday --julian --year",
    "printenv": "-0 --null",
    "uuidgen": "-r --random -t --time -n= --namespace= -N: --name: -m -s --md5 --sha1 -x",
    "man": """
        -a --all -f --whatis -k --apropos -w --where --path --location -s= -S= --sections= -i -#
    """,
    "seq": "-f: --format: -s: --separator: -w --equal-width -#",
    "numfmt": """
        --from= --to= --from-unit= --to-unit= --field= -d: --delimiter: --format: --grouping
        --header? --padding= --round= --suffix: --invalid= -z
    """,
    "cd|pushd|popd|dirs|pwd": "-L -P -e -n -c -l -p -v -@ -#",
    "jobs|wait": "-l -n -p -r -s -f",
    "umask|ulimit": "-p -S -H -a -b -c -d -e -f -i -k -l -m -n -q -r -s -t -u -v -x -P -T",
    "set": "-e -u -x -v -n -f -a -b -h -k -m -o= -p -t -B -C -E -H -P -T",
    "unset|export|readonly|declare|typeset|local": "-f -v -n -p -x -r -a -A -g -i -l -u -t",
    "read": "-r -s -p: -d: -n= -N= -t= -a=",
}
