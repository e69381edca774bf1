import { WorkerBridge } from '../../src/bridges/worker-bridge.js'
import { shop } from '../buses.js'
import { InvoiceRequested } from '../events.js'

/** Invoices are drawn where they hold up nobody. */
export function openInvoices(): void {
  const worker = new Worker(new URL('./invoice-worker.ts', import.meta.url), { type: 'module' })
  shop.on(InvoiceRequested, new WorkerBridge(worker).dispatch)
}
