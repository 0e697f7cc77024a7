// Simulates IAM's decisions. Reads a list of requests from standard input, and writes a list with the answer to each request
// to standard output. An answer is `yes`, `no`, or an error in the request, such as an action that does not exist.
const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { resolve } = require('node:path')

const [tools] = process.argv.slice(2)
const { runSimulation } = createRequire(resolve(tools, 'package.json'))('@cloud-copilot/iam-simulate')

async function answer (simulation) {
  const reply = await runSimulation(simulation, {})
  if (reply.resultType === 'error') return `error: ${JSON.stringify(reply.errors)}`
  // A resource with a wildcard, such as the ARN of a log group's streams, has a result for each pattern that matches it.
  const ignored = (reply.results ?? [reply.result]).flatMap(result => result.ignoredContextKeys ?? [])
  if (ignored.length > 0) return `error: not a key of that action: ${ignored.join(', ')}`
  return reply.overallResult === 'Allowed' ? 'yes' : 'no'
}

Promise.all(JSON.parse(readFileSync(0, 'utf8')).map(answer)).then(answers => console.log(JSON.stringify(answers)))
