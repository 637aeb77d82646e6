// Streams a file of raw audio with the official SDK and prints what happened as one JSON object.
// Arguments: the server's URL, the file, the session request as JSON.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { GladiaClient } from '@gladiaio/sdk'

const [apiUrl, file, request] = process.argv.slice(2)
const live = new GladiaClient({ apiKey: 'unused', apiUrl, region: 'us-west' }).liveV2()
const audio = await readFile(file)
const session = live.startSession(JSON.parse(request))
const events = []
const messages = []
session.on('message', (message) => messages.push(message))
for (const event of ['started', 'connected', 'ending']) session.on(event, () => events.push(event))
session.on('error', (error) => events.push(`error: ${error.message}`))
const ended = new Promise((resolve) => session.on('ended', resolve))

const step = 3200 // 100 ms
for (let start = 0; start < audio.length; start += step) {
  session.sendAudio(audio.subarray(start, start + step))
  await sleep(100) // the speed of speech
}
session.stopRecording()
const { code } = await ended

const id = await session.getSessionId()
const stored = await live.get(id)
const recording = Buffer.from(await live.getFile(id)).toString('base64')
const page = await live.list({ custom_metadata: stored.custom_metadata })
const deleted = await live.delete(id)
const gone = await live.get(id).catch((error) => error.status)
const listed = page.items.map((item) => item.id)
console.log(JSON.stringify({ events, messages, code, id, stored, recording, listed, deleted, gone }))
