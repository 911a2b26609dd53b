// A web hook as one writes it with sns-validator: verify, then confirm or take. Nothing in it knows of a test.
"use strict";
const http = require("http");
const https = require("https");
const MessageValidator = require("sns-validator");

const validator = new MessageValidator();
const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    validator.validate(body, (error, message) => {
      if (error) {
        console.log(JSON.stringify({ refused: error.message }));
        response.writeHead(403).end();
        return;
      }
      console.log(JSON.stringify({ type: message.Type, message: message.Message }));
      if (message.Type === "SubscriptionConfirmation") {
        https.get(message.SubscribeURL, (answer) => answer.resume());
      }
      response.writeHead(200).end();
    });
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
