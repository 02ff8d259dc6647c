import { expect, test } from 'vitest'
import { StatementPipeline } from './statement-pipeline.ts'

const failing = (): Promise<never> => Promise.reject(new Error('the first'))
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 5))

test('what is sent ahead is not waited for, until something is', async () => {
  const pipeline = new StatementPipeline(true)
  let answered = false
  await pipeline.send(later(null).then(() => (answered = true)))
  expect(answered).toBe(false)
  expect(await pipeline.wait(Promise.resolve('rows'))).toBe('rows')
  expect(answered).toBe(true)
  expect(pipeline.failure).toBeNull()
})

test.each([true, false])('the first failure is that of the next one that is waited for: ahead %s', async (ahead) => {
  const pipeline = new StatementPipeline(ahead)
  if (ahead) await pipeline.send(failing())
  else await expect(pipeline.send(failing())).rejects.toThrow('the first')
  await expect(pipeline.wait(later('rows'))).rejects.toThrow('the first')
  await expect(pipeline.wait(Promise.reject(new Error('the transaction is aborted')))).rejects.toThrow('the first')
  expect(pipeline.failure?.error).toMatchObject({ message: 'the first' })
})

test('what fails after the last one that was waited for is known when all has answered', async () => {
  const pipeline = new StatementPipeline(true)
  await pipeline.send(later(null).then(failing))
  expect(pipeline.failure).toBeNull()
  await pipeline.settled()
  expect(pipeline.failure?.error).toMatchObject({ message: 'the first' })
})
