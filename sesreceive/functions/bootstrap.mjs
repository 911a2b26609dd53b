// Runs one Node.js handler and answers through a file of its own; started by `Handler` in a new process.
//
// As Lambda's Node.js runtime does it: ES modules and CommonJS, async handlers and callbacks, the context object,
// console lines with the request id, and the error object. Arguments: where to answer (the number of an open file, or
// a path), the handler's name, the folder it lies in, and the context as JSON. The event comes on standard input.

import fs from "node:fs";
import path from "node:path";
import util from "node:util";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [target, handlerName, root, contextJson] = process.argv.slice(2);
const told = JSON.parse(contextJson);
const event = JSON.parse(fs.readFileSync(0, "utf8"));

class Refused extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
    this.stack = `${type}: ${message}`;
  }
}

// Lambda's console writes time, request id, level, text; without the time two runs have equal logs.
for (const [method, level] of [["log", "INFO"], ["info", "INFO"], ["debug", "DEBUG"], ["warn", "WARN"],
                               ["error", "ERROR"], ["trace", "TRACE"]]) {
  console[method] = (...items) => fs.writeSync(1, `${told.aws_request_id}\t${level}\t${util.format(...items)}\n`);
}

let answer = null;

function finish() {
  let text;
  try {
    text = JSON.stringify(answer.error ? answer : { returned: answer.returned ?? null });
  } catch (error) {
    text = JSON.stringify({ error: errorObject(new Refused("Runtime.MarshalError", `Unable to stringify response body: ${error.message}`)) });
  }
  fs.writeFileSync(/^\d+$/.test(target) ? Number(target) : target, text);
  process.removeAllListeners("exit");  // the answer is given; nothing of the handler runs behind it
  process.exit(0);
}

function errorObject(error) {
  if (util.types.isNativeError(error) || error instanceof Error) {
    const trace = String(error.stack ?? "").split("\n").filter((line) => !line.includes(import.meta.url));
    return { errorType: error.name, errorMessage: error.message, trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function fail(error) {
  answer = { error: errorObject(error) };
  console.error("Invoke Error", JSON.stringify(answer.error));
  finish();
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", (reason) => {
  const error = new Refused("Runtime.UnhandledPromiseRejection", String(reason));
  if (reason?.stack) error.stack = reason.stack;
  fail(error);
});
process.on("beforeExit", () => {
  answer ??= { returned: null };
  finish();
});

async function load() {
  // As in Lambda: `folder/module.export`, where the export may lie inside an object: `index.api.mail`.
  const folder = path.dirname(handlerName);
  const [module, ...names] = path.basename(handlerName).split(".");
  if (names.length === 0) throw new Refused("Runtime.MalformedHandlerName", `Bad handler '${handlerName}'`);
  const file = [".js", ".mjs", ".cjs"].map((end) => path.join(root, folder, module + end)).find((one) => fs.existsSync(one));
  if (!file) throw new Refused("Runtime.ImportModuleError", `Error: Cannot find module '${path.join(folder, module)}'`);
  let loaded;
  try {
    loaded = file.endsWith(".mjs") ? await import(pathToFileURL(file)) : createRequire(file)(file);
  } catch (error) {
    if (["ERR_REQUIRE_ESM", "ERR_REQUIRE_ASYNC_MODULE"].includes(error?.code)) {
      loaded = await import(pathToFileURL(file));
    } else if (error instanceof SyntaxError) {
      throw new Refused("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    } else if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw new Refused("Runtime.ImportModuleError", `Error: ${error.message.split("\n")[0]}`);
    } else {
      throw error;
    }
  }
  let found = loaded;
  for (const name of names) found = found?.[name];
  if (found === undefined) throw new Refused("Runtime.HandlerNotFound", `${handlerName} is undefined or not exported`);
  if (typeof found !== "function") throw new Refused("Runtime.HandlerNotFound", `${handlerName} is not a function`);
  return found;
}

const context = {
  callbackWaitsForEmptyEventLoop: true,
  functionName: told.function_name,
  functionVersion: "$LATEST",
  invokedFunctionArn: told.invoked_function_arn,
  memoryLimitInMB: told.memory_limit_in_mb,
  awsRequestId: told.aws_request_id,
  logGroupName: told.log_group_name,
  logStreamName: told.log_stream_name,
  ...(told.custom ? { clientContext: { Custom: told.custom, env: {} } } : {}),
  getRemainingTimeInMillis: () => Math.max(0, Math.floor(told.deadline_s * 1000 - Date.now())),
  done: (error, value) => callback(error, value),
  succeed: (value) => callback(null, value),
  fail: (error) => callback(error ?? new Error("handled")),
};

function callback(error, value) {
  if (answer) return;
  if (error !== null && error !== undefined) {
    answer = { error: errorObject(error) };
    console.error("Invoke Error", JSON.stringify(answer.error));
  } else {
    answer = { returned: value };
  }
  if (!context.callbackWaitsForEmptyEventLoop) finish();
}

try {
  const handler = await load();
  const result = handler(event, context, callback);
  if (typeof result?.then === "function") {
    const value = await result;
    answer ??= { returned: value };
    finish();
  }
} catch (error) {
  fail(error);
}
