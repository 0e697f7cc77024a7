// Judges requests as IAM would: a list of simulations from standard input, the list of answers to standard output. An
// answer is yes, no, or what is wrong with the question, as an action that does not exist.
const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { resolve } = require('node:path')

const [tools] = process.argv.slice(2)
const { runSimulation } = createRequire(resolve(tools, 'package.json'))('@cloud-copilot/iam-simulate')

async function answer (simulation) {
  const reply = await runSimulation(simulation, {})
  if (reply.resultType === 'error') return `error: ${JSON.stringify(reply.errors)}`
  // A resource with a wildcard, as the ARN of a log group's streams, is judged by each pattern that meets it.
  const ignored = (reply.results ?? [reply.result]).flatMap(result => result.ignoredContextKeys ?? [])
  if (ignored.length > 0) return `error: not a key of that action: ${ignored.join(', ')}`
  return reply.overallResult === 'Allowed' ? 'yes' : 'no'
}

Promise.all(JSON.parse(readFileSync(0, 'utf8')).map(answer)).then(answers => console.log(JSON.stringify(answers)))
