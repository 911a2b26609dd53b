#!/bin/sh
# ClamAV's daemon for tests: it knows EICAR and nothing else, so that no signatures have to be downloaded.
# clamd.sh FOLDER PORT — stays in the foreground; also listens at FOLDER/clamd.sock.
set -eu
folder=$1 port=$2
mkdir -p "$folder/signatures"
# The published test string in hexadecimal, so that a scanner that looks at this file finds nothing.
eicar=58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a
echo "Eicar-Test-Signature:0:*:$eicar" > "$folder/signatures/eicar.ndb"
cat > "$folder/clamd.conf" <<CONF
Foreground yes
LocalSocket $folder/clamd.sock
TCPSocket $port
TCPAddr 127.0.0.1
DatabaseDirectory $folder/signatures
StreamMaxLength 1M
MaxFileSize 512K
AlertExceedsMax yes
CONF
exec clamd "--config-file=$folder/clamd.conf"
