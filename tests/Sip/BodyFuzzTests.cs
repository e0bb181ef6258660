using System.Text;
using Talreg.Sip.Messages;
using Talreg.Sip.Sdp;
using Talreg.Sip.Siprec;
using Talreg.Sip.Siprec.Dialects;
using Talreg.TestKit;

namespace Talreg.Sip.Tests;

/// <summary>Mutated descriptions, documents and bodies in parts against their parsers: nothing throws, each has a reason.</summary>
public sealed class BodyFuzzTests
{
    private static readonly int Mutations = Fuzz.Mutations(50_000);

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Mutated_session_descriptions_are_read_or_refused_by_name()
    {
        var read = Run(
            [
                FakeSrc.Sdp(),
                "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\nm=audio 4000/2 RTP/SAVP 96 0\r\n"
                + "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
                + "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^20|1:4\r\na=rtcp:4001\r\na=ptime:20\r\n",
            ],
            bytes =>
            {
                var sound = SdpParser.TryParse(bytes, out var sdp, out var fault);
                Assert.Equal(sound, fault == SdpFault.None);
                if (sound)
                {
                    var answers = sdp!.Media.Select(_ => new MediaAnswer(30_000)).ToList();
                    new SdpAnswerBuilder(1).Write(sdp, answers, System.Net.IPAddress.Loopback);
                }

                return sound;
            });
        Assert.InRange(read, Mutations / 50, Mutations);
    }

    [Fact]
    public void Mutated_documents_are_read_merged_and_mapped_or_refused_by_name()
    {
        var state = MetadataState.Empty;
        var read = Run(
            [
                FakeSrc.Metadata(),
                "<recording xmlns='urn:ietf:params:xml:ns:recording:1'><datamode>partial</datamode>"
                + "<group group_id='g'/><session session_id='c'>"
                + "<x:ucid xmlns:x='http://acmepacket.com/siprec/extensiondata' a='b'>FA08</x:ucid>"
                + "<broadWorksRecordingMetadata><extTrackingID>1</extTrackingID></broadWorksRecordingMetadata>"
                + "</session>"
                + "<participantsessionassoc participant_id='p1'><disassociate-time>2026-11-24T12:00:00Z"
                + "</disassociate-time></participantsessionassoc></recording>",
            ],
            bytes =>
            {
                var sound = MetadataParser.TryParse(bytes, out var metadata, out var fault);
                Assert.Equal(sound, fault is null);
                if (sound)
                {
                    state = state.Apply(metadata!, Now);
                    _ = MetadataDoubts.Find(state, null);
                    _ = MetadataDialects.Read(DialectTests.Offer(metadata));
                }

                return sound;
            });
        Assert.InRange(read, Mutations / 50, Mutations);
        Assert.InRange(state.History.Count, 1, MetadataState.MaxHistory);
    }

    [Fact]
    public void Mutated_bodies_in_parts_are_split_or_refused_by_name()
    {
        var read = Run(
            [FakeSrc.Recording(FakeSrc.Sdp(), FakeSrc.Metadata()).Body],
            bytes =>
            {
                var fault = MultipartReader.TryRead("multipart/mixed;boundary=foobar"u8, bytes, out var parts);
                Assert.True(fault == SipFault.None || parts.Count <= MultipartReader.MaxParts);
                return fault == SipFault.None;
            });
        Assert.InRange(read, Mutations / 50, Mutations);
    }

    private static int Run(string[] seeds, Func<byte[], bool> check)
    {
        var seed = Fuzz.Seed(20_261_124);
        var random = new Random(seed);
        var read = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(random, Encoding.UTF8.GetBytes(seeds[random.Next(seeds.Length)]));
            try
            {
                read += check(bytes) ? 1 : 0;
            }
            catch (Exception exception)
            {
                // To be kept as a vector.
                throw new InvalidOperationException($"seed {seed}, {i}: {Convert.ToBase64String(bytes)}", exception);
            }
        }

        return read;
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = seed.ToList();
        for (var i = random.Next(5); i >= 0; i--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)":;,<>\"\r\n=0&/-"[random.Next(13)]);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(40), bytes.Count - at - 1));
                    break;
                default:
                    var length = Math.Min(random.Next(60), bytes.Count - at);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
            }
        }

        return [.. bytes];
    }
}
