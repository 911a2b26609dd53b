#!/bin/sh
# SpamAssassin's daemon for tests: the rules it ships and one of our own; it asks nobody in the network.
# spamd.sh FOLDER PORT — stays in the foreground; also listens at FOLDER/spamd.sock.
set -eu
folder=$1 port=$2
mkdir -p "$folder/site"
echo 'loadplugin Mail::SpamAssassin::Plugin::Check' > "$folder/site/init.pre"
cat > "$folder/site/local.cf" <<CONF
required_score 5.0
header  OURS_FOUR_POINTS  Subject =~ /four points/
score   OURS_FOUR_POINTS  4.0
CONF
exec spamd --local --nouser-config --syslog=stderr --max-children=2 \
    "--siteconfigpath=$folder/site" "--helper-home-dir=$folder" "--pidfile=$folder/spamd.pid" \
    "--listen=127.0.0.1:$port" "--listen=$folder/spamd.sock"
