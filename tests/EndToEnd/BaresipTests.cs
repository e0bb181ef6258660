using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Talreg.Contracts.Calls;
using Talreg.Silo.Demo;
using Talreg.Sip.Transport;
using Talreg.TestKit;

namespace Talreg.EndToEnd.Tests;

/// <summary>
/// Debian's baresip, another SIP and SRTP implementation, calls the recorder with a voice from a file: keys by SDES, media
/// as SRTP. It offers no recording metadata and both directions; the recorder takes what it gets and answers <c>recvonly</c>.
/// </summary>
public sealed class BaresipTests : IDisposable
{
    private const string Modules = "/usr/lib/baresip/modules";
    private const int CallSeconds = 6;
    private const int SampleRate = 8_000;

    private readonly string _folder = Recorder.NewFolder();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("tls")]
    public async Task Srtp_call_of_another_implementation_is_recorded_as_it_was_sent(string transport)
    {
        var baresip = Peer.Require("baresip", "baresip");
        using var authority = new FakeAuthority();
        using var issued = authority.Issue(["localhost"]);
        var (certificate, key) = authority.Write(_folder, issued);
        await using var recorder = await Recorder.StartAsync(change: settings => settings with
        {
            SrtpKeysInClear = transport != "tls",
            SipTls = new SipTlsOptions
            {
                Listeners = [new IPEndPoint(IPAddress.Loopback, 0)], CertificatePath = certificate, KeyPath = key,
            },
        });
        var voice = Voice();
        Configure(authority.WriteRoot(_folder), transport, voice);
        var target = transport switch { "udp" => recorder.Sip, "tcp" => recorder.SipTcp, _ => recorder.SipTls };
        string[] arguments =
            ["-4", "-f", _folder, "-e", $"/dial sip:srs@{target};transport={transport}", "-t", $"{CallSeconds}"];
        var (_, output) = await Peer.RunAsync(baresip, arguments, _folder, TimeSpan.FromSeconds(60), Token);

        List<CallDocument> calls = [];
        await Wait.UntilAsync(
            async () => (calls = await recorder.SearchAsync("state=sealed")).Count == 1,
            $"baresip's call to be sealed; it said: {output}",
            TimeSpan.FromSeconds(30),
            Token);
        Assert.Contains(CallFlags.MetadataMissing, calls[0].Flags);
        Assert.Equal(transport != "tls", calls[0].Flags.Contains(CallFlags.KeysInClear));
        var stream = Assert.Single(Assert.Single(calls[0].Takes).Streams);
        Assert.Equal(("PCMA", 0L, 0L), (stream.Codec, stream.Lost, stream.Foreign));

        // Its first and last RTCP go in the clear, before it has keys and after it let them go: counted, not stored.
        Assert.InRange(stream.Unauthenticated, 0, 4);
        Assert.InRange(stream.Packets, voice.Length / 160, CallSeconds * 50 * 2);
        var heard = Wav.Read(await recorder.AudioAsync(calls[0].Id));
        Assert.Equal(-1, Wav.FirstUnheard(heard.Left, voice));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Three seconds that A-law can say exactly, so that what is decoded equals what was read from the file.
    private static short[] Voice() => Wav.DecodeALaw(DemoVoices.Caller().AsSpan(0, 3 * SampleRate));

    private void Configure(string trust, string transport, short[] voice)
    {
        var wav = Path.Combine(_folder, "voice.wav");
        WriteWav(wav, voice);
        File.WriteAllText(Path.Combine(_folder, "contacts"), "");
        File.WriteAllText(
            Path.Combine(_folder, "accounts"),
            $"<sip:src@127.0.0.1;transport={transport}>;regint=0;mediaenc=srtp-mand;audio_codecs=PCMA/8000/1\n");
        File.WriteAllText(
            Path.Combine(_folder, "config"),
            $"""
            sip_listen 127.0.0.1:0
            sip_cafile {trust}
            audio_source aufile,{wav}
            audio_player aufile,{Path.Combine(_folder, "heard.wav")}
            audio_alert aufile,{Path.Combine(_folder, "alert.wav")}
            audio_srate 8000
            audio_channels 1
            module_path {Modules}
            module g711.so
            module aufile.so
            module srtp.so
            module menu.so
            module_app account.so

            """);
    }

    // RIFF, one channel of 16 bits.
    private static void WriteWav(string path, short[] samples)
    {
        var data = MemoryMarshal.AsBytes(samples.AsSpan());
        Span<byte> header = stackalloc byte[44];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], 36 + data.Length);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteInt16LittleEndian(header[22..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], SampleRate * 2);
        BinaryPrimitives.WriteInt16LittleEndian(header[32..], 2);
        BinaryPrimitives.WriteInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], data.Length);
        File.WriteAllBytes(path, [.. header, .. data]);
    }
}
