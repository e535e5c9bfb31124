// The rival: what one would otherwise write, at its best. Fastify and pg do the same read and the same create as the registry behind its
// gateway, and the same search and booking as referral (booking.js): a verified EdDSA token (remembered until it expires), the caller's scope, a body checked by a schema, and row, event, audit row
// and idempotency record in one statement. Reads are pipelined over two connections, writes go over a pool of eight.
//
// BENCH_DATABASE_URL, BENCH_JWKS (file), BENCH_LISTEN (port on 127.0.0.1), BENCH_SOCKET (path, for the edge); says "ready" once it is.
import { createHash, createPublicKey, randomUUID, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import Fastify from 'fastify'
import pg from 'pg'
import { booking } from './booking.js'
import { createOrganisation, readOrganisation } from './statements.js'

const READ_CONNECTIONS = 2
const WRITE_CONNECTIONS = 8
const REMEMBERED_TOKENS = 10000
const SCOPES = {
  'system-manager': ['registry.read', 'organisations.write'],
  'network-manager': ['registry.read', 'organisations.write', 'slots.read', 'appointments.write'],
  operations: ['registry.read']
}

class Problem extends Error {
  constructor (status, title, detail, field) {
    super(detail)
    Object.assign(this, { status, title, field })
  }
}

// Tokens

const keys = new Map(JSON.parse(readFileSync(process.env.BENCH_JWKS, 'utf8')).keys.map(jwk =>
  [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]))
const remembered = new Map()

function verifyToken (token) {
  const [header, payload, signature, rest] = token.split('.')
  if (signature === undefined || rest !== undefined) throw new Error('no token')
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'))
  const key = keys.get(kid)
  if (alg !== 'EdDSA' || key === undefined) throw new Error('no key')
  if (!verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))) throw new Error('forged')
  const claims = JSON.parse(Buffer.from(payload, 'base64url'))
  const now = Date.now() / 1000
  if (claims.iss !== 'urn:pcn:development' || claims.aud !== 'pcn' || !(claims.exp > now) || claims.nbf > now + 30) throw new Error('not now')
  return {
    subject: claims.sub,
    organisation: claims.org[0],
    scopes: new Set(claims.roles.flatMap(role => SCOPES[role] ?? [])),
    expires: claims.exp * 1000
  }
}

function principalOf (authorization) {
  let principal = remembered.get(authorization)
  if (principal !== undefined && principal.expires > Date.now()) return principal
  try {
    if (!authorization?.startsWith('Bearer ')) throw new Error('no token')
    principal = verifyToken(authorization.slice(7))
  } catch {
    throw new Problem(401, 'Not authenticated', 'The token is not good')
  }
  if (remembered.size >= REMEMBERED_TOKENS) remembered.clear()
  remembered.set(authorization, principal)
  return principal
}

const needs = scope => async request => {
  request.principal = principalOf(request.headers.authorization)
  if (!request.principal.scopes.has(scope)) throw new Problem(403, 'Not allowed', `The token lacks the scope ${scope}`)
}

// The database

const connectionString = process.env.BENCH_DATABASE_URL
// A prepared statement keeps its plan, as PCN's sessions have it: planned anew for its values each time, a search costs twice as much.
const options = '-c plan_cache_mode=force_generic_plan -c jit=off'
const readers = []
for (let i = 0; i < READ_CONNECTIONS; i++) {
  const client = new pg.Client({ connectionString, options, pipeline: true })
  client.on('error', error => { console.error(error.message); process.exit(1) })
  await client.connect()
  readers.push(client)
}
const writers = new pg.Pool({ connectionString, options, max: WRITE_CONNECTIONS, min: WRITE_CONNECTIONS })
let turn = 0
const reader = () => readers[turn++ % READ_CONNECTIONS]

// Figures travel as numbers, as the contract has them.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

// HTTP

