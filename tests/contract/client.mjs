// A client that oazapfts generated from /openapi.json, used as it came: client.mjs GENERATED URL, with the token in PCN_TOKEN. It does what an
// integrator does first: looks, makes, changes, is refused, follows.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const [generated, url] = process.argv.slice(2);
const api = await import(pathToFileURL(generated));
api.defaults.baseUrl = url;
api.defaults.headers = { Authorization: `Bearer ${process.env.PCN_TOKEN}` };

const code = "pcn-generated";
const network = { code, name: "Generated", kind: "network", parent: "ccg-wl", place: "la-leicestershire" };

async function expect(status, answer) {
    const got = await answer;
    assert.equal(got.status, status, JSON.stringify(got.data));
    return got;
}

async function reads() {
    const { data: list } = await expect(200, api.listOrganisations({ kind: "network", pageSize: 10 }));
    assert.equal(list.totalSize, 25);
    assert.equal(list.organisations.length, 10);
    const { data: next } = await expect(200, api.listOrganisations({ kind: "network", pageSize: 10, pageToken: list.nextPageToken }));
    assert.ok(next.organisations[0].code > list.organisations[9].code);
    const { data: one } = await expect(200, api.getNetwork("pcn-north-west-leicestershire"));
    assert.equal(one.listSize.stated, 107866);
    const { data: found } = await expect(200, api.listOrganisations({ q: "lathem house" }));
    assert.equal(found.organisations[0].name, "Latham House");
    const { data: tree } = await expect(200, api.getTree("ics-llr", { depth: 1 }));
    assert.ok(tree.children.length > 0);
    const { data: checks } = await expect(200, api.getChecks());
    assert.ok(checks.findings.some((finding) => finding.code === "size-band-above"));
    const { data: coverage } = await expect(200, api.getCoverage("place"));
    assert.ok(coverage.rows.length > 0);
}

async function changes() {
    const made = await expect(201, api.createOrganisation(network, { idempotencyKey: "generated-1" }));
    assert.equal(made.data.version, 1);
    const again = await expect(201, api.createOrganisation(network, { idempotencyKey: "generated-1" }));
    assert.deepEqual(again.data, made.data);
    assert.equal(again.headers.get("Idempotent-Replayed"), "true");
    const { data: changed } = await expect(200, api.updateOrganisation(code, made.headers.get("ETag"), { name: "Generated again", notes: "by a client" }));
    assert.equal(changed.version, 2);
    const { data: cleared } = await expect(200, api.updateOrganisation(code, '"2"', { notes: null }));
    assert.equal(cleared.notes, undefined);
    await expect(201, api.createOrganisation({ code: "gp-generated", name: "Generated Surgery", kind: "practice", parent: "ccg-wl" }));
    const { data: joined } = await expect(201, api.addMember(code, { practice: "gp-generated", from: "2026-01-01" }));
    assert.deepEqual(joined.members.map((member) => member.practice), ["gp-generated"]);
    const { data: left } = await expect(200, api.leaveMember(code, "gp-generated", { on: "2026-02-01" }));
    assert.equal(left.members.length, 0);
    const { data: before } = await expect(200, api.getNetwork(code, { asOf: "2026-01-31" }));
    assert.equal(before.members.length, 1);
}

async function refusals() {
    const late = await expect(412, api.updateOrganisation(code, '"1"', { name: "Too late" }));
    assert.equal(late.data.status, 412);
    const { data: bad } = await expect(400, api.createOrganisation({ ...network, code: "Not a code" }));
    assert.equal(bad.field, "code");
    const { data: taken } = await expect(409, api.createOrganisation(network));
    assert.equal(taken.field, "code");
    const { data: unknown } = await expect(422, api.addMember(code, { practice: "gp-nobody", from: "2026-01-01" }));
    assert.equal(unknown.field, "practice");
    await expect(404, api.getOrganisation("pcn-nowhere"));
    await expect(401, api.getOrganisation(code, {}, { headers: { Authorization: "Bearer none" } }));
}

// The whole log: each type in it is one that asyncapi.json declares.
async function follows() {
    const { data: declared } = await expect(200, api.asyncapi());
    const types = new Set(Object.values(declared.channels).map((channel) => channel.title));
    const versions = [];
    for (let after = 0, max = 1; after < max;) {
        const { data: page } = await expect(200, api.eventsRead("registry", { after, limit: 1000 }));
        for (const event of page.events) {
            assert.ok(types.has(event.type), event.type);
            if (event.subject === `organisations/${code}`) {
                versions.push(event.data.version);
            }
        }
        [after, max] = [page.next, page.max];
    }
    assert.deepEqual(versions, versions.map((_, index) => index + 1));
    assert.ok(versions.length >= 5);
}

await reads();
await changes();
await refusals();
await follows();
