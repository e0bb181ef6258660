using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Talreg.Contracts;

namespace Talreg.State.Search;

/// <summary>The place after a page's last call: its start in ms since 1970 and its id, as base64url of 24 bytes.</summary>
/// <param name="StartedAtMs">The last call's start.</param>
/// <param name="Id">The last call's id.</param>
internal readonly record struct SearchCursor(long StartedAtMs, CallId Id)
{
    private const int Length = 24;

    public static bool TryParse(string text, out SearchCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Length];

        // 24 bytes are 32 characters exactly. The overload with a status is the one that never throws on bad input.
        if (text.Length != 32
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done
            || written != Length)
        {
            return false;
        }

        cursor = new SearchCursor(
            BinaryPrimitives.ReadInt64BigEndian(bytes), new CallId(new Guid(bytes[8..], bigEndian: true)));
        return true;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, StartedAtMs);
        Id.Value.TryWriteBytes(bytes[8..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }
}
