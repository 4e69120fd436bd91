import { defineWords } from '../i18n/words.ts'

export const words = defineWords(
  {
    signIn: 'Sign in',
    signInTo: 'Sign in to Sluice',
    keyId: 'Access key ID',
    keySecret: 'Access key secret',
    where: 'The key pair was made at the first start and lies in the data directory:',
    link: 'Or let a link sign you in. Where the platform runs, this prints one:',
    linkSpent:
      'This link does not sign in any more: it was used before, or is older than five minutes. A new one is printed by the command below.',
    expired: 'Your session has ended',
    expiredText: 'Sign in again to go on. Nothing on this page is lost.',
    otherAccount: 'Sign out and leave the page',
  },
  {
    signIn: '登录',
    signInTo: '登录 Sluice',
    keyId: 'AccessKey ID',
    keySecret: 'AccessKey Secret',
    where: '密钥在首次启动时生成，保存在数据目录中：',
    link: '也可以在平台所在的机器上运行以下命令，打开它给出的登录链接：',
    linkSpent: '此登录链接已失效：已被使用过，或已超过五分钟。可用下方的命令获取新链接。',
    expired: '会话已结束',
    expiredText: '请重新登录以继续，本页内容不会丢失。',
    otherAccount: '退出并离开此页',
  },
)
