import { checkCells } from './cells.ts'

checkCells('sqlite', 'fs')
