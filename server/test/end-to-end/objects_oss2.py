"""The client for Python of the vendor, unmodified: objects_oss2.py endpoint version key-id key-secret [security-token]."""

import io
import sys

import oss2
from oss2.models import (
    BucketVersioningConfig,
    PartInfo,
    Tagging,
    TaggingRule,
)

ENDPOINT, VERSION, KEY_ID, KEY_SECRET = sys.argv[1:5]
BUCKET = "python-" + VERSION
KEY = "a b/\u00fc/\u4e2d\u6587//+%2B?acl&x=1\u0001\r\n</Key>.txt"

PROVIDERS = {"v1": oss2.ProviderAuth, "v2": oss2.ProviderAuthV2, "v4": oss2.ProviderAuthV4}


def auth_of(version):
    token = sys.argv[5] if len(sys.argv) > 5 else None
    credentials = oss2.credentials.StaticCredentialsProvider(KEY_ID, KEY_SECRET, token)
    return PROVIDERS[version](credentials)


def expect(error, act):
    try:
        act()
    except error as thrown:
        return thrown
    raise AssertionError("no %s" % error.__name__)


AUTH = auth_of(VERSION)
SERVICE = oss2.Service(AUTH, ENDPOINT, region="cn-hangzhou")
# An address is an endpoint of its own kind to the client: it puts the bucket into the path.
bucket = oss2.Bucket(AUTH, ENDPOINT, BUCKET, region="cn-hangzhou")


def buckets():
    bucket.create_bucket(oss2.BUCKET_ACL_PRIVATE)
    assert BUCKET in [each.name for each in oss2.BucketIterator(SERVICE)]
    info = bucket.get_bucket_info()
    assert (info.name, info.location, info.storage_class) == (BUCKET, "oss-cn-hangzhou", "Standard")
    assert bucket.get_bucket_location().location == "oss-cn-hangzhou"
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ)
    assert bucket.get_bucket_acl().acl == "public-read"
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PRIVATE)
    assert bucket.get_bucket_stat().object_count == 0


def objects():
    # Its checksums are compared with those that the client computes of what it sends and reads.
    headers = {"x-oss-meta-name": "value", "Content-Type": "text/x-test"}
    put = bucket.put_object(KEY, b"hello", headers=headers)
    assert put.crc is not None
    got = bucket.get_object(KEY)
    assert got.read() == b"hello"
    assert got.headers["x-oss-meta-name"] == "value" and got.content_type == "text/x-test"
    assert bucket.get_object(KEY, byte_range=(1, 3)).read() == b"ell"
    assert bucket.head_object(KEY).content_length == 5
    assert bucket.get_object_meta(KEY).content_length == 5
    assert bucket.object_exists(KEY) and not bucket.object_exists("missing")
    missing = expect(oss2.exceptions.NoSuchKey, lambda: bucket.get_object("missing"))
    assert missing.status == 404 and missing.request_id
    bucket.copy_object(BUCKET, KEY, "copied")
    assert bucket.get_object("copied").read() == b"hello"
    bucket.update_object_meta("copied", {"x-oss-meta-other": "1"})
    assert bucket.head_object("copied").headers["x-oss-meta-other"] == "1"
    expect(oss2.exceptions.NotModified, lambda: bucket.get_object(KEY, headers={"If-None-Match": put.etag}))
    expect(oss2.exceptions.PreconditionFailed, lambda: bucket.get_object(KEY, headers={"If-Match": "other"}))
    bucket.put_object_acl("copied", oss2.OBJECT_ACL_PUBLIC_READ)
    assert bucket.get_object_acl("copied").acl == "public-read"
    rule = TaggingRule()
    rule.add("k \u00fc", "v")
    bucket.put_object_tagging("copied", Tagging(rule))
    assert bucket.get_object_tagging("copied").tag_set.tagging_rule == {"k \u00fc": "v"}
    bucket.put_symlink("copied", "link")
    assert bucket.get_symlink("link").target_key == "copied"
    assert bucket.get_object("link").read() == b"hello"


