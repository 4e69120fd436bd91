/** How programs reach this platform: code to paste, with the addresses of this very one. */

export interface Platform {
  accountId: string
  region: string
  /** Of functions, such as `http://127.0.0.1:7800`. */
  endpoint: string
  /** Of objects; undefined: there is none. */
  objects: string | undefined
}

export interface Snippet {
  id: string
  title: string
  text: string
}

export function snippetsFor({ accountId, region, endpoint, objects }: Platform): Snippet[] {
  const { host, protocol } = new URL(endpoint)
  const keys =
    'accessKeyId: process.env.SLUICE_ACCESS_KEY_ID,\n  accessKeySecret: process.env.SLUICE_ACCESS_KEY_SECRET,'
  const snippets = [
    {
      id: 'fc3',
      title: 'Node.js 3.0',
      text: `// npm install @alicloud/fc20230330 @alicloud/openapi-client
const { default: Client } = require('@alicloud/fc20230330')
const { Config } = require('@alicloud/openapi-client')

const client = new Client(new Config({
  endpoint: '${host}',
  protocol: '${protocol.slice(0, -1)}',
  regionId: '${region}',
  ${keys}
}))
`,
    },
    {
      id: 'fc2',
      title: 'Node.js 2.0',
      text: `// npm install @alicloud/fc2
const FC = require('@alicloud/fc2')

const client = new FC('${accountId}', {
  endpoint: '${endpoint}',
  region: '${region}',
  accessKeyID: process.env.SLUICE_ACCESS_KEY_ID,
  accessKeySecret: process.env.SLUICE_ACCESS_KEY_SECRET,
})
`,
    },
    {
      id: 'python',
      title: 'Python',
      text: `# pip install aliyun-fc2
import os
import fc2

client = fc2.Client(
    endpoint='${endpoint}',
    accessKeyID=os.environ['SLUICE_ACCESS_KEY_ID'],
    accessKeySecret=os.environ['SLUICE_ACCESS_KEY_SECRET'],
)
`,
    },
    { id: 'cli', title: 'sluice', text: `SLUICE_ENDPOINT=${endpoint} npx sluice list\n` },
  ]
  if (objects === undefined) return snippets
  const oss = {
    id: 'oss',
    title: 'OSS',
    text: `// npm install ali-oss
const OSS = require('ali-oss')

const client = new OSS({
  endpoint: '${objects}',
  sldEnable: true,
  region: 'oss-${region}',
  ${keys}
})
`,
  }
  return [...snippets, oss]
}
