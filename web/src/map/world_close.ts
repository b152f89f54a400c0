// The finer outline of the world: a chunk of its own, as it is fetched only when somebody looks closely.
export { default } from 'world-atlas/countries-50m.json?url'
