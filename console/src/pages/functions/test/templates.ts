/** Events as each trigger type sends them. */
import type { words } from './words.ts'

export interface Template {
  /** Its word. */
  name: Extract<keyof typeof words.en, `template${string}`>
  body: string
}

const json = (value: unknown) => JSON.stringify(value, null, 2)

export const templates: readonly Template[] = [
  { name: 'templateHello', body: json({ name: 'Ada' }) },
  {
    name: 'templateHttp',
    body: json({
      version: 'v1',
      rawPath: '/hello',
      headers: { Accept: '*/*', Host: 'example.com' },
      queryParameters: { name: 'Ada' },
      body: '',
      isBase64Encoded: false,
      requestContext: {
        accountId: '1',
        domainName: 'example.com',
        http: { method: 'GET', path: '/hello', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'curl/8' },
        requestId: '1-2-3',
        time: '2030-01-01T00:00:00Z',
        timeEpoch: '1893456000000',
      },
    }),
  },
  {
    name: 'templateTimer',
    body: json({ triggerTime: '2030-01-01T01:30:00Z', triggerName: 'nightly', payload: 'all' }),
  },
  {
    name: 'templateOss',
    body: json({
      events: [
        {
          eventName: 'ObjectCreated:PutObject',
          eventSource: 'acs:oss',
          eventTime: '2030-01-01T00:00:00.000Z',
          eventVersion: '1.0',
          oss: {
            bucket: { arn: 'acs:oss:cn-hangzhou:1:photos', name: 'photos', ownerIdentity: '1' },
            object: { deltaSize: 1024, eTag: 'D41D8CD98F00B204E9800998ECF8427E', key: 'in/cat.jpg', size: 1024 },
            ossSchemaVersion: '1.0',
            ruleId: 'rule',
          },
          region: 'cn-hangzhou',
          requestParameters: { sourceIPAddress: '127.0.0.1' },
          responseElements: { requestId: '1' },
          userIdentity: { principalId: '1' },
        },
      ],
    }),
  },
  {
    name: 'templateEvent',
    body: json({
      specversion: '1.0',
      id: '1',
      source: '/shop/1',
      type: 'order.made',
      datacontenttype: 'application/json',
      time: '2030-01-01T00:00:00Z',
      data: { price: 20 },
      aliyuneventbusname: 'default',
    }),
  },
  { name: 'templateEmpty', body: '' },
]
