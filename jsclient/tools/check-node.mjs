// The tests are TypeScript that Node runs by stripping the types, which older versions can't.
const wanted = 22
const major = Number(process.versions.node.split('.')[0])
if (major < wanted) {
  console.error(
    `This is Node ${process.version}; the scripts need ${wanted} or newer.\n` +
      'Run `npm ci --ignore-scripts && npm rebuild node` in jsclient/: it installs Node 24 into node_modules, ' +
      'where `npm run` finds it first.',
  )
  process.exit(1)
}
