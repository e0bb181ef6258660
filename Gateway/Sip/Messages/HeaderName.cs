using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>The headers this server reads; all others are <see cref="Other"/> and are found by their text.</summary>
internal enum HeaderName : byte
{
    Other,
    Accept,
    Allow,
    Authorization,
    CallId,
    Contact,
    ContentDisposition,
    ContentEncoding,
    ContentLength,
    ContentType,
    CSeq,
    From,
    InfoPackage,
    MaxForwards,
    MinSe,
    RecordRoute,
    Replaces,
    Require,
    Route,
    SessionExpires,
    Supported,
    To,
    Via,
}

/// <summary>Names and their compact forms (RFC 3261 §7.3.3, §20; RFC 4028 §4).</summary>
internal static class HeaderNames
{
    /// <summary>Finds a header by its long or compact name, in any case.</summary>
    public static HeaderName Find(ReadOnlySpan<byte> name) =>
        name.Length == 1 ? FindCompact((byte)(name[0] | 0x20)) : FindLong(name);

    private static HeaderName FindCompact(byte letter) => letter switch
    {
        (byte)'i' => HeaderName.CallId,
        (byte)'m' => HeaderName.Contact,
        (byte)'e' => HeaderName.ContentEncoding,
        (byte)'l' => HeaderName.ContentLength,
        (byte)'c' => HeaderName.ContentType,
        (byte)'f' => HeaderName.From,
        (byte)'k' => HeaderName.Supported,
        (byte)'t' => HeaderName.To,
        (byte)'v' => HeaderName.Via,
        (byte)'x' => HeaderName.SessionExpires,
        _ => HeaderName.Other,
    };

    private static HeaderName FindLong(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 when Is(name, "To"u8) => HeaderName.To,
        3 when Is(name, "Via"u8) => HeaderName.Via,
        4 when Is(name, "CSeq"u8) => HeaderName.CSeq,
        4 when Is(name, "From"u8) => HeaderName.From,
        5 when Is(name, "Route"u8) => HeaderName.Route,
        5 when Is(name, "Allow"u8) => HeaderName.Allow,
        6 when Is(name, "Accept"u8) => HeaderName.Accept,
        6 when Is(name, "Min-SE"u8) => HeaderName.MinSe,
        7 when Is(name, "Call-ID"u8) => HeaderName.CallId,
        7 when Is(name, "Contact"u8) => HeaderName.Contact,
        7 when Is(name, "Require"u8) => HeaderName.Require,
        8 when Is(name, "Replaces"u8) => HeaderName.Replaces,
        9 when Is(name, "Supported"u8) => HeaderName.Supported,
        12 when Is(name, "Content-Type"u8) => HeaderName.ContentType,
        12 when Is(name, "Max-Forwards"u8) => HeaderName.MaxForwards,
        12 when Is(name, "Record-Route"u8) => HeaderName.RecordRoute,
        12 when Is(name, "Info-Package"u8) => HeaderName.InfoPackage,
        13 when Is(name, "Authorization"u8) => HeaderName.Authorization,
        14 when Is(name, "Content-Length"u8) => HeaderName.ContentLength,
        15 when Is(name, "Session-Expires"u8) => HeaderName.SessionExpires,
        16 when Is(name, "Content-Encoding"u8) => HeaderName.ContentEncoding,
        19 when Is(name, "Content-Disposition"u8) => HeaderName.ContentDisposition,
        _ => HeaderName.Other,
    };

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);
}
