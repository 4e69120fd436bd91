import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OssError } from '../../port.ts'
import { parseXml } from '../xml.ts'
import { folderPage, indexKey, matchingRule, readWebsite, redirectTarget } from './website-rules.ts'

const read = (content: string) =>
  readWebsite(parseXml(`<WebsiteConfiguration>${content}</WebsiteConfiguration>`, 'WebsiteConfiguration'))
const index = (more = '') => `<IndexDocument><Suffix>index.html</Suffix>${more}</IndexDocument>`
const rules = (...content: string[]) =>
  `<RoutingRules>${content
    .map((each, i) => `<RoutingRule><RuleNumber>${content.length - i}</RuleNumber>${each}</RoutingRule>`)
    .join('')}</RoutingRules>`
const redirect = (condition: string, content: string) =>
  `<Condition>${condition}</Condition><Redirect><RedirectType>External</RedirectType>${content}</Redirect>`

test('folders show the page of the root, or one of their own', () => {
  assert.equal(indexKey(read(index()), 'a/'), 'index.html')
  const own = read(index('<SupportSubDir>true</SupportSubDir>'))
  assert.equal(indexKey(own, 'a/'), 'a/index.html')
  assert.equal(indexKey(own, ''), 'index.html')
  assert.equal(indexKey(own, 'a'), undefined)
  assert.deepEqual(folderPage(own, 'a'), { key: 'a/index.html', isShown: false })
  const shown = read(index('<SupportSubDir>true</SupportSubDir><Type>2</Type>'))
  assert.deepEqual(folderPage(shown, 'a'), { key: 'a/index.html', isShown: true })
  assert.equal(folderPage(read(index('<SupportSubDir>true</SupportSubDir><Type>1</Type>')), 'a'), undefined)
  assert.equal(folderPage(read(index()), 'a'), undefined)
})

test('rules are asked by number, and all of their conditions must hold', () => {
  const site = read(
    rules(
      redirect('<KeyPrefixEquals>a/</KeyPrefixEquals>', '<ReplaceKeyWith>second</ReplaceKeyWith>'),
      redirect(
        '<KeyPrefixEquals>a/</KeyPrefixEquals><KeySuffixEquals>.txt</KeySuffixEquals>' +
          '<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>' +
          '<IncludeHeader><Key>X-Kind</Key><Equals>b</Equals></IncludeHeader>',
        '<ReplaceKeyWith>first</ReplaceKeyWith>',
      ),
    ),
  )
  const found = (key: string, status: number | null, headers = {}) =>
    matchingRule(site, { key, status, headers })?.redirect.replaceKey
  assert.equal(found('a/b.txt', 404, { 'x-kind': 'b' }), 'first')
  assert.equal(found('a/b.txt', 404), 'second')
  assert.equal(found('a/b.txt', null, { 'x-kind': 'b' }), 'second')
  assert.equal(found('b/b.txt', 404, { 'x-kind': 'b' }), undefined)
})

test('a redirect leads where its parts say', () => {
  const self = { protocol: 'http', host: 'site.local:1', query: '?a=1' }
  const target = (content: string, key: string) => {
    const site = read(rules(redirect('<KeyPrefixEquals>abc/</KeyPrefixEquals>', content)))
    return redirectTarget(matchingRule(site, { key, status: null, headers: {} })!, key, self)
  }
  const host = '<Protocol>https</Protocol><HostName>www.test.com</HostName>'
  assert.equal(target(host, 'abc/test.txt'), 'https://www.test.com/abc/test.txt')
  const prefix = '<ReplaceKeyPrefixWith>def/</ReplaceKeyPrefixWith>'
  assert.equal(target(host + prefix, 'abc/test.txt'), 'https://www.test.com/def/test.txt')
  const whole = '<ReplaceKeyWith>prefix/${key}.suffix</ReplaceKeyWith><PassQueryString>true</PassQueryString>'
  assert.equal(target(whole, 'abc/ü ?'), 'http://site.local:1/prefix/abc/%C3%BC%20%3F.suffix?a=1')
})

test('what could not be meant is refused, and what is not offered says so', () => {
  const cases: [string, RegExp][] = [
    ['', /give one of IndexDocument/],
    ['<IndexDocument/>', /Suffix/],
    [index('<Type>3</Type>'), /Type/],
    ['<ErrorDocument><Key>e</Key><HttpStatus>500</HttpStatus></ErrorDocument>', /200 or 404/],
    [rules('<Condition/>'), /needs Condition and Redirect/],
    [rules(redirect('', '<Protocol>ftp</Protocol>')), /http or https/],
    [rules(redirect('', '<HostName>a/b</HostName>')), /no host name/],
    [rules(redirect('', '<HttpRedirectCode>200</HttpRedirectCode>')), /HttpRedirectCode/],
    [rules(redirect('', '<ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith>')), /either/],
  ]
  for (const [content, message] of cases) assert.throws(() => read(content), message)
  assert.throws(
    () => read(rules('<Condition/><Redirect><RedirectType>Mirror</RedirectType></Redirect>')),
    (error: unknown) => error instanceof OssError && error.status === 501,
  )
})