def appended():
    first = bucket.append_object("log", 0, b"one ", init_crc=0)
    second = bucket.append_object("log", first.next_position, b"two", init_crc=first.crc)
    assert second.next_position == 7 and bucket.get_object("log").read() == b"one two"
    wrong = expect(oss2.exceptions.PositionNotEqualToLength, lambda: bucket.append_object("log", 1, b"x"))
    assert wrong.next_position == 7


def lists():
    for key in ["l/a b", "l/b/1", "l/b/2", "l/c"]:
        bucket.put_object(key, b"x")
    found = [each.key for each in oss2.ObjectIterator(bucket, prefix="l/", delimiter="/", max_keys=1)]
    assert found == ["l/a b", "l/b/", "l/c"], found
    found = [each.key for each in oss2.ObjectIteratorV2(bucket, prefix="l/", max_keys=2)]
    assert found == ["l/a b", "l/b/1", "l/b/2", "l/c"], found
    assert KEY in [each.key for each in oss2.ObjectIterator(bucket)]
    # Line breaks would not survive the XML that the client sends.
    plain = KEY.replace("\r\n", "")
    deleted = bucket.batch_delete_objects(["l/a b", "l/c", plain])
    assert sorted(deleted.deleted_keys) == sorted(["l/a b", "l/c", plain])


def multipart():
    data = bytes(bytearray(range(256))) * 1200
    upload_id = bucket.init_multipart_upload("parts").upload_id
    pieces = [data[:102400], data[102400:204800], data[204800:]]
    parts = []
    for number, piece in enumerate(pieces, 1):
        stored = bucket.upload_part("parts", upload_id, number, piece)
        parts.append(PartInfo(number, stored.etag, size=len(piece), part_crc=stored.crc))
    listed = [part.part_number for part in oss2.PartIterator(bucket, "parts", upload_id, max_parts=2)]
    assert listed == [1, 2, 3], listed
    assert [each.key for each in oss2.MultipartUploadIterator(bucket)] == ["parts"]
    done = bucket.complete_multipart_upload("parts", upload_id, parts)
    assert done.crc is not None and bucket.get_object("parts").read() == data
    oss2.resumable_upload(bucket, "resumed", __file__, multipart_threshold=1024, part_size=102400)
    assert bucket.get_object("resumed").read() == open(__file__, "rb").read()
    copy_id = bucket.init_multipart_upload("part-copy").upload_id
    copied = bucket.upload_part_copy(BUCKET, "parts", (0, 102399), "part-copy", copy_id, 1)
    bucket.complete_multipart_upload("part-copy", copy_id, [PartInfo(1, copied.etag)])
    assert bucket.get_object("part-copy").read() == pieces[0]
    stopped = bucket.init_multipart_upload("stopped").upload_id
    bucket.abort_multipart_upload("stopped", stopped)
    expect(oss2.exceptions.NoSuchUpload, lambda: bucket.list_parts("stopped", stopped))


def signed_urls():
    # The client makes URLs of version 4 with the region's product name, as it signs requests.
    bucket.put_object("signed", b"by url")
    url = bucket.sign_url("GET", "signed", 60)
    assert bucket.get_object_with_url(url).read() == b"by url"
    url = bucket.sign_url("PUT", "signed put", 60, slash_safe=True)
    assert bucket.put_object_with_url(url, io.BytesIO(b"written")).status == 200
    assert bucket.get_object("signed put").read() == b"written"


def versions():
    config = BucketVersioningConfig()
    config.status = "Enabled"
    bucket.put_bucket_versioning(config)
    assert bucket.get_bucket_versioning().status == "Enabled"
    first = bucket.put_object("versioned", b"1").versionid
    bucket.put_object("versioned", b"2")
    assert bucket.get_object("versioned", params={"versionId": first}).read() == b"1"
    assert bucket.delete_object("versioned").delete_marker
    listed = bucket.list_object_versions(prefix="versioned")
    assert len(listed.versions) == 2 and len(listed.delete_marker) == 1


for check in [buckets, objects, appended, lists, multipart, signed_urls, versions]:
    check()
    print("ok", check.__name__)
