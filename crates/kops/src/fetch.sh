#!/bin/sh
# Brings cert.pem, key.pem and the API server's kubeconfig from kops' state store into the folder of this script: all
# three, or none. Whatever happens it ends, so that kubelet starts.
#
#   sh fetch.sh s3://BUCKET/…/secrets/cluster-auth [REGION]

from=$1
region=${2:+--region=$2}
to=${0%/*}
kubeconfig=aws-iam-authenticator.kubeconfig
server_user=10000
attempts=${ATTEMPTS:-10}

umask 077
new=$to/.new
mkdir -p "$new"

fetch() {
  aws s3 cp --only-show-errors $region "$from/$1" "$new/$1"
}

# Certificate and key are not of one pair in the moment between two writes of a rotation. key.pem holds the chain, too.
one_pair() {
  key=$(cat "$new/key.pem")
  certificate=$(cat "$new/cert.pem")
  case $key in
    *"BEGIN CERTIFICATE"*) ;;
    *) return 0 ;;
  esac
  case $key in
    *"$certificate"*) return 0 ;;
  esac
  return 1
}

# A kubeconfig that is newer than the pair trusts it, and an older one may not: it comes last.
until fetch key.pem && fetch cert.pem && one_pair && fetch "$kubeconfig"; do
  attempts=$((attempts - 1))
  if [ "$attempts" -le 0 ]; then
    rm -rf "$new"
    exit 1
  fi
  sleep 5
done

chmod 755 "$to" &&
  chmod 644 "$new/cert.pem" "$new/$kubeconfig" &&
  chown "$server_user:$server_user" "$new/key.pem" "$new/cert.pem" &&
  mv -f "$new/key.pem" "$new/cert.pem" "$new/$kubeconfig" "$to/" &&
  rmdir "$new"
