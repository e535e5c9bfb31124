// Follows a PCN service over ZeroMQ, from the .proto files alone, and keeps what it saw in a file, a line an event. The file is the store and
// the place in one: a line holds the event's place and the log's epoch, and is written by one write. So this may be killed at any moment
// and started again: every event is in the file once. A program with a database does the same in one transaction.
//
//     node follow.js RPC PUB KEYS_DIR NAME FILE
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import * as zmq from "zeromq";

const SERVICE = "registry";
const CALL_MS = 5000;
const SILENCE_MS = 1500; // a heartbeat comes once a second
const OUT_OF_RANGE = 11;

if (process.argv.length !== 7) {
  console.error("usage: node follow.js RPC PUB KEYS_DIR NAME FILE");
  process.exit(2);
}
const [rpc, pub, keysDir, name, file] = process.argv.slice(2);

// ---- the contract

const protos = process.env.PCN_PROTO_DIR ?? path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../proto");
const { resolve } = createRequire(import.meta.url);
const root = new protobuf.Root();
root.resolvePath = (_, target) => (target.startsWith("google/") ? resolve(`protobufjs/${target}`) : path.join(protos, target));
root.loadSync(["pcn/common/v1/envelope.proto", "pcn/events/v1/events.proto"]);
const type = (full) => root.lookupType(full);
const RequestHeader = type("pcn.common.v1.RequestHeader");
const ReplyHeader = type("pcn.common.v1.ReplyHeader");
const ReadRequest = type("pcn.events.v1.ReadRequest");
const ReadReply = type("pcn.events.v1.ReadReply");
const Event = type("pcn.events.v1.Event");
const Heartbeat = type("pcn.events.v1.Heartbeat");

// ---- the place

// Cuts off what a write left unfinished, and reads the place off the last line.
function openStore() {
  const store = fs.openSync(file, "a+");
  const text = fs.readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) fs.ftruncateSync(store, Buffer.byteLength(whole));
  const last = whole.trimEnd().split("\n").pop();
  const [sequence, , , epoch] = last ? last.split("\t") : ["0", "", "", ""];
  return { store, place: { sequence: Number(sequence), epoch } };
}

const { store, place } = openStore();

// The next event of the log.
function take(event) {
  const sequence = Number(event.sequence);
  fs.writeSync(store, `${sequence}\t${event.type}\t${event.subject}\t${place.epoch}\n`);
  place.sequence = sequence;
  console.log(`${sequence} ${event.type} ${event.subject}`);
}

// ---- calls

const key = (name) => fs.readFileSync(path.join(keysDir, name), "utf8").trim();
const curve = {
  curveServerKey: key(`${SERVICE}.public`),
  curvePublicKey: key(`${name}.public`),
  curveSecretKey: key(`${name}.secret`),
};
const endpoints = (list) => list.split(",");

class Gone extends Error {}

let correlation = 0;

// One call, as the comment in envelope.proto lays it out: size and header, size and body, in one frame.
function frameOf(header, body) {
  const sizes = [Buffer.alloc(4), Buffer.alloc(4)];
  sizes[0].writeUInt32LE(header.length);
  sizes[1].writeUInt32LE(body.length);
  return Buffer.concat([sizes[0], header, sizes[1], body]);
}

// A frame may hold several answers, one after the other.
function* answersOf(frame) {
  for (let at = 0; at < frame.length; ) {
    const parts = [];
    for (let part = 0; part < 2; part++) {
      const size = frame.readUInt32LE(at);
      parts.push(frame.subarray(at + 4, at + 4 + size));
      at += 4 + size;
    }
    yield { header: ReplyHeader.decode(parts[0]), body: parts[1] };
  }
}

// A socket a call: what a lost connection or a late answer leaves behind goes with it.
async function call(method, body) {
  const dealer = new zmq.Dealer({ ...curve, linger: 0, sendTimeout: CALL_MS, receiveTimeout: CALL_MS });
  try {
    for (const endpoint of endpoints(rpc)) dealer.connect(endpoint);
    const mine = ++correlation;
    const header = RequestHeader.encode({ requestId: randomUUID(), correlation: mine, method, timeoutMs: CALL_MS }).finish();
    await dealer.send(frameOf(header, body));
    for (;;) {
      const [frame] = await dealer.receive();
      for (const answer of answersOf(frame)) {
        if (Number(answer.header.correlation) !== mine) continue;
        if (answer.header.status === OUT_OF_RANGE) throw new Gone(answer.header.detail);
        if (answer.header.status) throw new Error(`${answer.header.status} ${answer.header.detail}`);
        return answer.body;
      }
    }
  } finally {
    dealer.close();
  }
}

// All there is behind the place; asks until the service answers.
async function catchUp() {
  for (let wait = 100; ; ) {
    try {
      const request = { service: SERVICE, after: place.sequence, limit: 1000, ...(place.epoch && { epoch: place.epoch }) };
      const page = ReadReply.decode(await call("pcn.events.v1.Events/Read", ReadRequest.encode(request).finish()));
      place.epoch = page.epoch;
      for (const event of page.events) take(event);
      if (place.sequence >= Number(page.max)) return;
      wait = 100;
    } catch (error) {
      if (error instanceof Gone) throw error;
      console.error(`the log cannot be read, will try again: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 5000);
    }
  }
}

// ---- what is published

const subscriber = new zmq.Subscriber({ ...curve, linger: 0, receiveTimeout: SILENCE_MS, heartbeatInterval: 500, heartbeatTimeout: 1000 });
let published = 0; // the place of the last one, so that a step back shows
let doubtful = true; // read the log before the next one is believed

async function hear(topic, bytes) {
  if (topic === `pcn.${SERVICE}.heartbeat`) {
    const beat = Heartbeat.decode(bytes);
    if (beat.epoch !== place.epoch || Number(beat.latest) !== place.sequence) await catchUp();
    return;
  }
  const event = Event.decode(bytes);
  const sequence = Number(event.sequence);
  // Numbers only grow, unless the log was rebuilt: then it refuses our epoch.
  if (doubtful || sequence <= published || sequence > place.sequence + 1) {
    doubtful = false;
    await catchUp();
  }
  published = sequence;
  if (sequence === place.sequence + 1) take(event);
}

async function follow() {
  subscriber.subscribe(`pcn.${SERVICE}.`);
  // What was published while there was no connection is missed.
  subscriber.events.on("handshake", () => (doubtful = true));
  for (const endpoint of endpoints(pub)) subscriber.connect(endpoint); // before the first read, so that nothing falls in between
  await catchUp();
  for (;;) {
    let message;
    try {
      message = await subscriber.receive();
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      await catchUp(); // silence
      continue;
    }
    if (message.length === 2) await hear(message[0].toString(), message[1]);
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));

follow().catch((error) => {
  console.error(error instanceof Gone ? `place ${place.sequence} is gone: ${error.message}` : error);
  process.exit(error instanceof Gone ? 3 : 1);
});
