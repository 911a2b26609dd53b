// What a hosts file and port 443 would do: sns.<region>.amazonaws.com leads to the endpoint on this machine.
"use strict";
const tls = require("tls");
const connect = tls.connect;
tls.connect = (options, ...rest) => {
  const name = options.servername || options.host || "";
  const here = /^sns\.[a-z0-9-]+\.amazonaws\.com$/.test(name);
  return connect(here ? { ...options, host: "127.0.0.1", port: Number(process.env.SNS_PORT) } : options, ...rest);
};
