import { BusInspector } from './bus-inspector.js'

const known = customElements.get('bus-inspector') as typeof BusInspector | undefined
if (!known) customElements.define('bus-inspector', BusInspector)
else if (known !== BusInspector) {
  console.warn(
    `bubus: <bus-inspector> ${known.version ?? ''} is defined already and stays; version ${BusInspector.version} is not used`,
  )
}

export * from './bus-inspector.js'
