"""Clients of services, where they only look at what is on this machine."""

from collections.abc import Mapping
from typing import Final

SERVICES: Final[Mapping[str, str]] = {
    "docker": """
        -H= --host= -c= --context= -l= --log-level= --config= -f= --file= -p= --project-name=
        --profile= --env-file= -D --debug --tls --tlsverify
    """,
    "docker ps|docker images|docker container ls|docker image ls|docker volume ls": """
        -a --all -q --quiet --no-trunc -f= --filter= --format=~DOCKER -n= --last= -l --latest -s
        --size --digests --tree
    """,
    "docker network ls": "<docker ps>",
    "docker logs|docker container logs|docker compose logs|docker events": """
        -f --follow --since: --until: -n= --tail= -t --timestamps --details --no-color
        --no-log-prefix --index= --filter=
    """,
    "docker inspect|docker image inspect|docker container inspect|docker volume inspect": """
        -f=~DOCKER --format=~DOCKER -s --size --type=
    """,
    "docker network inspect|docker context show|docker context ls": """
        -f=~DOCKER --format=~DOCKER -v --verbose -q --quiet
    """,
    "docker version|docker info|docker system df|docker system info|docker stats": """
        -f=~DOCKER --format=~DOCKER -v --verbose -a --all --no-stream --no-trunc
    """,
    "docker top|docker history|docker image history|docker port|docker diff": """
        --no-trunc -q --quiet -H --human --format=~DOCKER --limit= -f= --filter=
    """,
    "docker compose": """
        -f= --file= -p= --project-name= --profile= --project-directory= --ansi= --progress=
        --compatibility --all-resources
    """,
    "docker compose ps|docker compose images|docker compose top|docker compose ls": """
        <docker compose> -a --all -q --quiet --services --status= --filter= --format=~DOCKER
        --no-trunc --orphans --short
    """,
    "docker compose version": "<docker compose ps>",
    "docker compose config": """
        <docker compose> -q --quiet --services --volumes --profiles --images --hash= --format=
        --no-interpolate --no-normalize --no-path-resolution --environment --variables
        --no-consistency
    """,
    "docker help|docker buildx ls": "--format=~DOCKER --no-trunc",
    "kubectl": """
        -n= --namespace= --context= --kubeconfig= --cluster= --user= -s= --server= --token= -o=
        --output= -l= --selector=
    """,
    "kubectl version|kubectl config view|kubectl config current-context": """
        <kubectl> --client --minify --short
    """,
    "kubectl config get-contexts|kubectl help|kubectl options": """
        <kubectl> --no-headers --recursive --api-version=
    """,
    "helm": "-n= --namespace= --kube-context= --kubeconfig= --debug",
    "helm lint|helm template|helm version|helm help": """
        <helm> -f= --values= --set: --set-string: --set-json: --strict --quiet --with-subcharts
        --include-crds --is-upgrade --name-template= --no-hooks --output-dir= -s= --show-only=
        --release-name --skip-crds --skip-tests --kube-version= -a= --api-versions= --short
        --template: --set-file=
    """,
    "terraform|tofu": "-chdir=",
    "terraform fmt|tofu fmt": "<terraform> -check -diff -list? -write? -recursive -no-color",
    "terraform validate|tofu validate": "<terraform> -json -no-color -no-tests -test-directory=",
    "terraform version|terraform graph|terraform providers": """
        <terraform> -json -no-color -raw -type= -draw-cycles -plan= -state=
    """,
    "systemctl": "-H= --host= -M= --machine= -t= --type= -p= --property= --root= --state= -n= -o=",
    "systemctl status|systemctl is-active|systemctl is-enabled|systemctl is-failed": """
        -a --all -l --full --no-pager -q --quiet --user --system --plain --no-legend -t= --type=
        --state= -p= --property= --value -n= --lines= -o= --output= --failed
    """,
    "systemctl list-units|systemctl list-unit-files": """
        -a --all -l --full --no-pager -q --quiet --user --system --plain --no-legend -t= --type=
        --state= --failed
    """,
    "systemctl list-timers|systemctl list-sockets": """
        -a --all --no-pager --user --system --no-legend --plain
    """,
    "loginctl": "-H= --host= -M= --machine= --no-pager -a --all --no-legend",
    "aws": "--profile= --region= --output= --endpoint-url=",
    "gh": "-R= --repo=",
    "crontab": "-l",
    "openssl": "-a -d -v -b -o -f -p -r -e",
    "openssl x509": """
        -in= -noout -text -subject -issuer -dates -enddate -startdate -fingerprint -serial -inform=
        -sha256 -sha1 -purpose -pubkey -modulus -email -ext= -nameopt= -certopt= -checkend=
        -checkhost= -hash
    """,
    "openssl dgst": "-sha1 -sha224 -sha256 -sha384 -sha512 -md5 -hex -r -c -binary -list -d",
    "openssl rand": "-hex -base64",
    "brew|conda|gem|rustup": "--json? --versions --name -l -f -q -v --all -a -n= --local --no-pip",
    "init": "-t=",
    "ssh": "-o= -F= -i= -p= -l= -L= -R= -D= -J= -b= -c= -e= -I= -m= -O= -Q= -S= -W= -w= -B= -E=",
}
