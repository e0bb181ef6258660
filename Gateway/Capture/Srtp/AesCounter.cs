using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Talreg.Capture.Srtp;

/// <summary>
/// AES in counter mode (RFC 3711 §4.1.1, RFC 6188 §2): the key stream is the encryption of a 16-byte block that counts up in
/// its last bytes. No allocation per packet. One thread.
/// </summary>
internal sealed class AesCounter : IDisposable
{
    internal const int BlockSize = 16;

    private readonly Aes _aes;
    private readonly ICryptoTransform _encryptor;

    internal AesCounter(ReadOnlySpan<byte> key)
    {
        _aes = Aes.Create();
        _aes.Mode = CipherMode.ECB;
        _aes.Padding = PaddingMode.None;
        _aes.SetKey(key);
        _encryptor = _aes.CreateEncryptor();
    }

    /// <summary>Encrypts or decrypts.</summary>
    /// <param name="first">The first counter block, 16 bytes; it counts in its last four.</param>
    /// <param name="source">At most as many bytes as the workspace serves.</param>
    /// <param name="destination">Of the source's length; may be the source.</param>
    /// <param name="workspace">Memory.</param>
    internal void Apply(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> source, Span<byte> destination, SrtpWorkspace workspace)
    {
        var length = (source.Length + BlockSize - 1) / BlockSize * BlockSize;
        if (length == 0)
        {
            return;
        }

        var counters = workspace.Counters.AsSpan(0, length);
        var count = BinaryPrimitives.ReadUInt32BigEndian(first[12..]);
        for (var block = counters; !block.IsEmpty; block = block[BlockSize..])
        {
            first[..12].CopyTo(block);
            BinaryPrimitives.WriteUInt32BigEndian(block[12..], count++);
        }

        _encryptor.TransformBlock(workspace.Counters, 0, length, workspace.KeyStream, 0);
        Xor(source, workspace.KeyStream, destination);
    }

    public void Dispose()
    {
        _encryptor.Dispose();
        _aes.Dispose();
    }

    private static void Xor(ReadOnlySpan<byte> source, ReadOnlySpan<byte> keyStream, Span<byte> destination)
    {
        var i = 0;
        for (; i <= source.Length - Vector<byte>.Count; i += Vector<byte>.Count)
        {
            (new Vector<byte>(source[i..]) ^ new Vector<byte>(keyStream[i..])).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (byte)(source[i] ^ keyStream[i]);
        }
    }
}
