import { expect, test } from 'vitest'
import { describeSyncs, isDurable, parseSyncs, syncsPerPut } from './sync-counts.ts'

const TRACE = `4711  openat(AT_FDCWD</data>, "/data/a", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0666) = 24</data/a>
4711  fdatasync(24</data/a>)              = 0
4712  openat(AT_FDCWD</data>, "/data/meta", O_RDWR|O_CREAT|O_DSYNC, 0666) = 25</data/meta>
4712  openat(AT_FDCWD</data>, "/data/meta", O_RDONLY|O_SYNC) = 25</data/meta>
4713  fsync(7</data/dir> <unfinished ...>
4711  fsync(24</data/a>)                  = 0
4713  <... fsync resumed>)                = 0
4713  sync_file_range(24</data/a>, 0, 4096, SYNC_FILE_RANGE_WRITE) = 0
4714  syncfs(3</data>)                    = 0
4714  +++ exited with 0 +++
`

const counts = parseSyncs(TRACE, 2, (path) => path === '/data/dir')

test('counts every call once, and directories apart', () => {
  expect(counts).toEqual({ puts: 2, fdatasync: 1, fsync: 1, directory: 1, everything: 1, synchronousOpens: 1, ranges: 1 })
})

test('says how much there was for each PUT', () => {
  expect(syncsPerPut(counts)).toBe(2.5)
  expect(describeSyncs(counts)).toBe(
    '0.50 fdatasync, 0.50 fsync, 0.50 of a directory, 0.50 sync of everything, 0.50 file opened for synchronous writes, 0.50 sync_file_range',
  )
  expect(describeSyncs(parseSyncs('', 2, () => false))).toBe('none')
})

test('durable is who syncs for nearly every PUT; a directory or a range alone does not make it so', () => {
  const none = parseSyncs('', 100, () => false)
  expect(isDurable(none)).toBe(false)
  expect(isDurable({ ...none, fdatasync: 94 })).toBe(false)
  expect(isDurable({ ...none, fdatasync: 97 })).toBe(true)
  expect(isDurable({ ...none, synchronousOpens: 100 })).toBe(true)
  expect(isDurable({ ...none, directory: 100, ranges: 100 })).toBe(false)
})
