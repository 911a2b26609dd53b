#!/bin/sh
# Rspamd for tests: one worker on loopback that asks nobody in the network, with one rule of its own.
# rspamd.sh FOLDER PORT — stays in the foreground; also listens at FOLDER/rspamd.sock.
set -eu
folder=$1 port=$2
printf '%s\n' com net org example > "$folder/tld.list"     # its own list takes seconds to compile
cat > "$folder/rspamd.conf" <<CONF
options {
    filters = "regexp";
    pidfile = "$folder/rspamd.pid";
    tempdir = "$folder";
    cache_file = "$folder/symbols.cache";
    control_socket = "$folder/control.sock mode=0600";
    url_tld = "$folder/tld.list";
    disable_hyperscan = true;
    max_message = 1M;
    enable_test_patterns = true;
    dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }
}
logging { type = "console"; level = "error"; }
actions { reject = 15; add_header = 6; greylist = 4; }
group "ours" { symbols { } }
regexp {
    OURS_FIVE_POINTS = { re = "Subject=/five points/{header}"; score = 5.0; }
    OURS_SEVEN_POINTS = { re = "Subject=/seven points/{header}"; score = 7.0; }
}
worker "normal" { bind_socket = "127.0.0.1:$port"; bind_socket = "$folder/rspamd.sock mode=0666"; count = 1; }
CONF
exec rspamd -f -i -c "$folder/rspamd.conf"
