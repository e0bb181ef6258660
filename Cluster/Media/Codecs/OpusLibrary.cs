using System.Runtime.InteropServices;

namespace Talreg.Media.Codecs;

/// <summary>
/// The three functions of libopus that are used. The library is Debian's <c>libopus0</c> and may be absent: ask
/// <see cref="IsPresent"/> before a decoder is made.
/// </summary>
internal static partial class OpusLibrary
{
    public const string FileName = "libopus.so.0";

    /// <summary>True when the library can be loaded.</summary>
    public static bool IsPresent { get; } = NativeLibrary.TryLoad(FileName, out _);

    [LibraryImport(FileName, EntryPoint = "opus_decoder_create")]
    internal static partial OpusDecoderHandle Create(int sampleRate, int channels, out int error);

    [LibraryImport(FileName, EntryPoint = "opus_decoder_destroy")]
    internal static partial void Destroy(nint decoder);

    [LibraryImport(FileName, EntryPoint = "opus_decode")]
    internal static partial int Decode(
        OpusDecoderHandle decoder, ReadOnlySpan<byte> packet, int length, Span<short> samples, int maxSamples, int fec);
}

/// <summary>Owns a decoder of libopus.</summary>
internal sealed class OpusDecoderHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        OpusLibrary.Destroy(handle);
        return true;
    }
}
