// Streams a recording with the official SDK, which comes back as often as the network loses it. The argument is
// a directory with audio.raw and job.json; each line that it prints is the session's id, a message or the end.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { GladiaClient } from '@gladiaio/sdk'

const [directory] = process.argv.slice(2)
const job = JSON.parse(await readFile(`${directory}/job.json`))
const audio = await readFile(`${directory}/audio.raw`)
const print = (told) => process.stdout.write(JSON.stringify(told) + '\n')
const delay = (attempt) => Math.min(50 * attempt, 500)
const wsRetry = { maxAttemptsPerConnection: 0, maxConnections: 0, delay }
const httpRetry = { maxAttempts: 1000, delay: () => 300 }
const client = new GladiaClient({ apiKey: 'any', apiUrl: job.url, httpTimeout: 15_000, httpRetry, wsRetry })
const session = client.liveV2().startSession(job.request)
let stopped = false
let over = false
session.on('error', (error) => print({ trouble: `${error.message} ${error.cause}` }))
session.getSessionId().then((id) => print({ id }), () => {})
// A stop that was lost with its connection is not repeated by the SDK.
session.on('connected', () => stopped && session.stopRecording())
session.on('message', (message) => message.type === 'audio_chunk' || print({ message }))
const ended = new Promise((resolve) => session.on('ended', resolve)).then(({ code }) => {
  over = true
  print({ code })
})
let start = 0
for (const length of job.lengths) {
  if (over) break
  session.sendAudio(audio.subarray(start, start + length))
  start += length
  await sleep(job.pause)
}
stopped = true
session.stopRecording()
await ended
