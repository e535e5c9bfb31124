// Searching slots and booking them, as PCN's referral does: the caller's reach and what restricts a plan are in the statements (../booking/*.sql, which
// pgbench runs too); a page is a page of 50 with a token for the next; a booking that finds its slot taken names others.
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'

const PAGE = 50
const statement = name => ({ name, text: readFileSync(new URL(`../booking/${name}.sql`, import.meta.url), 'utf8') })
const search = statement('search')
const book = statement('book')
const alternatives = statement('alternatives')

// Instants stay texts: "2026-11-27 08:30:00+00" needs no Date to become "2026-11-27T08:30:00Z".
const TIMESTAMPTZ = 1184
const typesOf = pg => ({ getTypeParser: (oid, format) => oid === TIMESTAMPTZ ? text => text : pg.types.getTypeParser(oid, format) })
const instant = text => `${text.slice(0, 10)}T${text.slice(11, 19)}Z`

const uuid = { type: 'string', pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }
const text = { type: 'string' }
const slot = {
  type: 'object',
  properties: {
    id: text, service: text, schedule: text, organisation: text, start: text, end: text, minutes: { type: 'integer' }, kind: text, channel: text, status: text,
    restrictions: { type: 'object', properties: { windowDays: { type: 'integer' }, noticeMinutes: { type: 'integer' } } }, version: { type: 'integer' }
  }
}
const day = { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }
const searchSchema = {
  querystring: {
    type: 'object',
    required: ['from', 'to'],
    additionalProperties: false,
    properties: {
      organisation: text, network: text, from: day, to: day, pageSize: { type: 'string', pattern: '^[0-9]{1,4}$' }, pageToken: { type: 'string', maxLength: 200 }
    }
  },
  response: { 200: { type: 'object', properties: { slots: { type: 'array', items: slot }, nextPageToken: text } } }
}
const bookSchema = {
  body: {
    type: 'object',
    required: ['patient', 'slots'],
    additionalProperties: false,
    properties: { patient: uuid, slots: { type: 'array', items: uuid, minItems: 1, maxItems: 1 }, description: { type: 'string', maxLength: 500 }, comment: { type: 'string', maxLength: 2000 } }
  }
}

const shape = row => ({
  id: row.id,
  service: row.service,
  schedule: row.schedule,
  organisation: row.organisation,
  start: instant(row.start_at),
  end: instant(row.end_at),
  minutes: row.minutes,
  kind: row.kind,
  channel: row.channel,
  status: 'free',
  restrictions: row.window_days === null && row.notice_minutes === null ? undefined : { windowDays: row.window_days ?? undefined, noticeMinutes: row.notice_minutes ?? undefined },
  version: row.version
})

// Local midnights; the offset of a day is asked for once.
const midnights = new Map()
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' })
function midnight (day, later) {
  const key = `${day}+${later}`
  let at = midnights.get(key)
  if (at === undefined) {
    const noon = Date.parse(`${day}T00:00:00Z`) + later * 86400000
    at = new Date(noon - Number(clock.format(noon)) % 24 * 3600000).toISOString()
    if (midnights.size > 1000) midnights.clear()
    midnights.set(key, at)
  }
  return at
}

export function booking (app, { pg, needs, reader, writers, Problem }) {
  const types = typesOf(pg)

  app.get('/v1/slots', { schema: searchSchema, onRequest: needs('slots.read') }, async request => {
    const { organisation, network, from, to, pageSize, pageToken } = request.query
    if ((organisation === undefined) === (network === undefined)) throw new Problem(400, 'Bad request', 'One of organisation and network is asked for')
    const size = pageSize === undefined ? PAGE : Number(pageSize)
    const [start, id] = pageToken === undefined ? [null, null] : Buffer.from(pageToken, 'base64url').toString().split('|')
    const { rows } = await reader().query({
      ...search,
      types,
      values: [[request.principal.organisation], organisation, network, midnight(from, 0), midnight(to, 1), start, id, new Date(), size + 1]
    })
    const more = rows.length > size
    if (more) rows.pop()
    const last = rows[rows.length - 1]
    return { slots: rows.map(shape), nextPageToken: more ? Buffer.from(`${last.start_at}|${last.id}`).toString('base64url') : undefined }
  })

  app.post('/v1/appointments', { schema: bookSchema, onRequest: needs('appointments.write') }, async (request, reply) => {
    const { principal, body } = request
    const now = new Date()
    const id = randomUUID()
    const hash = createHash('sha256').update(JSON.stringify(body)).digest()
    const { rows: [verdict] } = await writers.query({
      ...book,
      values: [[principal.organisation], principal.subject, request.headers['idempotency-key'] ?? randomUUID(), hash, now, body.patient, body.slots[0], id,
        randomUUID(), randomUUID()]
    })
    if (!verdict.same) throw new Problem(422, 'Rule not met', 'The key was used for another request', 'Idempotency-Key')
    if (!verdict.shown && verdict.is_new) throw new Problem(404, 'Not found', 'There is no such patient', 'patient')
    if (verdict.answer === null) {
      const { rows } = await reader().query({ ...alternatives, types, values: [body.slots[0], now] })
      return reply.code(409).type('application/problem+json').send(JSON.stringify({
        type: 'about:blank', title: 'Already exists', status: 409, detail: 'The slot is taken', field: 'slots[0]', alternatives: rows.map(shape)
      }))
    }
    if (!verdict.is_new) reply.header('idempotent-replayed', 'true')
    return reply.code(201).header('location', `/v1/appointments/${verdict.is_new ? id : JSON.parse(verdict.answer).id}`).header('etag', '"1"').type('application/json').send(verdict.answer)
  })
}
