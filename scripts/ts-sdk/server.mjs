// Starts a Ledgerline server in a folder of its own, as the README says: an API
// key, a configuration file that names its public half, `ledgerline serve`.
import { spawn } from "node:child_process";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const tenancy = "ocid1.tenancy.oc1..tssdk";
export const user = "ocid1.user.oc1..tssdk";
export const namespace = "tssdk";

// fingerprint is the MD5 of the DER form in hex pairs, as OCI has it.
function fingerprint(publicKey) {
  const der = publicKey.export({ type: "spki", format: "der" });
  return createHash("md5").update(der).digest("hex").match(/../g).join(":");
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

// start returns the endpoint, what signs requests, and stop.
export async function start(binary) {
  const dir = await mkdtemp(join(tmpdir(), "ledgerline-ts-sdk-"));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(join(dir, "key_public.pem"), publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(
    join(dir, "ledgerline.yaml"),
    `data: ${JSON.stringify(join(dir, "data"))}
server:
  listen: 127.0.0.1:${port}
  tenancy: ${tenancy}
  namespace: ${namespace}
  users: [{user: ${user}, fingerprint: "", public_key_file: ./key_public.pem}]
`,
  );
  let log = "";
  const child = spawn(binary, ["serve", "--config", join(dir, "ledgerline.yaml")], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (text) => (log += text));
  child.stderr.on("data", (text) => (log += text));
  const ended = new Promise((done) => child.on("exit", done));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`${endpoint}/healthz`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries === 100 || child.exitCode !== null) {
      await stop();
      throw new Error(`the server did not start:\n${log}`);
    }
    await sleep(100);
  }
  return {
    endpoint,
    key: { fingerprint: fingerprint(publicKey), pem: privateKey.export({ type: "pkcs8", format: "pem" }) },
    log: () => log,
    stop,
  };
}
