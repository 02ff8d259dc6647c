import fs from 'node:fs'
import type { Stats } from 'node:fs'

/**
 * The calls we make to the file system, as promises. Callbacks underneath: `fs/promises` wraps every descriptor in an
 * object and every call in more promises. A test puts a failing disk in its place.
 */
export interface FileSystem {
  open(path: string, flags: number, mode?: number): Promise<number>
  close(descriptor: number): Promise<void>
  /** At the descriptor's own position. May write less than all, as writev(2). */
  writev(descriptor: number, buffers: readonly Uint8Array[]): Promise<number>
  read(descriptor: number, buffer: Uint8Array, length: number, position: number): Promise<number>
  fstat(descriptor: number): Promise<Stats>
  fdatasync(descriptor: number): Promise<void>
  fsync(descriptor: number): Promise<void>
  lstat(path: string): Promise<Stats>
  mkdir(path: string, mode: number): Promise<void>
  readdir(path: string): Promise<string[]>
  unlink(path: string): Promise<void>
}

/** The real one. */
export const nodeFileSystem: FileSystem = {
  open: (path, flags, mode) => call((done) => fs.open(path, flags, mode, done)),
  close: (descriptor) => call((done) => fs.close(descriptor, done)),
  writev: (descriptor, buffers) => call((done) => fs.writev(descriptor, buffers, done)),
  read: (descriptor, buffer, length, position) => call((done) => fs.read(descriptor, buffer, 0, length, position, done)),
  fstat: (descriptor) => call((done) => fs.fstat(descriptor, done)),
  fdatasync: (descriptor) => call((done) => fs.fdatasync(descriptor, done)),
  fsync: (descriptor) => call((done) => fs.fsync(descriptor, done)),
  lstat: (path) => call((done) => fs.lstat(path, done)),
  mkdir: (path, mode) => call((done) => fs.mkdir(path, mode, done)),
  readdir: (path) => call((done) => fs.readdir(path, done)),
  unlink: (path) => call((done) => fs.unlink(path, done)),
}

type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void

function call<T>(start: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error) reject(error)
      else resolve(value as T)
    })
  })
}
