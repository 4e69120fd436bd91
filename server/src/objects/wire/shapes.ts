/** Parts that several answers have. */
import type { XmlValue } from './xml.ts'

export function ownerOf(accountId: string): { ID: string; DisplayName: string } {
  return { ID: accountId, DisplayName: accountId }
}

export function locationOf(region: string): { Location: string; ExtranetEndpoint: string; IntranetEndpoint: string } {
  return {
    Location: `oss-${region}`,
    ExtranetEndpoint: `oss-${region}.aliyuncs.com`,
    IntranetEndpoint: `oss-${region}-internal.aliyuncs.com`,
  }
}

export function aclOf(accountId: string, grant: string): XmlValue {
  return { Owner: ownerOf(accountId), AccessControlList: { Grant: grant } }
}
