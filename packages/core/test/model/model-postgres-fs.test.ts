import { checkCells } from './cells.ts'

checkCells('postgres', 'fs')