const code = { type: 'string', pattern: '^([a-z0-9][a-z0-9-]{1,63}|[A-Z0-9]{3,12})$' }
const line = max => ({ type: 'string', minLength: 1, maxLength: max, pattern: '^[^\\u0000-\\u001f]*$' })
const kinds = ['ics', 'ccg', 'sub-icb', 'local-authority', 'trust', 'provider', 'ambulance', 'federation', 'governance-group', 'partnership',
  'representative-body', 'local-system', 'network', 'practice', 'voluntary', 'supplier']
const properties = {
  code,
  name: line(200),
  kind: { type: 'string', enum: kinds },
  level: { type: 'string', enum: ['system', 'place', 'neighbourhood', 'practice'] },
  parent: code,
  statedPopulation: { type: 'integer', minimum: 0, maximum: 100000000 },
  source: line(400)
}
const body = { type: 'object', additionalProperties: false, required: ['code', 'name', 'kind'], properties }
const organisation = {
  type: 'object',
  properties: {
    ...properties, status: { type: 'string' }, version: { type: 'integer' }, createdAt: { type: 'string' }, updatedAt: { type: 'string' }
  }
}

const app = Fastify({ logger: false, ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } })

app.setErrorHandler((error, request, reply) => {
  const status = error.status ?? error.statusCode ?? 500
  if (status === 500) console.error(error.message)
  reply.code(status).type('application/problem+json').send({
    type: 'about:blank', title: error.title ?? error.name, status, detail: error.message, field: error.field, requestId: request.id
  })
})

const shape = row => ({
  code: row.code,
  name: row.name,
  kind: row.kind,
  level: row.level ?? undefined,
  parent: row.parent ?? undefined,
  statedPopulation: row.stated_population ?? undefined,
  source: row.source ?? undefined,
  status: row.status,
  version: row.version,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString()
})

app.get('/v1/organisations/:code', {
  schema: { params: { type: 'object', properties: { code } }, response: { 200: organisation } },
  onRequest: needs('registry.read')
}, async (request, reply) => {
  const { rows } = await reader().query({ ...readOrganisation, values: [request.params.code] })
  if (rows.length === 0) throw new Problem(404, 'Not found', 'There is no such organisation')
  reply.header('etag', `"${rows[0].version}"`)
  return shape(rows[0])
})

app.post('/v1/organisations', {
  schema: { body, response: { 201: organisation } },
  onRequest: needs('organisations.write')
}, async (request, reply) => {
  const { principal, body } = request
  const now = new Date()
  const after = { ...body, status: 'active', version: 1, createdAt: now.toISOString(), updatedAt: now.toISOString() }
  const answer = JSON.stringify(after)
  const hash = createHash('sha256').update(JSON.stringify(body)).digest()
  const key = request.headers['idempotency-key'] ?? randomUUID()
  const { rows: [verdict] } = await writers.query({
    ...createOrganisation,
    values: [principal.organisation, principal.subject, 'CreateOrganisation', key, hash, answer, now, body.code, body.name, body.kind,
      body.level, body.parent, body.statedPopulation, body.source, randomUUID(), request.headers.traceparent, randomUUID()]
  })
  if (!verdict.same) throw new Problem(422, 'Rule not met', 'The key was used for another request', 'Idempotency-Key')
  if (verdict.is_new && !verdict.made) throw new Problem(409, 'Already exists', 'The code is taken', 'code')
  if (!verdict.is_new) reply.header('idempotent-replayed', 'true')
  reply.code(201).header('location', `/v1/organisations/${body.code}`).header('etag', '"1"')
  return verdict.is_new ? after : JSON.parse(verdict.answer)
})

booking(app, { pg, needs, reader, writers, Problem })

await app.listen({ host: '127.0.0.1', port: Number(process.env.BENCH_LISTEN) })
// The same application on a socket, as the gateway has one.
if (process.env.BENCH_SOCKET) {
  await new Promise(resolve => createServer({ keepAliveTimeout: 60000 }, app.routing).listen(process.env.BENCH_SOCKET, resolve))
}
console.log('ready')
