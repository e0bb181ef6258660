using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Talreg.Verify;

/// <summary><c>u32 length ‖ nonce[12] ‖ ciphertext ‖ tag[16]</c> under the metadata key (FORMAT §4).</summary>
internal static class SealedJson
{
    private const int NonceLength = 12;
    private const int Overhead = 4 + NonceLength + ChunkHeader.TagLength;

    public static bool TryOpen(
        ReadOnlySpan<byte> bytes, byte[] key, Guid take, [NotNullWhen(false)] out string? reason)
    {
        if (bytes.Length < Overhead || BinaryPrimitives.ReadUInt32BigEndian(bytes) != (uint)(bytes.Length - Overhead))
        {
            reason = "is not sealed JSON of its length";
            return false;
        }

        var plain = new byte[bytes.Length - Overhead];
        using var cipher = new AesGcm(key, ChunkHeader.TagLength);
        try
        {
            cipher.Decrypt(
                bytes.Slice(4, NonceLength),
                bytes.Slice(4 + NonceLength, plain.Length),
                bytes[^ChunkHeader.TagLength..],
                plain,
                take.ToByteArray(bigEndian: true));
        }
        catch (AuthenticationTagMismatchException)
        {
            reason = "does not open under the disclosed metadata key";
            return false;
        }

        return CanonicalJson.TryParse(plain, out _, out reason);
    }
}
