#!/bin/sh
# Makes the passwords of docker/compose.yaml, each a random text in a file of its own; those that are there stay.
# The folder is closed to everybody else. The files in it are not, because each container reads its own as its own user.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/secrets
mkdir -p "$folder"
chmod 700 "$folder"
for name in postgres ledger hr sender grafana; do
    file=$folder/$name-password
    [ -s "$file" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "$file"
    chmod 644 "$file"
done
echo "the passwords lie in $folder"
